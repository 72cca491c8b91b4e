import type { UnlockDecision } from '../../../protocol/http/unlocks.ts';
import { officeText } from '../../i18n/office.ts';

/** One thing that a policy looked at, as a line of a list. */
export interface CheckLine {
  readonly words: string;
  readonly isOk: boolean;
}
type Check = UnlockDecision['checks'][number];

/** A check of the unlock policy in words. */
export function checkLine(check: Check): CheckLine {
  return line(check, check.ok ? officeText.t.check : officeText.t.checkFailed);
}

/** A check of the policy of delegations in words. */
export function siteCheckLine(check: Check): CheckLine {
  return line(check, check.ok ? officeText.t.siteCheck : officeText.t.siteCheckFailed);
}

function line({ code, ok, detail }: Check, known: Readonly<Record<string, string>>): CheckLine {
  const sentence = known[code] ?? code;
  return { words: detail === undefined ? sentence : `${sentence}: ${detail}`, isOk: ok };
}
