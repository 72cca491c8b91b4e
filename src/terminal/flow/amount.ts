import { fenFromYuan, orderMaxFen } from '../../../domain/money.ts';
import type { Fen } from '../../../domain/money.ts';
import type { RouteView } from '../../../protocol/http/payments.ts';
import { isDigit } from './keys.ts';
import type { Key } from './keys.ts';

const decimalsMax = 2;

/** The text after a key; unchanged when the key does not fit: a third decimal, or more than one order may be. */
export function typeAmount(text: string, key: Key): string {
  if (key === 'delete') return text.slice(0, -1);
  if (key === '00') return typeAmount(typeAmount(text, '0'), '0');
  if (key === 'symbol') return text.includes('.') ? text : `${text === '' ? '0' : text}.`;
  if (!isDigit(key)) return text;
  const [, decimals] = text.split('.');
  if (decimals !== undefined && decimals.length >= decimalsMax) return text;
  const next = text === '0' ? key : text + key;
  return (readFen(next) ?? Infinity) <= orderMaxFen ? next : text;
}

/** The whole fen of a text that may still be under way ("12."); undefined when nothing or only zeros stand there. */
export function fenOf(text: string): Fen | undefined {
  const amount = readFen(text);
  return amount === 0 ? undefined : amount;
}

function readFen(text: string): Fen | undefined {
  return fenFromYuan(text.endsWith('.') ? text.slice(0, -1) : text);
}

/** Why a channel cannot take what is typed, as far as the last list of channels tells. */
export type AmountProblem =
  { readonly why: 'over'; readonly leftFen: number; readonly isDay: boolean } | { readonly why: 'closed' };

/** Looks at once, before the server is asked; undefined when nothing speaks against the amount. */
export function amountProblem(route: RouteView | undefined, amountFen: number | undefined): AmountProblem | undefined {
  if (route === undefined) return undefined;
  if (!route.isAvailable) return { why: 'closed' };
  const { leftFen, day } = route;
  if (amountFen === undefined || leftFen === undefined || amountFen <= leftFen) return undefined;
  return { why: 'over', leftFen, isDay: day !== undefined && day.maxFen - day.usedFen <= leftFen };
}
