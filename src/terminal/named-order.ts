import type { TerminalDesk } from './desk.svelte.ts';
import { isHarmless } from './flow/screens.ts';

/**
 * True when the end of the order in hand stands on the screen and asks for nothing but a key. What the office has to look
 * at stays until somebody has read it: the next order may be the same sale once more.
 */
export function isEndSeen({ screen, payment }: TerminalDesk): boolean {
  return screen.at === 'payment' && ['paid', 'refunded', 'cancelled'].includes(payment.stage?.at ?? '');
}

/**
 * Takes the order in hand that the server names as this terminal's newest: somebody else's system made it, or our memory
 * is gone. An end that nobody confirmed makes way for it; the shop's copy of its receipt comes out as after a confirm, and
 * the menu prints the customer's.
 */
export async function takeNamed(desk: TerminalDesk, orderId: string | undefined): Promise<void> {
  const { payment, tools } = desk;
  if (orderId === undefined || orderId === desk.settings.doneOrderId || orderId === payment.job?.orderId) return;
  if (isEndSeen(desk) && (await isOpen(desk, orderId)) && isEndSeen(desk)) await makeWay(desk);
  const isFree = payment.job === undefined && (isHarmless(desk.screen) || desk.screen.at === 'off');
  if (!isFree) return;
  const kept = await tools.kept.read('job');
  if (kept !== undefined || payment.job !== undefined) return;
  await payment.take(orderId);
  const { order } = payment;
  if (order === undefined) return;
  const isOver = order.state === 'cancelled' || order.state.includes('refunded');
  if (!isOver) return desk.show({ at: 'payment' });
  await payment.done();
  await desk.set({ doneOrderId: order.id });
}

async function isOpen({ tools }: TerminalDesk, id: string): Promise<boolean> {
  const answer = await tools.link.api.call('appOrder', { params: { id } });
  return answer.ok && (answer.value.state === 'open' || answer.value.state === 'part-paid');
}

async function makeWay(desk: TerminalDesk): Promise<void> {
  const { order, stage } = desk.payment;
  if (order !== undefined && stage?.at !== 'cancelled') void printBehind(desk, order.id);
  await desk.putDown();
}

/** Nobody looks at the receipt's screen: what did not come out is said. A shop without a printer knows. */
async function printBehind(desk: TerminalDesk, orderId: string): Promise<void> {
  const { printing } = desk.tools;
  await printing.open(orderId);
  const { problem, failure } = printing;
  if (failure !== undefined || (problem !== undefined && problem !== 'no-printer')) desk.notice = 'not-printed';
}
