import { fen, yuanFromFen } from '../../../domain/money.ts';
import { isFinal } from './journal.ts';
import type { Kept } from './journal.ts';
import { askRepeatable } from './parts.ts';
import type { Parts, SignedAnswer } from './parts.ts';
import { amountDigits, managementCodes, transactionTypes } from './profile.ts';
import { isStuck } from './reversal.ts';
import type { Upkeep } from './upkeep.ts';

/** Longest time that one settlement may take before somebody else may go on with it, in milliseconds. */
const settlingMs = 120_000;
/** Unfinished transactions that are brought to their end before a settlement. */
const finishMax = 200;
/** Transactions in one message of a batch upload (field 48 holds 322 digits). */
const uploadMax = 8;

/** What closing the batch came to. */
export interface Settled {
  readonly kind: 'settled' | 'differs' | 'unknown';
  readonly text: string;
}

interface Totals {
  readonly taken: { readonly count: number; readonly fen: number };
  readonly returned: { readonly count: number; readonly fen: number };
}

/**
 * Closes the batch (0500): nothing new begins while it runs, what is unfinished is finished first, the totals are told,
 * and when the host has others every transaction is uploaded (0320). Every step may be repeated; until the end of the
 * batch was told, giving up leaves the batch open.
 */
export async function settle(parts: Parts, upkeep: Upkeep): Promise<Settled> {
  await upkeep.run(finishMax, true);
  const nowMs = parts.desk.tools.clock();
  const mine = nowMs + settlingMs;
  const session = await parts.signIn.update((before) =>
    before.settlingUntilMs !== undefined && before.settlingUntilMs > nowMs
      ? undefined
      : { ...before, settlingUntilMs: mine },
  );
  if (session.settlingUntilMs !== mine) return unknown('正在结算', 'A settlement is running');
  const { batch } = session;
  const result = await run(parts, batch, mine);
  await parts.signIn.update((before) => {
    if (before.batch !== batch || before.settlingUntilMs !== mine) return undefined;
    const { settlingUntilMs: _over, ...rest } = before;
    return rest;
  });
  return result;
}

async function run(parts: Parts, batch: string, endMs: number): Promise<Settled> {
  const { journal, signIn } = parts;
  if (await hasUnfinished(parts, batch))
    return unknown('有交易未完成，稍后再结算', 'A transaction is not finished; settle again later');
  const done = (await journal.ofBatch(batch)).filter(({ txn }) => txn.state === 'approved');
  const totals = totalsOf(done);
  if (done.length === 0) {
    const fresh = await signIn.newBatch();
    await signIn.update((before) => (before.batch === batch ? { ...keysOf(before), ...fresh } : undefined));
    return { kind: 'settled', text: `批次 ${batch} 没有交易 · Batch ${batch}: no transactions` };
  }
  const answer = await askRepeatable(parts, {
    call: 'settlement',
    mti: '0500',
    fields: {
      11: await parts.desk.nextTrace(),
      48: totalDigits(totals),
      60: `${transactionTypes.management}${batch}${managementCodes.settlement}`,
      63: parts.desk.settings.operator,
    },
  });
  const verdict = verdictOf(answer);
  if (verdict === undefined)
    return unknown('主机没有确认结算', `The host did not confirm the totals (${reasonOf(answer)})`);
  if (verdict === 'differs' && !(await upload(parts, batch, done))) {
    return unknown('明细上送未完成', 'The upload of the batch was not completed');
  }
  if (parts.desk.tools.clock() >= endMs) return unknown('结算超时，稍后再结算', 'It took too long; settle again later');
  return close(parts, batch, done.length, totals, verdict);
}

/** What the host has refused to undo again and again does not hold up the batch: the totals will show it. */
async function hasUnfinished({ journal }: Parts, batch: string): Promise<boolean> {
  for (const { slot } of await journal.unfinished(finishMax, `${batch}/`)) {
    const kept = await journal.get(slot);
    if (kept === undefined || (!isFinal(kept.txn) && !isStuck(kept))) return true;
  }
  return false;
}

/** Tells the end of the batch. From here on only the settlement may go on until the host has answered. */
async function close(
  parts: Parts,
  batch: string,
  count: number,
  totals: Totals,
  verdict: 'settled' | 'differs',
): Promise<Settled> {
  const { signIn, desk } = parts;
  await signIn.update((before) => (before.batch === batch ? { ...before, isEnding: true } : undefined));
  const code = verdict === 'settled' ? managementCodes.uploadEqual : managementCodes.uploadDiffers;
  const answer = await askRepeatable(parts, {
    call: 'batch-upload',
    mti: '0320',
    fields: {
      11: await desk.nextTrace(),
      48: String(count).padStart(4, '0'),
      60: `${transactionTypes.management}${batch}${code}`,
    },
  });
  if (answer.kind !== 'answered' || answer.code !== '00') {
    return unknown('主机没有确认批次结束', `The host did not confirm the end of the batch (${reasonOf(answer)})`);
  }
  const fresh = await signIn.newBatch();
  await signIn.update((before) => (before.batch === batch ? { ...keysOf(before), ...fresh } : undefined));
  return { kind: verdict, text: textOf(batch, totals, verdict) };
}

async function upload(parts: Parts, batch: string, done: readonly Kept[]): Promise<boolean> {
  for (let at = 0; at < done.length; at += uploadMax) {
    const items = done.slice(at, at + uploadMax).map(itemOf);
    const answer = await askRepeatable(parts, {
      call: 'batch-upload',
      mti: '0320',
      fields: {
        11: await parts.desk.nextTrace(),
        48: `${String(items.length).padStart(2, '0')}${items.join('')}`,
        60: `${transactionTypes.management}${batch}${managementCodes.settlement}`,
      },
    });
    if (answer.kind !== 'answered' || answer.code !== '00') return false;
  }
  return true;
}

/** 40 digits: kind of card, trace number, the card's last four digits where its whole number would stand, amount. */
function itemOf({ slot, txn }: Kept): string {
  return `00${slot.trace}${(txn.tail ?? '').padStart(20, '0')}${amountDigits(txn.approval?.amountFen ?? 0)}`;
}

function totalsOf(done: readonly Kept[]): Totals {
  const sum = (isTaken: boolean) => {
    const some = done.filter(({ txn }) => (txn.kind === 'purchase') === isTaken);
    return { count: some.length, fen: some.reduce((total, { txn }) => total + (txn.approval?.amountFen ?? 0), 0) };
  };
  return { taken: sum(true), returned: sum(false) };
}

/** Field 48 of a settlement: money taken (12) and count (3), money returned and count, the host's verdict; once more for foreign cards. */
function totalDigits({ taken, returned }: Totals): string {
  const part = ({ fen: amount, count }: Totals['taken']) => `${amountDigits(amount)}${String(count).padStart(3, '0')}`;
  return `${part(taken)}${part(returned)}0${'0'.repeat(31)}`;
}

/** Digit 31 of the answer's field 48: 1 equal, 2 not equal; all else is no verdict. */
function verdictOf(answer: SignedAnswer): 'settled' | 'differs' | undefined {
  if (answer.kind !== 'answered' || answer.code !== '00') return undefined;
  const digit = answer.fields[48]?.charAt(30);
  if (digit === '1') return 'settled';
  return digit === '2' ? 'differs' : undefined;
}

function keysOf({ day, mac }: { readonly day?: string; readonly mac?: string }) {
  return { ...(day === undefined ? {} : { day }), ...(mac === undefined ? {} : { mac }) };
}

function reasonOf(answer: SignedAnswer): string {
  if (answer.kind === 'answered' || answer.kind === 'refused') return answer.code;
  return answer.why;
}

function textOf(batch: string, { taken, returned }: Totals, verdict: 'settled' | 'differs'): string {
  const sums = [yuanFromFen(fen(taken.fen)), yuanFromFen(fen(returned.fen))] as const;
  const zh = `批次 ${batch}：收款 ${String(taken.count)} 笔 ${sums[0]}，退回 ${String(returned.count)} 笔 ${sums[1]}，`;
  const en = `Batch ${batch}: ${String(taken.count)} taken ${sums[0]}, ${String(returned.count)} returned ${sums[1]}, `;
  return verdict === 'settled'
    ? `${zh}与收单机构一致 · ${en}the acquirer agrees`
    : `${zh}与收单机构不一致，明细已上送 · ${en}the acquirer has other totals; every transaction was uploaded`;
}

function unknown(zh: string, en: string): Settled {
  return { kind: 'unknown', text: `${zh} · ${en}` };
}
