import { type Fen, fen } from '../money.ts';
import { shanghaiDay, shanghaiDayStartMs } from './numbers.ts';
import type { LimitHold } from './records.ts';

/** A limit of the merchant's: the most of one payment, or of all payments of a day or month in Asia/Shanghai. */
export interface LimitRule {
  readonly id: string;
  readonly channel: string;
  /** Only for this terminal; for all of them together when null. */
  readonly terminalId: string | null;
  readonly window: 'transaction' | 'day' | 'month';
  readonly maxFen: Fen | null;
  readonly maxCount: number | null;
}

/** What of a rule's window is taken: reserved and committed together. */
export interface LimitUse {
  readonly ruleId: string;
  readonly windowStart: string;
  readonly usedFen: Fen;
  readonly usedCount: number;
}

/** Which limit stands in the way. */
export type LimitReason = 'transaction-limit' | 'day-limit' | 'month-limit' | 'count-limit';

/** What limits leave for one payment now. */
export interface Room {
  /** Absent when no rule limits amounts. */
  readonly leftFen?: Fen;
  /** The rule that leaves the least. */
  readonly reason?: LimitReason;
  /** When that rule begins anew, Unix milliseconds. */
  readonly resumesAtMs?: number;
  /** The tightest day limit. */
  readonly day?: { readonly maxFen: Fen; readonly usedFen: Fen };
}

/** First day of the window in which an instant lies, `yyyy-mm-dd` in Asia/Shanghai. */
export function windowStartOf(window: 'day' | 'month', ms: number): string {
  const day = shanghaiDay(ms);
  return window === 'day' ? day : `${day.slice(0, 7)}-01`;
}

/** Unix milliseconds at which the window that contains an instant ends. */
export function windowEndMs(window: 'day' | 'month', ms: number): number {
  const start = windowStartOf(window, ms);
  if (window === 'day') return shanghaiDayStartMs(start) + 24 * 3_600_000;
  const year = Number(start.slice(0, 4));
  const month = Number(start.slice(5, 7));
  const next = month === 12 ? `${String(year + 1)}-01` : `${String(year)}-${String(month + 1).padStart(2, '0')}`;
  return shanghaiDayStartMs(`${next}-01`);
}

/** The rules that an attempt over a channel at a terminal must keep. */
export function rulesFor(rules: readonly LimitRule[], channel: string, terminalId: string): LimitRule[] {
  return rules.filter(
    (rule) => rule.channel === channel && (rule.terminalId === null || rule.terminalId === terminalId),
  );
}

/**
 * What an attempt must hold of day and month rules. An attempt that lives past midnight holds both windows, so that
 * whichever it succeeds in was kept free for it. Sorted, so that all take them in the same order.
 */
export function holdsFor(rules: readonly LimitRule[], fromMs: number, untilMs: number): LimitHold[] {
  const holds = rules.flatMap(({ id, window }) => {
    if (window === 'transaction') return [];
    const starts = new Set([windowStartOf(window, fromMs), windowStartOf(window, untilMs)]);
    return [...starts].map((windowStart) => ({ ruleId: id, windowStart, windowKind: window }));
  });
  const key = (hold: LimitHold): string => `${hold.ruleId} ${hold.windowStart}`;
  return holds.sort((a, b) => (key(a) < key(b) ? -1 : 1));
}

/** Which of an attempt's holds count for good when it succeeds at `paidAtMs`; the others are given free. */
export function isKept(hold: LimitHold, holds: readonly LimitHold[], paidAtMs: number): boolean {
  const starts = holds.filter((other) => other.ruleId === hold.ruleId).map((other) => other.windowStart);
  const wanted = windowStartOf(hold.windowKind, paidAtMs);
  // A success outside of all held windows counts in the last one: that was kept free, another was not.
  const kept = starts.includes(wanted) ? wanted : starts.at(-1);
  return hold.windowStart === kept;
}

interface RuleRoom {
  readonly leftFen: number;
  readonly reason: LimitReason;
  readonly resumesAtMs?: number;
}

function roomOf(rule: LimitRule, uses: readonly LimitUse[], nowMs: number): RuleRoom {
  const { window } = rule;
  if (window === 'transaction') return { leftFen: rule.maxFen ?? Infinity, reason: 'transaction-limit' };
  const start = windowStartOf(window, nowMs);
  const use = uses.find((other) => other.ruleId === rule.id && other.windowStart === start);
  const resumesAtMs = windowEndMs(window, nowMs);
  const isCounted = rule.maxCount !== null && (use?.usedCount ?? 0) >= rule.maxCount;
  if (isCounted) return { leftFen: 0, reason: 'count-limit', resumesAtMs };
  const leftFen = rule.maxFen === null ? Infinity : Math.max(0, rule.maxFen - (use?.usedFen ?? 0));
  return { leftFen, reason: window === 'day' ? 'day-limit' : 'month-limit', resumesAtMs };
}

function tightestDay(rules: readonly LimitRule[], uses: readonly LimitUse[], nowMs: number): Room['day'] {
  const days = rules.flatMap((rule) => {
    if (rule.window !== 'day' || rule.maxFen === null) return [];
    const start = windowStartOf('day', nowMs);
    const use = uses.find((other) => other.ruleId === rule.id && other.windowStart === start);
    return [{ maxFen: rule.maxFen, usedFen: use?.usedFen ?? fen(0) }];
  });
  return days.sort((a, b) => a.maxFen - a.usedFen - (b.maxFen - b.usedFen))[0];
}

/** What these rules leave for one payment now, and which leaves the least. */
export function roomIn(rules: readonly LimitRule[], uses: readonly LimitUse[], nowMs: number): Room {
  const [least] = rules.map((rule) => roomOf(rule, uses, nowMs)).sort((a, b) => a.leftFen - b.leftFen);
  const day = tightestDay(rules, uses, nowMs);
  if (least === undefined || least.leftFen === Infinity) return day === undefined ? {} : { day };
  return {
    leftFen: fen(least.leftFen),
    reason: least.reason,
    ...(least.resumesAtMs === undefined ? {} : { resumesAtMs: least.resumesAtMs }),
    ...(day === undefined ? {} : { day }),
  };
}
