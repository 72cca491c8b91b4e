import * as v from 'valibot';
import { base64UrlDecode, utf8Decode } from '../../../../protocol/bytes.ts';
import { feeReceiptSchema, quoteDocumentSchema } from '../../../../protocol/fees/documents.ts';
import type { FeeReceipt, QuoteDocument, SignedDocument } from '../../../../protocol/fees/documents.ts';

// The terminal has these from its own server over HTTPS and only shows them. Whoever relies on the signature, the
// resident's phone, checks it for itself.

/** What a signed quote says; undefined when it is none. */
export function readQuote(signed: SignedDocument): QuoteDocument | undefined {
  const read = v.safeParse(quoteDocumentSchema, jsonOf(signed));
  return read.success ? read.output : undefined;
}

/** What a signed receipt says; undefined when it is none. */
export function readFeeReceipt(signed: SignedDocument | undefined): FeeReceipt | undefined {
  const read = v.safeParse(feeReceiptSchema, signed && jsonOf(signed));
  return read.success ? read.output : undefined;
}

function jsonOf({ bytes }: SignedDocument): unknown {
  const raw = base64UrlDecode(bytes);
  const text = raw && utf8Decode(raw);
  try {
    return JSON.parse(text ?? '') as unknown;
  } catch {
    return undefined;
  }
}
