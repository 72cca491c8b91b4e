import { readLookupField } from '../../../../protocol/http/fees-terminal.ts';
import type { ApiFailure } from '../../../api/failures.ts';
import type { Formats } from '../../../i18n/format.ts';
import type { SharedText } from '../../../i18n/shared.en.ts';
import type { FeesText } from '../../../i18n/terminal-fees.en.ts';

interface Words {
  readonly t: FeesText;
  readonly shared: SharedText;
  readonly formats: Formats;
  /** The server's time. */
  readonly nowMs: number;
}

/** What a failed question about fees is told as: what happened, what to do. Never which of number and digits was wrong. */
export function failureWords(failure: ApiFailure, words: Words): readonly string[] {
  const { t, shared } = words;
  const { problem } = t;
  if (failure.error === 'not-found' || failure.error === 'rate-limited') return lookupWords(failure, words);
  // Since when it is down, and that nothing is lost, stands above.
  if (failure.error === 'offline') return [problem.offline];
  if (failure.error === 'expired') return [problem.visitOver];
  if (failure.error === 'fee-refused') {
    if (failure.field === 'being-paid') return [problem.beingPaid];
    return [failure.field === 'void' ? problem.withdrawn : problem.settled];
  }
  return shared.failure[failure.error];
}

/** Nothing was found, or nothing more is looked up for now: how many tries are left, and from when on there are more. */
function lookupWords({ error, field }: ApiFailure, { t: { problem }, formats, nowMs }: Words): readonly string[] {
  const { left, until } = readLookupField(field);
  const what = error === 'not-found' ? problem.wrong : problem.locked;
  if (until !== undefined) return [what, problem.until(formats.dayTime(until, nowMs))];
  if (error === 'rate-limited') return [what, problem.wait];
  return [what, problem.both, ...(left === undefined ? [] : [problem.left(left)])];
}
