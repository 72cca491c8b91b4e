import type { FailureReason } from '../../../domain/payments/states.ts';
import { msFromShanghai, shanghaiDigits } from '../shared/shanghai-time.ts';
import type { Fields } from './desk.ts';
import type { Approval } from './journal.ts';
import { yuanNumber } from './profile.ts';

/** A no of the issuer or the acquirer, in field 39: our reason and plain words for the story of the payment. */
export interface Decline {
  readonly reason: FailureReason;
  readonly message: string;
}

/**
 * Field 39 of a purchase, the values that are an explicit no. Common CUP POS profile. What is absent here and is not 00
 * (68, 96, 98 and every code that nobody documented) is no answer: the purchase is reversed.
 */
const declines: Readonly<Record<string, Decline>> = {
  '01': { reason: 'declined', message: 'The issuer asks the cardholder to call.' },
  '03': { reason: 'platform', message: 'The acquirer does not know the merchant.' },
  '04': { reason: 'card-not-accepted', message: 'The issuer wants the card withheld.' },
  '05': { reason: 'declined', message: 'The issuer declines.' },
  '07': { reason: 'card-not-accepted', message: 'The issuer wants the card withheld.' },
  '12': { reason: 'declined', message: 'The transaction is not valid.' },
  '13': { reason: 'declined', message: 'The amount is not valid.' },
  '14': { reason: 'card-not-accepted', message: 'There is no such card number.' },
  '15': { reason: 'card-not-accepted', message: 'There is no such issuer.' },
  '30': { reason: 'platform', message: 'The acquirer cannot read the message.' },
  '33': { reason: 'card-expired', message: 'The card has expired.' },
  '34': { reason: 'risk', message: 'The issuer suspects fraud.' },
  '36': { reason: 'card-not-accepted', message: 'The card is restricted.' },
  '38': { reason: 'pin-tries-exceeded', message: 'Too many wrong PINs.' },
  '40': { reason: 'platform', message: 'The acquirer does not do this.' },
  '41': { reason: 'card-not-accepted', message: 'The card was reported lost.' },
  '43': { reason: 'card-not-accepted', message: 'The card was reported stolen.' },
  '51': { reason: 'insufficient-funds', message: 'Not enough money in the account.' },
  '54': { reason: 'card-expired', message: 'The card has expired.' },
  '55': { reason: 'wrong-pin', message: 'The PIN is wrong.' },
  '57': { reason: 'card-not-accepted', message: 'The card may not pay like this.' },
  '58': { reason: 'platform', message: 'The terminal may not do this.' },
  '59': { reason: 'risk', message: 'The issuer suspects fraud.' },
  '61': { reason: 'payer-limit', message: 'Above the card’s limit for amounts.' },
  '62': { reason: 'card-not-accepted', message: 'The card is restricted.' },
  '64': { reason: 'declined', message: 'The original amount is not this one.' },
  '65': { reason: 'payer-limit', message: 'Above the card’s limit for the number of payments.' },
  '75': { reason: 'pin-tries-exceeded', message: 'Too many wrong PINs.' },
  '77': { reason: 'platform', message: 'The acquirer has closed this batch.' },
  '91': { reason: 'platform', message: 'The issuer cannot be reached.' },
  '92': { reason: 'platform', message: 'The issuer cannot be found.' },
  '94': {
    reason: 'platform',
    message: 'The acquirer has this trace number already; nothing was done for this message.',
  },
  '97': { reason: 'platform', message: 'The acquirer does not know the terminal.' },
  '99': { reason: 'platform', message: 'The acquirer cannot open the PIN.' },
};

/** What field 39 says when it is an explicit no; `undefined` when it leaves the end open. */
export function declineOf(code: string): Decline | undefined {
  return declines[code];
}

/**
 * What an answer with code 00 approves: the host's own reference, amount, currency, merchant and time. `undefined` when
 * one of them is missing: then it approves nothing that one could write down.
 */
export function approvalOf(fields: Fields, nowMs: number): Approval | undefined {
  const reference = fields[37];
  const amount = fields[4];
  const atMs = timeOf(fields[13] ?? '', fields[12] ?? '', nowMs);
  if (reference === undefined || amount === undefined || atMs === undefined) return undefined;
  return {
    reference: reference.trim(),
    amountFen: Number(amount),
    currency: fields[49] === yuanNumber ? 'CNY' : (fields[49] ?? ''),
    merchantId: fields[42] ?? '',
    atMs,
  };
}

/** Field 13 (MMDD) and 12 (hhmmss) in the year that brings them nearest to now: about New Year they may be of the last one. */
function timeOf(date: string, time: string, nowMs: number): number | undefined {
  const year = Number(shanghaiDigits(nowMs).slice(0, 4));
  const candidates = [year - 1, year, year + 1]
    .map((candidate) => msFromShanghai(`${String(candidate)}${date}${time}`))
    .filter((ms) => ms !== undefined);
  return candidates.toSorted((a, b) => Math.abs(a - nowMs) - Math.abs(b - nowMs))[0];
}
