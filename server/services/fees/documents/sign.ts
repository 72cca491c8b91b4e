import * as v from 'valibot';
import {
  documentMaxBytes,
  feeReceiptSchema,
  payWaySchema,
  quoteDocumentSchema,
  type SignedDocument,
} from '../../../../protocol/fees/documents.ts';
import type { DocumentKind } from '../../../../protocol/fees/purposes.ts';
import { signedBytes } from '../../../../protocol/fees/verify.ts';
import type { DocumentKeys } from '../../../../protocol/http/fees-terminal.ts';
import type { KeyRing } from '../../../keys/key-ring.ts';

/** A signed document as a table keeps it. */
export interface SignedRow {
  readonly kid: string;
  readonly document: Uint8Array;
  readonly signature: Uint8Array;
}

const schemas = { quote: quoteDocumentSchema, receipt: feeReceiptSchema, way: payWaySchema };

/** The bytes that are signed. */
export function documentBytes(document: object): Buffer {
  return Buffer.from(JSON.stringify(document), 'utf8');
}

/**
 * Signs a document with the key in force. What is signed fits the schema and the size: whoever verifies a signature need
 * not look again. Throws otherwise, which is a fault of the program.
 */
export function signDocument(keys: KeyRing, kind: DocumentKind, document: object): SignedRow {
  const parsed = v.safeParse(schemas[kind], document);
  if (!parsed.success)
    throw new Error(`signDocument: ${v.getDotPath(parsed.issues[0]) ?? ''} ${parsed.issues[0].message}`);
  const bytes = documentBytes(document);
  if (bytes.length > documentMaxBytes) throw new Error(`signDocument: ${String(bytes.length)} bytes`);
  const [key] = keys.documentKeys;
  return { kid: key.kid, document: bytes, signature: key.sign(signedBytes(kind, bytes)) };
}

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64url');

/** A signed document as it travels. */
export function signedDocument({ kid, document, signature }: SignedRow): SignedDocument {
  return { kid, bytes: text(document), signature: text(signature) };
}

/** The contents of a document that this server signed. */
export function documentOf<T>({ document }: Pick<SignedRow, 'document'>): T {
  return JSON.parse(Buffer.from(document).toString('utf8')) as T;
}

/** The keys that anybody verifies documents with, the newest first; replaced ones stay, because people keep receipts. */
export function documentKeys(keys: KeyRing): DocumentKeys {
  return {
    keys: keys.documentKeys.map(({ kid, publicKey }) => ({
      kid,
      x: text(publicKey.subarray(1, 33)),
      y: text(publicKey.subarray(33)),
    })),
  };
}
