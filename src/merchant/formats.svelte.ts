import { createFormats, type Formats } from '../i18n/format.ts';
import { i18n } from '../i18n/i18n.svelte.ts';
import { languageTags } from '../i18n/languages.ts';
import { noonOf } from './shanghai.ts';

/** The shop's zone: days and hours here are those of the platforms' bills, wherever the reader is. */
const shopZone = 'Asia/Shanghai';

interface ShopFormats extends Formats {
  /** `Tuesday 24 November` of a `yyyy-mm-dd`. */
  day(day: string): string;
  /** `Tue 24 Nov 2026` of a `yyyy-mm-dd`. */
  dayShort(day: string): string;
  /** `Tuesday` of a `yyyy-mm-dd`. */
  weekday(day: string): string;
  /** `2.5M` of 2,500,000: a number where there is little room. */
  short(value: number): string;
  /** `24 Nov 14:39:48`: a line of a list that spans days. */
  stamp(at: string | number): string;
}

function createShopFormats(): ShopFormats {
  const tag = languageTags[i18n.language];
  const base = createFormats(i18n.language, shopZone);
  const shape = (options: Intl.DateTimeFormatOptions) =>
    new Intl.DateTimeFormat(tag, { ...options, timeZone: shopZone });
  const day = shape({ weekday: 'long', day: 'numeric', month: 'long' });
  const dayShort = shape({ weekday: 'short', day: 'numeric', month: 'short', year: 'numeric' });
  const weekday = shape({ weekday: 'long' });
  const monthDay = shape({ day: 'numeric', month: 'short' });
  const short = new Intl.NumberFormat(tag, { notation: 'compact' });
  return {
    ...base,
    short: (value) => short.format(value),
    day: (text) => day.format(noonOf(text)).replace(',', ''),
    dayShort: (text) => dayShort.format(noonOf(text)).replace(',', ''),
    weekday: (text) => weekday.format(noonOf(text)),
    stamp: (at) => `${monthDay.format(new Date(at))} ${base.time(at)}`,
  };
}

class Shop {
  readonly #formats = $derived(createShopFormats());

  get formats(): ShopFormats {
    return this.#formats;
  }
}

const shop = new Shop();

/** Times, days and amounts as the shop reads them: the page's language, the shop's zone. Reactive. */
export function formats(): ShopFormats {
  return shop.formats;
}

/** Fen as digits without a sign of money: `1,904.70`, with a real minus. */
export function plainYuan(fen: number): string {
  return formats().yuan(fen).replace('¥', '');
}

/** The part of an order's number that people say: `261124-005207` → `5207`, at least four digits. */
export function shortNo(orderNo: string): string {
  const last = orderNo.split('-').at(-1) ?? orderNo;
  return last.replace(/^0+(?=\d{4})/, '');
}
