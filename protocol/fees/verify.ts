import { err, ok, type Result } from '../../domain/result.ts';
import { base64UrlDecode, concatBytes, utf8Decode, utf8Encode } from '../bytes.ts';
import type { FeeReceipt, PayWay, QuoteDocument, SignedDocument } from './documents.ts';
import { type DocumentKind, documentPurposes } from './purposes.ts';

type Bytes = Uint8Array<ArrayBuffer>;

/** A key inside the engine. */
interface VerifyKey {
  readonly type: string;
}

/** The part of `SubtleCrypto` (W3C Web Cryptography API) that verifies; browsers and Node have it. */
export interface VerifyingSubtle {
  importKey(
    format: 'raw',
    data: Bytes,
    algorithm: { readonly name: 'ECDSA'; readonly namedCurve: 'P-256' },
    extractable: boolean,
    uses: ['verify'],
  ): Promise<VerifyKey>;
  verify(
    algorithm: { readonly name: 'ECDSA'; readonly hash: 'SHA-256' },
    key: VerifyKey,
    signature: Bytes,
    data: Bytes,
  ): Promise<boolean>;
}

/** A key of the server for documents, as GET /api/fees/keys lists it: JWK members, base64url. */
export interface DocumentPublicKey {
  readonly kid: string;
  readonly x: string;
  readonly y: string;
}

/**
 * Why a document is not shown. `unknown-key`: the server's list does not have its key; fetch the list anew once.
 * `bad-signature`: the server did not sign this. `bad-document`: it cannot be read, or is newer than this program.
 */
export type DocumentFault = 'unknown-key' | 'bad-signature' | 'bad-document';

/** What each kind of document says. */
export interface Documents {
  readonly quote: QuoteDocument;
  readonly receipt: FeeReceipt;
  readonly way: PayWay;
}

const coordinateBytes = 32;
const uncompressed = 4;

/** What is signed: purpose, a zero byte, the document's bytes. */
export function signedBytes(kind: DocumentKind, bytes: Uint8Array): Bytes {
  return concatBytes(utf8Encode(documentPurposes[kind]), Uint8Array.of(0), bytes);
}

/**
 * The document inside, when one of the server's keys signed these very bytes for this purpose. What the signature covers
 * was checked by the server against the schema before it signed, so it is not checked here again.
 */
export async function openSigned<K extends DocumentKind>(
  subtle: VerifyingSubtle,
  keys: readonly DocumentPublicKey[],
  kind: K,
  signed: SignedDocument,
): Promise<Result<Documents[K], DocumentFault>> {
  const listed = keys.find(({ kid }) => kid === signed.kid);
  if (listed === undefined) return err('unknown-key', signed.kid);
  const [bytes, signature] = [base64UrlDecode(signed.bytes), base64UrlDecode(signed.signature)];
  const [x, y] = [base64UrlDecode(listed.x), base64UrlDecode(listed.y)];
  if (bytes === undefined || signature === undefined) return err('bad-document');
  if (x?.length !== coordinateBytes || y?.length !== coordinateBytes) return err('unknown-key', signed.kid);
  const isRight = await verifies(
    subtle,
    concatBytes(Uint8Array.of(uncompressed), x, y),
    signature,
    signedBytes(kind, bytes),
  );
  if (!isRight) return err('bad-signature');
  const document = parsed(bytes);
  return document === undefined ? err('bad-document') : ok(document as Documents[K]);
}

async function verifies(subtle: VerifyingSubtle, point: Bytes, signature: Bytes, data: Bytes): Promise<boolean> {
  try {
    const key = await subtle.importKey('raw', point, { name: 'ECDSA', namedCurve: 'P-256' }, false, ['verify']);
    return await subtle.verify({ name: 'ECDSA', hash: 'SHA-256' }, key, signature, data);
  } catch {
    return false;
  }
}

/** The JSON of version 1; `undefined` for anything else. */
function parsed(bytes: Bytes): unknown {
  try {
    const value: unknown = JSON.parse(utf8Decode(bytes) ?? '');
    return typeof value === 'object' && value !== null && 'v' in value && value.v === 1 ? value : undefined;
  } catch {
    return undefined;
  }
}
