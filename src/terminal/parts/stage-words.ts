import type { OrderView, RefundView } from '../../../protocol/http/payments.ts';
import type { ApiFailure } from '../../api/failures.ts';
import type { Formats } from '../../i18n/format.ts';
import { shared } from '../../i18n/shared.ts';
import type { TerminalText } from '../../i18n/terminal.en.ts';
import type { Tint } from '../../ui/icons.ts';
import type { Payment } from '../payment.svelte.ts';
import type { Stage } from '../flow/stage.ts';
import { sentences } from './sentences.ts';

/** A stage's title and sentence. A failure says why, and what to do next. */
export function stageWords(
  stage: Stage,
  order: OrderView | undefined,
  t: TerminalText,
): { readonly title: string; readonly text: string } {
  if (stage.at === 'qr') return { title: '', text: '' };
  const [title = '', text = ''] = t.stage[stage.at];
  if (stage.at === 'paid') return { title, text: t.paid.confirm };
  if (stage.at === 'cancelled' && (order?.paidFen ?? 0) > 0) return { title, text: t.partsBack };
  if (stage.at !== 'failed') return { title, text };
  return { title, text: sentences(...t.reason[stage.attempt.reason ?? 'none']) };
}

/** One thing to be said beside the stage. */
export interface StageNote {
  readonly tint: Tint;
  readonly text: string;
}

interface Words {
  readonly t: TerminalText;
  readonly formats: Formats;
  readonly nowMs: number;
}

/** From this age on a wait without an answer is spoken of, ms. */
const silentMs = 1_500;

type Said = Pick<Payment, 'order' | 'job' | 'trouble' | 'refusal'>;

/** What must be said besides: no answer, a refusal, money that goes back. */
export function stageNotes(stage: Stage, { order, job, trouble, refusal }: Said, words: Words): readonly StageNote[] {
  const { t, formats, nowMs } = words;
  const notes: StageNote[] = [];
  const sinceMs = job?.startedAtMs ?? nowMs;
  if (trouble !== undefined && nowMs - sinceMs > silentMs)
    notes.push({ tint: 'wait', text: t.repeating(formats.age(sinceMs, nowMs)) });
  if (refusal !== undefined && stage.at !== 'paid') notes.push({ tint: 'stop', text: refusalText(refusal, t) });
  if (stage.at === 'paid' && job?.wantsCancel === true) notes.push({ tint: 'ok', text: t.wasPaid });
  if (stage.at === 'failed' && stage.attempt.platformCode !== undefined)
    notes.push({ tint: 'off', text: t.platformCode(stage.attempt.platformCode) });
  const refunds = order?.refunds ?? [];
  const late = sum(refunds, 'late');
  const parts = sum(refunds, 'part');
  if (late > 0) notes.push({ tint: 'wait', text: t.givenBack(formats.yuan(late)) });
  if (parts > 0) notes.push({ tint: 'ok', text: t.cancelledBack(formats.yuan(parts)) });
  return notes;
}

function refusalText({ error }: ApiFailure, t: TerminalText): string {
  return t.refused(sentences(...shared.t.failure[error]));
}

function sum(refunds: readonly RefundView[], cause: RefundView['cause']): number {
  return refunds.filter((refund) => refund.cause === cause).reduce((total, { amountFen }) => total + amountFen, 0);
}
