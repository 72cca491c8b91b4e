import type { RouteView } from '../../../protocol/http/payments.ts';
import type { Formats } from '../../i18n/format.ts';
import type { TerminalText } from '../../i18n/terminal.en.ts';

/** From this share of a day's limit on, a channel's row says what is left. */
const nearShare = 0.8;

/** How much of a day's limit is used; undefined without one. */
export function dayUse({ day }: RouteView): { readonly share: number; readonly isNear: boolean } | undefined {
  if (day === undefined || day.maxFen <= 0) return undefined;
  const share = Math.min(1, day.usedFen / day.maxFen);
  return { share, isNear: share >= nearShare };
}

interface Words {
  readonly t: TerminalText;
  readonly formats: Formats;
  readonly nowMs: number;
}

/** The line under a channel's name: what it can take, or why not and from when again. */
export function routeSay(route: RouteView, words: Words): string {
  const { t, formats } = words;
  if (!route.isAvailable) return unavailableSay(route, words);
  if (dayUse(route)?.isNear && route.leftFen !== undefined) return t.left(formats.yuan(route.leftFen));
  const kind = (['card', 'qr', 'scan', 'link'] as const).find((name) => route.kinds.includes(name));
  const how = kind === undefined ? '' : t.kinds[kind];
  return route.day === undefined && route.leftFen !== undefined
    ? formats.row(how, t.leftOnce(formats.yuan(route.leftFen)))
    : how;
}

function unavailableSay({ reason = 'not-configured', leftFen = 0, resumesAt }: RouteView, words: Words): string {
  const { t, formats, nowMs } = words;
  const why = t.unavailable[reason];
  const isUsedUp = leftFen <= 0 && (reason === 'day-limit' || reason === 'month-limit');
  const text = isUsedUp ? t.usedUp[reason] : typeof why === 'string' ? why : why(formats.yuan(leftFen));
  return resumesAt === undefined ? text : formats.row(text, t.resumes(whenText(resumesAt, nowMs, words)));
}

const dayMs = 24 * 3_600_000;

function whenText(at: string, nowMs: number, { t, formats }: Words): string {
  const time = formats.timeShort(at);
  if (formats.date(at) === formats.date(nowMs)) return time;
  return formats.date(at) === formats.date(nowMs + dayMs) ? t.tomorrow(time) : formats.dateTime(at);
}
