import { createHash } from 'node:crypto';
import { type Fen, fen } from '../../../../domain/money.ts';
import { shanghaiDay, shanghaiDayStartMs } from '../../../../domain/payments/numbers.ts';
import type { QuoteDocument } from '../../../../protocol/fees/documents.ts';
import { canonicalJson } from '../../../../protocol/log/entry.ts';
import type { Db } from '../../../store/database.ts';
import type { QuotedBill } from '../../../store/schema-fee-quotes.ts';
import { quoteDocument } from './document.ts';
import { type Frame, readTariffNames } from './frame.ts';
import { type AccountRef, type Owed, readOwed, totalOf } from './owed.ts';
import { changeWords, quoteTitle } from './words.ts';

const dayMs = 86_400_000;
/** For how long a quote holds at the longest. Whoever pays for longer begins anew, with what is owed then. */
const lifeMs = dayMs;

/** What is to be paid: bills, or an amount in advance. */
export interface QuoteWish {
  readonly account: AccountRef;
  readonly billIds?: readonly string[] | undefined;
  readonly topUpFen?: number | undefined;
}

/** What a quote comes to. */
export interface Computed {
  readonly owed: readonly Owed[];
  readonly topUpFen?: Fen;
  readonly totalFen: Fen;
  readonly bills: readonly QuotedBill[];
  readonly inputsHash: string;
  readonly computedAtMs: number;
  readonly validUntilMs: number;
  readonly later?: QuoteDocument['later'];
}

/** Works out what is owed at an instant, and until when that is true. */
export async function computeQuote(db: Db, wish: QuoteWish, atMs: number): Promise<Computed> {
  const { account, topUpFen } = wish;
  if (topUpFen !== undefined) return topUp(account, fen(topUpFen), atMs);
  const query = { ...account, billIds: wish.billIds };
  const owed = await readOwed(db, { ...query, atMs });
  const midnightMs = shanghaiDayStartMs(shanghaiDay(atMs)) + dayMs;
  const tomorrow = await readOwed(db, { ...query, atMs: midnightMs });
  const totalFen = totalOf(owed);
  const laterFen = totalOf(tomorrow);
  const changes = laterFen !== totalFen;
  const why = changeWords.later(laterFen - totalFen);
  const bills = owed.map(({ id, version, principalFen, lateFen }) => ({ id, version, principalFen, lateFen }));
  return {
    ...{ owed, totalFen, bills, inputsHash: hashOf({ account, bills }), computedAtMs: atMs },
    validUntilMs: changes ? midnightMs : atMs + lifeMs,
    ...(changes ? { later: { totalFen: laterFen, why } } : {}),
  };
}

function topUp(account: AccountRef, topUpFen: Fen, atMs: number): Computed {
  return {
    ...{ owed: [], topUpFen, totalFen: topUpFen, bills: [], inputsHash: hashOf({ account, topUpFen }) },
    ...{ computedAtMs: atMs, validUntilMs: atMs + lifeMs },
  };
}

function hashOf(inputs: unknown): string {
  return createHash('sha256').update(canonicalJson(inputs)).digest('base64url');
}

const instant = (ms: number): string => new Date(ms).toISOString();

/** The document of a quote, before it is signed. */
export async function documentOfQuote(
  db: Db,
  merchantId: string,
  parts: {
    readonly quoteId: string;
    readonly frame: Frame;
    readonly computed: Computed;
    readonly channels: QuoteDocument['channels'];
  },
): Promise<QuoteDocument> {
  const { quoteId, frame, computed, channels } = parts;
  const { service, household, terminal, digitsAboveFen } = frame;
  const title = quoteTitle(
    service,
    computed.owed.map((owed) => owed.title),
  );
  const { topUpFen, later } = computed;
  return quoteDocument(
    {
      ...{ v: 1, quoteId, service, title, payee: { name: frame.payeeName }, terminal, household },
      ...(topUpFen === undefined ? {} : { topUpFen }),
      ...{ totalFen: computed.totalFen, computedAt: instant(computed.computedAtMs) },
      validUntil: instant(computed.validUntilMs),
      ...(later === undefined ? {} : { later }),
      ...{ inputsHash: computed.inputsHash, channels, digitsAboveFen },
    },
    computed.owed,
    await readTariffNames(db, merchantId, computed.owed),
  );
}
