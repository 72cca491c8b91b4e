import type { RouteView } from '../../../protocol/http/payments.ts';

/** Longest rule that is tried; a channel's rule is a few prefixes. */
const ruleMaxChars = 200;
const codePattern = /^\d{16,24}$/;

/** True for what may be a customer's code at all. */
export function isCustomerCode(text: string): boolean {
  return codePattern.test(text);
}

/** The channel whose prefix rule fits; the server confirms it. Undefined when none or more than one does. */
export function channelOfCode(routes: readonly RouteView[], code: string): RouteView | undefined {
  if (!isCustomerCode(code)) return undefined;
  const fitting = routes.filter(({ authCode }) => authCode !== undefined && fits(authCode, code));
  return fitting.length === 1 ? fitting[0] : undefined;
}

function fits(rule: string, code: string): boolean {
  if (rule.length > ruleMaxChars) return false;
  try {
    return new RegExp(rule).test(code);
  } catch {
    return false;
  }
}
