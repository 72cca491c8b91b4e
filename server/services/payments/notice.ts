import { mustAsk, settleAttempt } from '../../../domain/payments/settle.ts';
import { settleRefund } from '../../../domain/payments/refunding.ts';
import type { Notification, RawReply, RawRequest } from '../../channels/channel.ts';
import { ask, attemptFacts } from './call.ts';
import type { OpenChannel } from './desk.ts';
import { change, type EngineParts, momentOf } from './parts.ts';
import type { Notice } from './store.ts';
import { accountFacts, heard } from './word.ts';

const nobody: RawReply = { status: 404, contentType: 'text/plain', body: 'no such account' };
const broken: RawReply = { status: 500, contentType: 'text/plain', body: 'not now' };

/**
 * Takes a platform's notification: its signature first, then once only, then the change; "done" is answered after the
 * commit. Anything that keeps us from having it safely is answered so that the platform tells it again.
 */
export async function notified(
  parts: EngineParts,
  channel: string,
  accountId: string,
  raw: RawRequest,
): Promise<RawReply> {
  const open = await parts.desk.open(accountId);
  const parse = open?.channel.parseNotification;
  if (open === undefined || parse === undefined || open.definition.code !== channel) return nobody;
  const { result } = await ask(parts, () => parse.call(open.channel, raw));
  if (result.kind === 'unknown') return broken;
  if (result.kind === 'refused') {
    parts.log.warn({ account: accountId, why: result.why }, 'a notification was refused');
    return result.reply;
  }
  if (result.kind === 'other') return result.onDone;
  try {
    const isSafe =
      result.kind === 'payment'
        ? await takePayment(parts, open, result, raw)
        : await takeRefund(parts, open, result, raw);
    return isSafe ? result.onDone : result.onFailure;
  } catch (error) {
    parts.log.error({ err: error, account: accountId }, 'a notification could not be kept');
    return result.onFailure;
  }
}

function bodyOf(raw: RawRequest, told = Buffer.from(raw.body).toString('utf8')): string {
  return `notification ${raw.path}\n<<<\n${told}`;
}

async function takePayment(
  parts: EngineParts,
  open: OpenChannel,
  told: Extract<Notification, { kind: 'payment' }>,
  raw: RawRequest,
): Promise<boolean> {
  const notice: Notice = { accountId: open.accountId, id: told.id };
  const stored = await parts.store.findAttempt(told.attemptNo);
  const attempt = stored?.attempts.find(({ attemptNo }) => attemptNo === told.attemptNo);
  if (stored === undefined || attempt?.accountId !== open.accountId)
    return strange(parts, open, { attemptNo: told.attemptNo });
  const { id: attemptId } = attempt;
  if (told.result.kind === 'paid' && mustAsk(attempt)) {
    const asked = await ask(parts, () => open.channel.query(attemptFacts(parts, stored, attempt)));
    if (asked.result.kind === 'unknown' || asked.result.kind === 'refused') return false;
    await heard(parts, stored, open, { attemptId, source: 'check', ...asked }, notice);
    return true;
  }
  const word = {
    attemptId,
    source: 'notification',
    result: told.result,
    ...accountFacts(open),
    raw: bodyOf(raw, told.told),
  } as const;
  await change(parts, stored, (order) => settleAttempt(order, word, momentOf(parts)), { notice });
  return true;
}

async function takeRefund(
  parts: EngineParts,
  open: OpenChannel,
  told: Extract<Notification, { kind: 'refund' }>,
  raw: RawRequest,
): Promise<boolean> {
  const stored = await parts.store.findRefund(told.refundNo);
  const refund = stored?.refunds.find(({ refundNo }) => refundNo === told.refundNo);
  const attempt = stored?.attempts.find(({ id }) => id === refund?.attemptId);
  if (stored === undefined || refund === undefined || attempt?.accountId !== open.accountId)
    return strange(parts, open, { refundNo: told.refundNo });
  const notice: Notice = { accountId: open.accountId, id: told.id };
  const word = { refundId: refund.id, result: told.result, raw: bodyOf(raw, told.told) };
  await change(parts, stored, (order) => settleRefund(order, word, momentOf(parts)), { notice });
  return true;
}

/** Money under a number that is not ours: the office must know, and the platform must go on telling. */
async function strange(parts: EngineParts, open: OpenChannel, facts: Readonly<Record<string, string>>): Promise<false> {
  const [number = ''] = Object.values(facts);
  const notice = { accountId: open.accountId, id: `not ours: ${number}` };
  const told = { what: 'not-ours', channel: open.definition.code, accountId: open.accountId, ...facts };
  await parts.store.strange(notice, told, parts.clock());
  return false;
}
