import type { ApiFailure } from '../../api/failures.ts';
import { shared } from '../../i18n/shared.ts';

/** The words for the field `name` when the server found fault with it, otherwise undefined. */
export function fieldError(failure: ApiFailure | undefined, name: string): string | undefined {
  if (failure?.field === undefined || failure.field.split('.').at(-1) !== name) return undefined;
  return shared.t.failure[failure.error].join(' ');
}

/** True when a failure names one of the form's own fields, so that it needs no note of its own. */
export function isAboutField(failure: ApiFailure | undefined, names: readonly string[]): boolean {
  return names.some((name) => fieldError(failure, name) !== undefined);
}
