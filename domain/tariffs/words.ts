import { yuanFromFen, type Fen } from '../money.ts';
import type { DayText, DecimalText } from './rating.ts';
import type { Bilingual } from './tariff.ts';

/** What people call the money of a tariff. */
export function moneyName(currency: string): Bilingual {
  return currency === 'CNY' ? { zh: '元', en: 'yuan' } : { zh: currency, en: currency };
}

/** Quantity × price. */
export function timesWords(quantity: DecimalText, unit: Bilingual, price: DecimalText, money: Bilingual): Bilingual {
  return {
    zh: `${quantity} ${unit.zh} × ${price} ${money.zh}`,
    en: `${quantity} ${unit.en} × ${price} ${money.en}`,
  };
}

/** Adds which tier, and what of the window was used before. */
export function tierWords(
  words: Bilingual,
  index: number,
  before: DecimalText | undefined,
  unit: Bilingual,
): Bilingual {
  const level = String(index + 1);
  if (before === undefined) return { zh: `第 ${level} 档：${words.zh}`, en: `tier ${level}: ${words.en}` };
  return {
    zh: `第 ${level} 档：${words.zh}（此前已用 ${before} ${unit.zh}）`,
    en: `tier ${level}: ${words.en} (${before} ${unit.en} used before)`,
  };
}

/** The amount that comes with a tier. */
export function flatWords(index: number, amount: DecimalText, money: Bilingual): Bilingual {
  const level = String(index + 1);
  return {
    zh: `第 ${level} 档固定费用 ${amount} ${money.zh}`,
    en: `fixed amount of tier ${level}, ${amount} ${money.en}`,
  };
}

/** Everything by the price of the total's tier, less what was billed before. */
export function alreadyWords(amount: DecimalText, money: Bilingual): Bilingual {
  return { zh: `减去此前已计费 ${amount} ${money.zh}`, en: `less ${amount} ${money.en} billed before` };
}

/** Started blocks or packages. */
export function blockWords(
  count: DecimalText,
  size: DecimalText,
  unit: Bilingual,
  price: string,
  money: Bilingual,
): Bilingual {
  return {
    zh: `${count} 份（每份 ${size} ${unit.zh}，不足一份按一份计）× ${price} ${money.zh}`,
    en: `${count} started blocks of ${size} ${unit.en} × ${price} ${money.en}`,
  };
}

const perNames: Readonly<Record<'day' | 'month' | 'quarter' | 'year' | 'bill', Bilingual>> = {
  day: { zh: '天', en: 'day' },
  month: { zh: '个月', en: 'month' },
  quarter: { zh: '个季度', en: 'quarter' },
  year: { zh: '年', en: 'year' },
  bill: { zh: '期', en: 'bill' },
};

/** A charge that comes with time. */
export function fixedWords(
  count: DecimalText,
  per: keyof typeof perNames,
  price: DecimalText,
  money: Bilingual,
): Bilingual {
  const name = perNames[per];
  const plural = count === '1' ? '' : 's';
  return {
    zh: `${count} ${name.zh} × ${price} ${money.zh}`,
    en: `${count} ${name.en}${plural} × ${price} ${money.en}`,
  };
}

/** The days that a line is for, where a bill has several. */
export function daysWords(words: Bilingual, from: DayText, lastDay: DayText): Bilingual {
  return { zh: `${from} 至 ${lastDay}：${words.zh}`, en: `${from} to ${lastDay}: ${words.en}` };
}

/** A period of the day, with how its part of a tier was found. */
export function periodWords(words: Bilingual, label: Bilingual, byRatio: 'bill' | 'day' | undefined): Bilingual {
  const zh = byRatio === undefined ? '' : byRatio === 'bill' ? '（按本期各时段比例分摊）' : '（按当日各时段比例分摊）';
  const en = byRatio === undefined ? '' : ` (in proportion to the ${byRatio}'s periods)`;
  return { zh: `${label.zh} ${words.zh}${zh}`, en: `${label.en} ${words.en}${en}` };
}

/** A percentage of an amount. */
export function percentWords(percent: DecimalText, base: DecimalText, money: Bilingual): Bilingual {
  return { zh: `${base} ${money.zh} 的 ${percent}%`, en: `${percent}% of ${base} ${money.en}` };
}

/** A formula with what stood in for its names, and the days of the bill that it was taken for where not all. */
export function formulaWords(
  text: string,
  values: ReadonlyMap<string, DecimalText>,
  part?: { readonly days: number; readonly of: number },
): Bilingual {
  const where = [...values].map(([name, value]) => `${name} = ${value}`).join(', ');
  const words = where === '' ? text : `${text}; ${where}`;
  const zh = words.replaceAll('; ', '；').replaceAll(', ', '，');
  if (part === undefined) return { zh, en: words };
  const [days, of] = [String(part.days), String(part.of)];
  return { zh: `${zh}；本期 ${of} 天中的 ${days} 天`, en: `${words}; ${days} of the bill's ${of} days` };
}

/** A part of what is common to all. */
export function shareWords(total: DecimalText, key: DecimalText, keys: DecimalText, money: Bilingual): Bilingual {
  return {
    zh: `公共费用 ${total} ${money.zh}，按 ${key} ÷ ${keys} 分摊`,
    en: `${total} ${money.en} in common, ${key} of ${keys} parts`,
  };
}

/** What a minimum or maximum brought the sum to. */
export function limitWords(
  kind: 'minimum' | 'maximum',
  limit: DecimalText,
  sum: DecimalText,
  money: Bilingual,
): Bilingual {
  return kind === 'minimum'
    ? {
        zh: `最低消费 ${limit} ${money.zh}，已计 ${sum} ${money.zh}`,
        en: `at least ${limit} ${money.en}, ${sum} so far`,
      }
    : {
        zh: `最高收费 ${limit} ${money.zh}，已计 ${sum} ${money.zh}`,
        en: `at most ${limit} ${money.en}, ${sum} so far`,
      };
}

/** Months for nothing. */
export function freeMonthsWords(free: DecimalText, from: number): Bilingual {
  return { zh: `满 ${String(from)} 个月减免 ${free} 个月`, en: `${free} of ${String(from)} months free` };
}

/** The total brought to what can be paid in cash. */
export function cashWords(step: DecimalText, money: Bilingual): Bilingual {
  return { zh: `总额取整到 ${step} ${money.zh}`, en: `total to the next ${step} ${money.en}` };
}

/** One stretch of days of delay. */
export interface DelayWords {
  readonly unpaid: DecimalText;
  readonly days: number;
  readonly percent: DecimalText;
}

/** A late fee, stretch by stretch, and what the minimum or the cap made of it. */
export function lateFeeWords(
  parts: readonly DelayWords[],
  bound: { readonly kind: 'minimum' | 'cap'; readonly amount: DecimalText } | undefined,
  money: Bilingual,
): Bilingual {
  const zh = parts.map(({ unpaid, days, percent }) => `欠费 ${unpaid} ${money.zh} × ${String(days)} 天 × ${percent}%`);
  const en = parts.map(
    ({ unpaid, days, percent }) => `${unpaid} ${money.en} × ${String(days)} day${days === 1 ? '' : 's'} × ${percent}%`,
  );
  if (bound === undefined) return { zh: zh.join(' + '), en: en.join(' + ') };
  return bound.kind === 'minimum'
    ? {
        zh: `${zh.join(' + ')}，不足 ${bound.amount} ${money.zh} 按此计`,
        en: `${en.join(' + ')}, at least ${bound.amount}`,
      }
    : { zh: `${zh.join(' + ')}，最高 ${bound.amount} ${money.zh}`, en: `${en.join(' + ')}, at most ${bound.amount}` };
}

/** A late fee that was let go. */
export function waiverWords(reason: string): Bilingual {
  return { zh: `已减免：${reason}`, en: `waived: ${reason}` };
}

/** What a correction changes. */
export function correctionWords(before: Fen, now: Fen, money: Bilingual): Bilingual {
  const [was, is] = [yuanFromFen(before), yuanFromFen(now)];
  return {
    zh: `更正：原 ${was} ${money.zh}，应为 ${is} ${money.zh}`,
    en: `corrected: was ${was}, is ${is} ${money.en}`,
  };
}
