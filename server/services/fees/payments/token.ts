import { createHash, createHmac } from 'node:crypto';
import type { Core } from '../../../core.ts';
import type { KeyRing } from '../../../keys/key-ring.ts';

/** Asks for a payment's result. Follows from the key file, so that a repeated call gets the same one; 32 bytes, base64url. */
export function resultToken(keys: KeyRing, payId: string): string {
  return createHmac('sha256', keys.derive('fee results 1')).update(payId).digest('base64url');
}

/** What is kept of a token: whoever reads the table cannot ask. */
export function tokenHash(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}

/** Writes down that a phone may ask for the result of this payment. */
export async function keepToken(
  core: Core,
  place: { merchantId: string; quoteId: string; payId: string },
): Promise<void> {
  const { merchantId, quoteId, payId } = place;
  await core.db
    .insertInto('fee_payments')
    .values({
      ...{ merchant_id: merchantId, quote_id: quoteId, id: payId },
      ...{ token_hash: tokenHash(resultToken(core.keys(), payId)), begun_at: new Date(core.clock()) },
    })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}
