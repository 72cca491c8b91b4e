import type { ChannelTools, Memo } from '../channel.ts';
import { shanghaiDay } from '../shared/shanghai-time.ts';
import { Desk } from './desk.ts';
import type { HostAnswer, HostRequest } from './desk.ts';
import { Journal } from './journal.ts';
import type { Slot } from './journal.ts';
import { SignIn } from './session.ts';
import type { Ready, Session } from './session.ts';
import type { Settings } from './settings.ts';

/** Time beyond both waits of a request after which whoever sent it cannot be alive any more, in milliseconds. */
const graceMs = 5_000;

/** What all acts of one terminal share. */
export interface Parts {
  readonly desk: Desk;
  readonly signIn: SignIn;
  readonly journal: Journal;
}

/** Makes the parts of one terminal. */
export function createParts(settings: Settings, tools: ChannelTools): Parts {
  const desk = new Desk(settings, tools);
  return { desk, signIn: new SignIn(desk), journal: new Journal(tools.memory) };
}

/** What came of a signed request: the host's answer, or why it was not sent. */
export type SignedAnswer = HostAnswer | Exclude<Ready, { readonly kind: 'ready' }>;

/** Sends under the MAC of the session, signing in before when necessary. A0 makes the next request sign in again. */
export async function askSigned({ desk, signIn }: Parts, request: HostRequest): Promise<SignedAnswer> {
  const ready = await signIn.ready();
  if (ready.kind !== 'ready') return ready;
  const answer = await desk.ask(request, ready.key, () => signIn.newestKey());
  if ('code' in answer && answer.code === 'A0') await signIn.forget(ready.key);
  return answer;
}

/**
 * The same for a request that the host may get twice: after A0, which says that nothing was done, once more under new keys.
 * An A0 proves nothing, so that a refusal behind it is no certainty that nothing was sent.
 */
export async function askRepeatable(parts: Parts, request: HostRequest): Promise<SignedAnswer> {
  const answer = await askSigned(parts, request);
  if (answer.kind === 'refused' || !('code' in answer) || answer.code !== 'A0') return answer;
  const again = await askSigned(parts, request);
  return again.kind === 'refused' || again.kind === 'not-sent' ? { kind: 'no-answer', why: reasonOf(again) } : again;
}

function reasonOf(answer: Extract<SignedAnswer, { kind: 'refused' | 'not-sent' }>): string {
  return answer.kind === 'refused' ? answer.message : answer.why;
}

/** Unix milliseconds after which a request that begins now is over, whatever becomes of its sender. */
export function untilMs({ desk }: Parts): number {
  return desk.tools.clock() + 2 * desk.tools.timeoutMs + graceMs;
}

/** Whether a settlement runs, or has told its end and waits for the answer: nothing new may go into the batch. */
export function isSettling({ desk }: Parts, { settlingUntilMs, isEnding }: Session): boolean {
  return isEnding === true || (settlingUntilMs !== undefined && settlingUntilMs > desk.tools.clock());
}

/** A place for a new transaction in the open batch. */
export async function newSlot({ desk, signIn }: Parts): Promise<Slot> {
  const { batch } = await signIn.session();
  return { batch, trace: await desk.nextTrace(), date: shanghaiDay(desk.tools.clock()).replaceAll('-', '') };
}

/** A place as the attempt keeps it. */
export function memoOf({ batch, trace, date }: Slot): Memo {
  return { batch, trace, date };
}

/** The place that an attempt or refund keeps; `undefined` when it was never prepared. */
export function slotOf(memo: Memo): Slot | undefined {
  const { batch = '', trace = '', date = '' } = memo;
  const isRight = /^\d{6}$/.test(batch) && /^\d{6}$/.test(trace) && /^\d{8}$/.test(date);
  return isRight ? { batch, trace, date } : undefined;
}

/** How much of the six digits of traces a batch has used up. */
export function usedOf(firstTrace: string, trace: string): number {
  return (Number(trace) - Number(firstTrace) + 999_999) % 999_999;
}
