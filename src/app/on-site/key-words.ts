import { onSite } from '../../i18n/on-site.ts';
import { shared } from '../../i18n/shared.ts';
import type { DeskProblem } from './key-desk.svelte.ts';

/** The sentence and next step for what went wrong with a field key or on the way to the server. */
export function keyProblemText(problem: DeskProblem): string {
  const own: Partial<Record<string, string>> = onSite.t.key.problem;
  const common: Partial<Record<string, readonly string[]>> = shared.t.failure;
  return own[problem] ?? (common[problem] ?? shared.t.failure.internal).join(' ');
}
