import type { ControlView, SetControl } from '../../../protocol/http/control.ts';
import { moneyText } from '../../i18n/office-money.ts';
import { shared } from '../../i18n/shared.ts';
import type { OfficeContext } from '../context.ts';

/** What somebody pauses, stops or resumes. */
export interface ControlTarget {
  readonly kind: 'terminal' | 'merchant';
  readonly id: string;
  /** How it is called in sentences. */
  readonly label: string;
  /** As it is now, for the way back. */
  readonly control: ControlView;
}

type Said = Awaited<ReturnType<OfficeContext['api']['call']>>;

function send({ api }: OfficeContext, { kind, id }: ControlTarget, body: SetControl): Promise<Said> {
  const name = kind === 'terminal' ? 'controlTerminal' : 'controlShop';
  return api.call(name, { params: { id }, body });
}

/**
 * Sets the control and says so, with a way back to what was before. @returns the failure when the server did not take it.
 */
export async function setControl(context: OfficeContext, target: ControlTarget, body: SetControl) {
  const answer = await send(context, target, body);
  if (!answer.ok) return answer;
  const { state, reason } = target.control;
  const words = moneyText.t.control;
  const undo = async (): Promise<void> => {
    const back = await send(context, target, { state, reason });
    if (!back.ok) context.toasts.say(shared.t.failure[back.error].join(' '), 'stop');
  };
  context.toasts.say(words[body.state](target.label), 'ok', { label: words.undo, act: () => void undo() });
  return undefined;
}
