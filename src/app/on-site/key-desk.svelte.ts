import type { FieldKey } from '../../../protocol/http/field.ts';
import type { ApiFailureCode } from '../../api/failures.ts';
import { browserEnvironment } from '../../field-key/environment.ts';
import type { FieldKeyError } from '../../field-key/errors.ts';
import { createFieldKey, enrolFieldKey, openFieldKey, removeFieldKey, tryOffline } from '../../field-key/field-key.ts';
import type { KeyPerson, OpenFieldKey } from '../../field-key/field-key.ts';
import { refreshKnowledge } from '../../field-key/knowledge.ts';
import type { KnowledgeProblem } from '../../field-key/knowledge.ts';
import type { ShellContext } from '../context.ts';
import { noteFieldKey } from './fresh.ts';

/** What may go wrong at the desk. */
export type DeskProblem = FieldKeyError | KnowledgeProblem | ApiFailureCode;

/** The person's field keys: the one on this device, and what the server knows of all of them. */
export class KeyDesk {
  readonly #shell: ShellContext;
  readonly #person: KeyPerson;
  readonly #reason: () => string;

  isLoaded = $state(false);
  isBusy = $state(false);
  /** The key on this device. */
  key = $state.raw<OpenFieldKey>();
  /** Undefined while the server has not been heard. */
  listed = $state.raw<readonly FieldKey[]>();
  problem = $state<DeskProblem>();
  /** True after a dry run that worked, until something else is done. */
  hasWorked = $state(false);

  /** `reason` gives the words under which the person's own revocations are recorded. */
  constructor(shell: ShellContext, person: KeyPerson, reason: () => string) {
    this.#shell = shell;
    this.#person = person;
    this.#reason = reason;
  }

  /** The server's entry for the key on this device. */
  get own(): FieldKey | undefined {
    return this.listed?.find(({ id }) => id === this.key?.id);
  }

  get others(): readonly FieldKey[] {
    return (this.listed ?? []).filter(({ id, state }) => id !== this.key?.id && state === 'active');
  }

  get isRevoked(): boolean {
    return this.own?.state === 'revoked';
  }

  /** Made and known to the server, as far as this device heard. */
  get isReady(): boolean {
    return this.key?.enrolledAtMs !== undefined && !this.isRevoked;
  }

  async load(): Promise<void> {
    const opened = await openFieldKey(this.#person.id);
    this.key = opened.ok ? opened.value : undefined;
    if (!opened.ok && opened.error !== 'no-key') this.problem = opened.error;
    this.isLoaded = true;
    await this.#list();
    if (this.isReady) this.problem ??= await this.#learn();
  }

  /** Makes key and passkey, then tells the server; true when both are done. */
  async setUp(label: string): Promise<boolean> {
    return this.#act(async () => {
      const made = await createFieldKey(this.#person, label);
      if (!made.ok) return made.error;
      this.key = made.value;
      return this.#enrol();
    });
  }

  /** Tells the server of a key that it does not know yet; true when it took it. */
  async register(): Promise<boolean> {
    return this.#act(() => this.#enrol());
  }

  /** A signature for nothing. */
  async tryIt(): Promise<void> {
    this.hasWorked = await this.#act(async () => {
      // The browser's own word on the network is worth little; what the last call met counts too.
      const isOnline = (): boolean => navigator.onLine && this.#shell.api.network.isUp;
      const tried = await tryOffline(this.#person.id, { ...browserEnvironment(), isOnline });
      if (tried.ok) this.key = tried.value;
      return tried.ok ? undefined : tried.error;
    });
  }

  /** Revokes the key on the server, when it can be told, and forgets it here; true when it is gone from here. */
  async remove(): Promise<boolean> {
    return this.#act(async () => {
      const { key } = this;
      if (key === undefined) return undefined;
      if (key.enrolledAtMs !== undefined && !this.isRevoked) await this.#revoke(key.id);
      const removed = await removeFieldKey(this.#person.id);
      if (!removed.ok) return removed.error;
      this.key = undefined;
      noteFieldKey(undefined);
      await this.#list();
      return undefined;
    });
  }

  /** Revokes a key on another device; true when it is done. */
  async revoke(id: string): Promise<boolean> {
    return this.#act(async () => {
      const problem = await this.#revoke(id);
      await this.#list();
      return problem;
    });
  }

  async #enrol(): Promise<DeskProblem | undefined> {
    const enrolled = await enrolFieldKey(this.#person.id, this.#shell.api);
    if (!enrolled.ok) return enrolled.error;
    this.key = enrolled.value;
    noteFieldKey(this.#person.id);
    await this.#list();
    return this.#learn();
  }

  /** A network that fails here is no news; a root that changed is. */
  async #learn(): Promise<DeskProblem | undefined> {
    const learnt = await refreshKnowledge(this.#person.id, this.#shell.api);
    if (learnt.ok) return undefined;
    return learnt.error === 'root-changed' || learnt.error === 'bad-keyset' ? learnt.error : undefined;
  }

  async #list(): Promise<void> {
    const answer = await this.#shell.api.call('listFieldKeys');
    if (answer.ok) this.listed = answer.value.items;
  }

  async #revoke(id: string): Promise<DeskProblem | undefined> {
    const answer = await this.#shell.api.call('revokeFieldKey', { params: { id }, body: { reason: this.#reason() } });
    return answer.ok ? undefined : answer.error;
  }

  /** One act at a time; true when it met no problem. */
  async #act(act: () => Promise<DeskProblem | undefined>): Promise<boolean> {
    if (this.isBusy) return false;
    this.isBusy = true;
    this.problem = undefined;
    this.hasWorked = false;
    const end = this.#shell.jobs.begin('field-key');
    try {
      this.problem = await act();
      return this.problem === undefined;
    } finally {
      end();
      this.isBusy = false;
    }
  }
}
