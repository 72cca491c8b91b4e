import { webcrypto } from 'node:crypto';
import { err, ok } from '../../../../domain/result.ts';
import { type HouseholdAsked, lookupKeyId, openLookup } from '../../../../protocol/fees/lookup.ts';
import { lookupField, type FeeLookup, type HouseholdView } from '../../../../protocol/http/fees-terminal.ts';
import type { ReceiverKey } from '../../../../protocol/phone-link/hpke.ts';
import type { Subtle } from '../../../../protocol/phone-link/web-crypto.ts';
import type { Answer } from '../../../answer.ts';
import type { Core } from '../../../core.ts';
import type { LookupKey } from '../../../keys/key-ring.ts';
import { numberHash, verifySecret } from '../secrets.ts';
import type { SignedInApp } from '../../terminal-apps/apps.ts';
import { giveBackTry, type LookupScope, takeNumberTry, takePlaceTry } from './limits.ts';
import { isOnMenu } from './menu.ts';
import { readHousehold } from './household.ts';
import { openVisit } from './visit.ts';

const subtle = webcrypto.subtle as unknown as Subtle;
/** No answer about a number comes sooner: neither the hash nor the database shows through in the time it takes. */
const answerMs = 120;

/** The key as the receiver of HPKE holds it. */
async function receiverOf(key: LookupKey): Promise<ReceiverKey> {
  const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64url');
  const [x, y] = [text(key.publicKey.subarray(1, 33)), text(key.publicKey.subarray(33))];
  const jwk = { kty: 'EC', crv: 'P-256', d: text(key.secret), x, y };
  const privateKey = await webcrypto.subtle.importKey('jwk', jwk, { name: 'ECDH', namedCurve: 'P-256' }, false, [
    'deriveBits',
  ]);
  return { privateKey, publicBytes: Uint8Array.from(key.publicKey) };
}

async function opened(core: Core, { service, payeeId, sealed }: FeeLookup): Promise<HouseholdAsked | undefined> {
  const kid = lookupKeyId(sealed);
  const key = core.keys().lookupKeys.find((one) => one.kid === kid);
  if (key === undefined) return undefined;
  return openLookup(subtle, await receiverOf(key), { service, payeeId }, sealed);
}

/**
 * Finds a household by its number and the digits agreed with the office. A number that nobody has and wrong digits give
 * the same answer, after the same work and not before the same time.
 */
export async function findHousehold(core: Core, app: SignedInApp, body: FeeLookup): Promise<Answer<HouseholdView>> {
  const { service, payeeId } = body;
  if (!(await isOnMenu(core, app.terminalId, payeeId, service))) return err('not-found', 'payeeId');
  const atPlace = await takePlaceTry(core, { terminalId: app.terminalId, payeeId });
  if (!atPlace.isTaken) return err('rate-limited', lookupField(atPlace.limit));
  const asked = await opened(core, body);
  if (asked === undefined) return err('bad-request', 'sealed');
  const hash = numberHash(core.keys(), payeeId, service, asked.number);
  const scope: LookupScope = { terminalId: app.terminalId, payeeId, service, numberHash: hash };
  const atNumber = await takeNumberTry(core, scope);
  if (!atNumber.isTaken) return err('rate-limited', lookupField(atNumber.limit));
  const startedAt = performance.now();
  const accountId = await matched(core, scope, asked.secret);
  if (accountId === undefined) {
    await notBefore(startedAt + answerMs);
    return err('not-found', lookupField(atNumber.limit));
  }
  await giveBackTry(core, scope, atPlace.window);
  const visit = openVisit(core.keys(), app.terminalId, { payeeId, accountId, service }, core.clock());
  return ok(await readHousehold(core, { merchantId: payeeId, accountId }, visit));
}

async function matched(core: Core, { payeeId, service, numberHash: hash }: LookupScope, secret: string) {
  const row = await core.db
    .selectFrom('fee_accounts')
    .select(['id', 'secret_hash'])
    .where('merchant_id', '=', payeeId)
    .where('service', '=', service)
    .where('number_hash', '=', hash)
    .where('state', '=', 'open')
    .executeTakeFirst();
  const isRight = await verifySecret(core.keys(), secret, row?.secret_hash ?? null);
  return isRight ? row?.id : undefined;
}

async function notBefore(atMs: number): Promise<void> {
  const waitMs = atMs - performance.now();
  if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
}
