import { fen } from '../../../domain/money.ts';
import type { AttemptFacts, CardCiphertext, PayResult } from '../channel.ts';
import { approvalOf, declineOf } from './answers.ts';
import { cardField } from './card-field.ts';
import type { Kept, Slot, Txn } from './journal.ts';
import { askSigned, isSettling, newSlot, slotOf, untilMs, usedOf } from './parts.ts';
import type { Parts, SignedAnswer } from './parts.ts';
import { amountDigits, entryMode, processingCodes, transactionTypes, yuanNumber } from './profile.ts';
import { undo, undoReasons } from './reversal.ts';
import type { Session } from './session.ts';
import type { Upkeep } from './upkeep.ts';

/** Trace numbers after which a batch should be settled, and after which nothing new begins: counts have three digits. */
const batchFullAt = 600;
const batchMax = 950;
/** Reversals that are brought on before a purchase. */
const reversalsBefore = 5;

/** Takes the money of one card (0200). Sent at most once a trace number; see README.md for every way it can end. */
export async function purchase(
  parts: Parts,
  upkeep: Upkeep,
  attempt: AttemptFacts,
  card: CardCiphertext,
): Promise<PayResult> {
  const slot = slotOf(attempt.memo);
  const sealed = cardField(card);
  if (slot === undefined) return refused('memo', 'The attempt has no trace number.');
  if (sealed === undefined) return refused('card', 'The secure device’s ciphertext has a wrong length.');
  const before = await parts.journal.follow(slot);
  if (before !== undefined) return resultOf(before);
  const isHostThere = await upkeep.run(reversalsBefore, false);
  const ready = isHostThere
    ? await parts.signIn.ready()
    : { kind: 'not-sent' as const, why: 'The host does not answer an earlier reversal.' };
  if (ready.kind !== 'ready') {
    // Written down, so that nobody sends it after we have said that nothing was sent.
    const stopped = await parts.journal.open(slot, txnOf(parts, attempt, card, 'cancelled'));
    if (stopped === undefined) return resultOf(await parts.journal.follow(slot));
    return ready.kind === 'refused' ? ready : notSent(ready.why);
  }
  const armed = await parts.journal.open(slot, txnOf(parts, attempt, card, 'armed'));
  if (armed === undefined) return resultOf(await parts.journal.follow(slot));
  return send(parts, armed, sealed, true);
}

/** Sends what is armed. The session is read after arming: a settlement that began meanwhile sees it, or is seen here. */
async function send(parts: Parts, armed: Kept, sealed: string, mayMove: boolean): Promise<PayResult> {
  const { journal } = parts;
  const session = await parts.signIn.session();
  const block = blockOf(parts, session, armed.slot);
  if (block !== undefined) {
    await journal.change(armed, { state: 'cancelled' });
    return notSent(block);
  }
  if (session.batch !== armed.slot.batch) return move(parts, armed, sealed);
  await noteFull(parts, session, armed.slot);
  const answer = await askSigned(parts, purchaseOf(armed, sealed));
  if (answer.kind === 'unverified' && answer.code === 'A0') {
    const { kept } = await undo(parts, armed, undoReasons.unusable);
    if (kept?.txn.state !== 'reversed') return resultOf(kept);
    return mayMove ? move(parts, kept, sealed) : notSent('The host does not take our MAC.', 'A0');
  }
  return end(parts, armed, answer);
}

async function end(parts: Parts, armed: Kept, answer: SignedAnswer): Promise<PayResult> {
  const ending = endingOf(answer, parts.desk.tools.clock());
  const kept = (await parts.journal.change(armed, ending)) ?? (await parts.journal.get(armed.slot));
  if (answer.kind === 'refused') return answer;
  if (answer.kind === 'not-sent') return notSent(answer.why);
  return resultOf(kept);
}

/** What an answer makes of an armed transaction: only the host's own yes and no end it, all else must be undone. */
export function endingOf(answer: SignedAnswer, nowMs: number): Partial<Txn> {
  if (answer.kind === 'refused' || answer.kind === 'not-sent') return { state: 'cancelled' };
  if (answer.kind === 'no-answer') return { state: 'due', why: undoReasons.noAnswer };
  if (answer.kind === 'unverified') return { state: 'due', why: undoReasons.wrongMac };
  if (answer.code === '00') {
    const approval = approvalOf(answer.fields, nowMs);
    return approval === undefined ? { state: 'due', why: undoReasons.unusable } : { state: 'approved', approval };
  }
  if (declineOf(answer.code) !== undefined) return { state: 'declined', code: answer.code };
  return { state: 'due', why: undoReasons.noAnswer };
}

/** Goes on under a new number in the open batch. The new one is durable before the old one points to it. */
async function move(parts: Parts, kept: Kept, sealed: string): Promise<PayResult> {
  const slot = await newSlot(parts);
  const txn: Txn = { ...kept.txn, state: 'armed', date: slot.date, untilMs: untilMs(parts) };
  const armed = await parts.journal.open(slot, txn);
  const moved = await parts.journal.change(kept, { state: 'moved', movedTo: slot });
  if (armed === undefined || moved === undefined) {
    if (armed !== undefined) await parts.journal.change(armed, { state: 'cancelled' });
    return resultOf(await parts.journal.follow(kept.slot));
  }
  return send(parts, armed, sealed, false);
}

function blockOf(parts: Parts, session: Session, { batch, trace }: Slot): string | undefined {
  if (isSettling(parts, session)) return 'The batch is being settled.';
  const isOver = session.batch === batch && usedOf(session.firstTrace, trace) > batchMax;
  return isOver ? 'The batch is full and must be settled first.' : undefined;
}

async function noteFull(parts: Parts, session: Session, { trace }: Slot): Promise<void> {
  if (session.isFull === true || usedOf(session.firstTrace, trace) < batchFullAt) return;
  await parts.signIn.update((now) => (now.batch === session.batch ? { ...now, isFull: true } : undefined));
}

function purchaseOf({ slot, txn }: Kept, sealed: string) {
  const mode = txn.entryMode ?? '';
  return {
    call: 'purchase',
    mti: '0200',
    fields: {
      3: processingCodes.purchase,
      4: amountDigits(txn.amountFen),
      11: slot.trace,
      22: mode,
      25: '00',
      // Longest PIN that the keypad takes.
      ...(mode.endsWith('1') ? { 26: '12' } : {}),
      49: yuanNumber,
      57: sealed,
      60: `${transactionTypes.purchase}${slot.batch}`,
    },
  };
}

function txnOf(parts: Parts, attempt: AttemptFacts, card: CardCiphertext, state: 'armed' | 'cancelled'): Txn {
  return {
    kind: 'purchase',
    state,
    number: attempt.attemptNo,
    date: attempt.memo['date'] ?? '',
    amountFen: attempt.amountFen,
    untilMs: untilMs(parts),
    entryMode: entryMode(card.entry, card.pin !== undefined),
    tail: card.tail,
  };
}

/** What this terminal knows of a purchase. */
export function resultOf(kept: Kept | undefined): PayResult {
  if (kept === undefined) return { kind: 'not-found' };
  const { state, approval, code = '' } = kept.txn;
  switch (state) {
    case 'approved':
      return approval === undefined ? { kind: 'unknown', why: 'The approval was not kept.' } : paid(kept.txn);
    case 'declined':
      return { kind: 'failed', code, ...(declineOf(code) ?? { reason: 'platform', message: `Code ${code}.` }) };
    case 'reversed':
    case 'cancelled':
      return { kind: 'closed' };
    case 'armed':
    case 'due':
    case 'moved':
      return { kind: 'unknown', why: 'The host has not answered; the purchase is reversed unless it does.' };
  }
}

function paid({ approval, number, tail }: Txn): PayResult {
  if (approval === undefined) return { kind: 'unknown', why: 'The approval was not kept.' };
  return {
    kind: 'paid',
    proof: {
      // The host knows no attempt numbers. Its answer was matched by terminal, type and trace number, which are this attempt's.
      attemptNo: number,
      amountFen: fen(approval.amountFen),
      currency: approval.currency,
      platformMerchantId: approval.merchantId,
      transactionId: approval.reference,
      paidAtMs: approval.atMs,
      ...(tail === undefined ? {} : { payer: tail }),
    },
  };
}

function refused(code: string, message: string): PayResult {
  return { kind: 'refused', code, message };
}

/** Certain, therefore a failure and not unknown: no byte of the purchase has left, and the journal forbids it for ever. */
function notSent(why: string, code = 'not-sent'): PayResult {
  return { kind: 'failed', reason: 'platform', code, message: `${why} Nothing was taken.` };
}
