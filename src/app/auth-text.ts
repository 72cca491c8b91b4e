import type { AuthError } from '../api/auth.ts';
import { app } from '../i18n/app.ts';
import { shared } from '../i18n/shared.ts';

/** The sentence for a failed sign-in act. */
export function authSentence(error: AuthError): string {
  const own: Partial<Record<string, string>> = app.t.failure;
  const common: Partial<Record<string, readonly string[]>> = shared.t.failure;
  return own[error] ?? (common[error] ?? shared.t.failure.internal).join(' ');
}
