import { base64UrlDecode, utf8Decode } from '../../../protocol/bytes.ts';
import type { FeeReceipt, SignedDocument } from '../../../protocol/fees/documents.ts';

/**
 * What a kept receipt says. Its signature was checked before it was kept, and the profile's own encryption would show a
 * change since; it is read here without asking the server for its keys, so that receipts can be read offline.
 */
export function readKept({ bytes }: SignedDocument): FeeReceipt | undefined {
  try {
    const receipt = JSON.parse(utf8Decode(base64UrlDecode(bytes) ?? new Uint8Array()) ?? '') as FeeReceipt;
    return typeof receipt.receiptNo === 'string' && Array.isArray(receipt.lines) ? receipt : undefined;
  } catch {
    return undefined;
  }
}
