import type { FeesText } from '../../../i18n/terminal-fees.en.ts';
import type { TerminalText } from '../../../i18n/terminal.en.ts';
import { terminalText } from '../../../i18n/terminal.ts';
import type { GlyphName, Tint } from '../../../ui/icons.ts';
import { sentences } from '../../parts/sentences.ts';
import type { Blocked, FeeStage } from '../flow/fee-stage.ts';

/** Shape and tint of a stage; the words say it too. */
export const stageLooks: Readonly<Record<FeeStage, readonly [GlyphName, Tint]>> = {
  code: ['next', 'off'],
  digits: ['now', 'now'],
  'on-phone': ['now', 'now'],
  changed: ['ne', 'wait'],
  starting: ['wait', 'off'],
  wallet: ['wait', 'now'],
  paying: ['wait', 'now'],
  qr: ['now', 'now'],
  checking: ['wait', 'wait'],
  ending: ['wait', 'wait'],
  paid: ['done', 'ok'],
  failed: ['stop', 'stop'],
  closed: ['none', 'off'],
  elsewhere: ['none', 'off'],
  reversed: ['done', 'off'],
  review: ['warn', 'wait'],
};

interface StageFacts {
  readonly reason?: string | undefined;
  readonly blocked?: Blocked | undefined;
  /** It was a code at this terminal. */
  readonly isHere?: boolean;
  /** The person asked for its end. */
  readonly isCancelling?: boolean;
}

/** Title and sentence of a stage; `reason` is the platform's, in our own codes. */
export function stageWords(
  stage: FeeStage | undefined,
  { reason, blocked, isHere = false, isCancelling = false }: StageFacts,
  t: FeesText,
): { readonly title: string; readonly text: string } {
  if (stage === 'on-phone') return { title: t.onPhone.title, text: t.onPhone.hint };
  if (stage === 'changed') return { title: t.changed.title, text: '' };
  const name = stage !== undefined && stage in t.stage ? (stage as keyof FeesText['stage']) : 'starting';
  const [title = '', text = ''] = t.stage[name];
  if (stage === 'elsewhere' && blocked === 'being-paid') return { title: t.beingPaid, text: t.problem.beingPaid };
  if (stage === 'closed' && reason === 'paid-late') return { title: t.paidLate[0] ?? '', text: t.paidLate[1] ?? '' };
  if (stage === 'closed' && isHere && !isCancelling) return { title: t.qr.over[0] ?? '', text: t.qr.over[1] ?? '' };
  if (stage === 'ending' && isHere) return { title, text: sentences(text, t.qr.ending) };
  if (stage !== 'failed') return { title, text };
  const reasons: TerminalText['reason'] = terminalText.t.reason;
  const [why = ''] = reason !== undefined && reason in reasons ? reasons[reason as keyof typeof reasons] : reasons.none;
  return { title, text: sentences(why, t.notCharged) };
}
