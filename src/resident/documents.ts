import type { SignedDocument } from '../../protocol/fees/documents.ts';
import { openSigned } from '../../protocol/fees/verify.ts';
import type { DocumentFault, Documents, VerifyingSubtle } from '../../protocol/fees/verify.ts';
import type { DocumentKeys } from '../../protocol/http/fees-terminal.ts';
import { readKeys } from './answers.ts';
import type { Checked, CheckFailure } from './state/page-types.ts';

/** Fetches a public JSON of our server; `undefined` when there is no such thing, rejects when it cannot be had. */
export type FetchJson = (path: string) => Promise<unknown>;

const keysPath = '/api/fees/keys';

const failureOf = {
  'unknown-key': 'forged',
  'bad-signature': 'forged',
  'bad-document': 'unreadable',
} as const satisfies Record<DocumentFault, CheckFailure>;

/**
 * Checks documents against the server's keys. The keys are fetched while the link is being made, once; a document signed
 * by a key that was not among them fetches them once more, because keys change. They come over TLS from the page's own
 * origin, which also gave the page its code: nothing on the way from terminal to phone can put its own in.
 */
export class DocumentChecker {
  readonly #fetchJson: FetchJson;
  readonly #subtle: VerifyingSubtle;
  #keys: Promise<DocumentKeys['keys'] | undefined> | undefined;

  constructor(fetchJson: FetchJson, subtle: VerifyingSubtle) {
    this.#fetchJson = fetchJson;
    this.#subtle = subtle;
  }

  /** Begins to fetch the keys, or gives those that were fetched. */
  prepare(): Promise<DocumentKeys['keys'] | undefined> {
    return (this.#keys ??= this.#fetch());
  }

  /** A document's content when its signature holds. */
  async check<K extends keyof Documents>(kind: K, document: SignedDocument): Promise<Checked<Documents[K]>> {
    const first = await this.#open(kind, document);
    if (!('failure' in first) || first.failure !== 'unknown-key') return failed(first);
    this.#keys = undefined;
    return failed(await this.#open(kind, document));
  }

  async #open<K extends keyof Documents>(
    kind: K,
    document: SignedDocument,
  ): Promise<{ readonly content: Documents[K] } | { readonly failure: DocumentFault | 'no-keys' }> {
    const keys = await this.prepare();
    if (keys === undefined) {
      this.#keys = undefined;
      return { failure: 'no-keys' };
    }
    const opened = await openSigned(this.#subtle, keys, kind, document);
    return opened.ok ? { content: opened.value } : { failure: opened.error };
  }

  async #fetch(): Promise<DocumentKeys['keys'] | undefined> {
    try {
      return readKeys(await this.#fetchJson(keysPath));
    } catch {
      return undefined;
    }
  }
}

function failed<T>(opened: { readonly content: T } | { readonly failure: DocumentFault | 'no-keys' }): Checked<T> {
  if (!('failure' in opened)) return opened;
  return { failure: opened.failure === 'no-keys' ? 'no-keys' : failureOf[opened.failure] };
}
