import type { StandInTools } from '../frame/platforms.ts';
import type { WireAnswer } from '../frame/wire.ts';
import type { Book, Payment, Refund } from './book.ts';
import type { Merchant, PlatformSecrets } from './keys.ts';
import { paymentNotice, refundNotice } from './notices.ts';

/** How long the platform works on a refund, in milliseconds. */
const refundWorkMs = 1_000;

/** What all parts of the stand-in share. */
export interface Desk {
  readonly tools: StandInTools;
  readonly book: Book;
  readonly merchants: () => readonly Merchant[];
  readonly secrets: () => PlatformSecrets;
  /** Whether the app gave out an openid for a merchant's app. */
  readonly knowsOpenid: (appId: string, openid: string) => boolean;
  /** Files of bills that wait to be fetched, by token. */
  readonly files: Map<string, { readonly bytes: Uint8Array; readonly untilMs: number }>;
}

/** One call that a caller made, once it is known who calls. */
export interface Call {
  readonly name: string;
  readonly work: (merchant: Merchant) => Promise<WireAnswer> | WireAnswer;
}

/** Takes an order's money and tells the merchant: twice when a double payment is planned. `isNow` waits for the telling. */
export async function takeMoney(desk: Desk, payment: Payment, isNow = false): Promise<void> {
  const { faults, clock, notifier } = desk.tools;
  const merchant = desk.merchants().find(({ mchid }) => mchid === payment.mchid);
  if (merchant === undefined) throw new Error(`${payment.mchid} is no merchant`);
  const count = faults.take('double-pay') === undefined ? 1 : 2;
  for (let no = 0; no < count; no += 1) {
    const transaction = desk.book.pay(payment, clock.now(), faults.take('wrong-amount')?.amountFen);
    // A scanned code is answered at once and has no notification (API v2, micropay).
    if (payment.notifyUrl === undefined || payment.type === 'MICROPAY') continue;
    const parts = { secrets: desk.secrets, merchant, clock };
    const notice = paymentNotice(parts, payment, transaction, payment.notifyUrl);
    if (isNow) await notifier.sendNow(notice);
    else notifier.send(notice);
  }
}

/** Accepts a refund; it is through a moment later, or before this answers when such a notification is planned. */
export async function startRefund(
  desk: Desk,
  merchant: Merchant,
  payment: Payment,
  asked: Pick<Refund, 'no' | 'amountFen' | 'reason' | 'notifyUrl' | 'transactionId'>,
): Promise<Refund> {
  const { faults, clock, notifier } = desk.tools;
  const refund = desk.book.giveBack(payment, { ...asked, createdMs: clock.now(), isReversal: false }, undefined);
  const parts = { secrets: desk.secrets, merchant, clock };
  const finish = (): void => {
    refund.doneMs = clock.now();
    desk.book.changed();
  };
  if (faults.takeIf('notify', ({ how }) => how === 'before-answer') !== undefined) {
    finish();
    if (refund.notifyUrl !== undefined) await notifier.sendNow(refundNotice(parts, payment, refund, refund.notifyUrl));
    return refund;
  }
  clock.after(refundWorkMs, () => {
    finish();
    if (refund.notifyUrl !== undefined) notifier.send(refundNotice(parts, payment, refund, refund.notifyUrl));
  });
  return refund;
}

/** What may still be given back of one of an order's transactions, in fen; of the first when none is named. */
export function leftFen(payment: Payment, transactionId?: string): number {
  const [first] = payment.transactions;
  if (first === undefined) return 0;
  const named = transactionId ?? first.id;
  const back = payment.refunds.filter((refund) => (refund.transactionId ?? first.id) === named);
  return payment.amountFen - back.reduce((sum, { amountFen }) => sum + amountFen, 0);
}
