import type { FeeService } from '../../../../domain/tariffs/rating.ts';

/** A text in both languages. */
export interface Words {
  readonly zh: string;
  readonly en: string;
}

/** What a bill of each service is called. */
export const serviceNames: Readonly<Record<FeeService, Words>> = {
  property: { zh: '物业费', en: 'Property fee' },
  housing: { zh: '房租', en: 'Rent' },
  water: { zh: '水费', en: 'Water' },
  electricity: { zh: '电费', en: 'Electricity' },
  gas: { zh: '燃气费', en: 'Gas' },
  parking: { zh: '停车费', en: 'Parking' },
  mobile: { zh: '手机话费', en: 'Mobile phone' },
  'fixed-phone': { zh: '固定电话费', en: 'Fixed phone' },
};

const monthNames = [
  ...['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September', 'October', 'November'],
  'December',
];

/** True when the days are whole months of the calendar. */
function areMonths(from: string, to: string): boolean {
  const next = new Date(Date.parse(`${to}T00:00:00Z`) + 86_400_000).toISOString();
  return from.endsWith('-01') && next.slice(8, 10) === '01';
}

/** One end of a period; with the year where it is not plain. */
function endWords(day: string, isMonth: boolean, withYear: boolean): Words {
  const [year = '', month = '', date = ''] = day.split('-').map((part) => String(Number(part)));
  const name = monthNames[Number(month) - 1] ?? month;
  return {
    zh: `${withYear ? `${year} 年 ` : ''}${month} 月${isMonth ? '' : ` ${date} 日`}`,
    en: `${isMonth ? name : `${date} ${name.slice(0, 3)}`}${withYear ? ` ${year}` : ''}`,
  };
}

/** The days of a bill as people say them; `today` tells which year goes without saying. */
function periodWords(from: string, to: string, today: string): Words {
  const isMonth = areMonths(from, to);
  const [first, last] = [from.slice(0, 4), to.slice(0, 4)];
  const isOneYear = first === last;
  const withYear = !isOneYear || first !== today.slice(0, 4);
  const [start, end] = [endWords(from, isMonth, withYear), endWords(to, isMonth, withYear)];
  if (isMonth && from.slice(0, 7) === to.slice(0, 7)) return start;
  // The year of both stands once: before them in Chinese, behind them in English.
  return {
    zh: `${start.zh}至 ${endWords(to, isMonth, !isOneYear).zh}`,
    en: `${endWords(from, isMonth, !isOneYear).en} – ${end.en}`,
  };
}

/** What a bill is for, besides its days. */
interface Titled {
  readonly service: FeeService;
  /** First and last day, `yyyy-mm-dd`. */
  readonly from: string;
  readonly to: string;
  readonly isCorrection: boolean;
}

/**
 * What one bill is called on `today`: "10 月电费", "Electricity, October"; with its year when that is not the present one.
 * It stands on receipts and at platforms, so no household is in it.
 */
export function billTitle({ service, from, to, isCorrection }: Titled, today: string): Words {
  const [name, period] = [serviceNames[service], periodWords(from, to, today)];
  return {
    zh: `${period.zh}${name.zh}${isCorrection ? '更正' : ''}`,
    en: `${name.en}${isCorrection ? ' correction' : ''}, ${period.en}`,
  };
}

/** What a quote is called. */
export function quoteTitle(service: FeeService, titles: readonly Words[]): Words {
  const [first] = titles;
  if (first === undefined) return { zh: `${serviceNames[service].zh}充值`, en: `${serviceNames[service].en}: top-up` };
  if (titles.length === 1) return first;
  const count = String(titles.length);
  return { zh: `${first.zh}等 ${count} 笔`, en: `${first.en} and ${String(titles.length - 1)} more` };
}

/** Texts of lines that are not in the price list. */
export const lineWords = {
  paidBefore: { zh: '此前已付', en: 'Paid before' },
  lateFee: { zh: '违约金', en: 'Late fee' },
  topUp: { zh: '预存', en: 'Paid in advance' },
  topUpSum: { zh: '存入本户余额，用于以后的账单', en: 'Goes to the household’s balance, for later bills' },
  shortened: { zh: '本期费用', en: 'Charges of this bill' },
  shortenedSum: { zh: '明细请到收费单位查询', en: 'The office has the single lines' },
  surplus: { zh: '多付部分，已存入余额', en: 'More than was owed, kept as balance' },
  takenBack: { zh: '退款', en: 'Given back' },
  principal: { zh: '本金', en: 'Principal' },
} as const;

const yuan = (fen: number): string => (fen / 100).toFixed(2);

/** Why a quote was made anew, and why it will be another sum. */
export const changeWords = {
  timeOver: {
    zh: '报价已过期，已重新计算。',
    en: 'The quote had expired and was worked out again.',
  },
  sameSum: { zh: '金额没有变化。', en: 'The amount is the same.' },
  sum: (was: number, is: number): Words => ({
    zh: `合计由 ${yuan(was)} 元变为 ${yuan(is)} 元。`,
    en: `The total was ${yuan(was)} yuan and is now ${yuan(is)} yuan.`,
  }),
  lateFee: (title: Words, was: number, is: number): Words => ({
    zh: `${title.zh}：违约金由 ${yuan(was)} 元变为 ${yuan(is)} 元。`,
    en: `${title.en}: the late fee was ${yuan(was)} yuan and is now ${yuan(is)} yuan.`,
  }),
  principal: (title: Words, was: number, is: number): Words => ({
    zh: `${title.zh}：应付由 ${yuan(was)} 元变为 ${yuan(is)} 元，账单有付款或更正。`,
    en: `${title.en}: what is owed was ${yuan(was)} yuan and is now ${yuan(is)} yuan; the bill was paid in part or corrected.`,
  }),
  corrected: (title: Words): Words => ({
    zh: `${title.zh}：账单已更正。`,
    en: `${title.en}: the bill was corrected.`,
  }),
  gone: (title: Words): Words => ({
    zh: `${title.zh}：已付清或已作废，不再收取。`,
    en: `${title.en}: it is paid or void and no longer asked for.`,
  }),
  /** Part of a sentence: whoever shows it says from when. */
  later: (more: number): Words => ({
    zh: `违约金再加 ${yuan(more)} 元`,
    en: `the late fee grows by ${yuan(more)} yuan`,
  }),
} as const;

/** What a receipt says besides its figures. */
export const noteWords = {
  stillOwed: (title: Words, fen: number): Words => ({
    zh: `${title.zh}：付款到账时的应付金额高于报价，还差 ${yuan(fen)} 元未付。`,
    en: `${title.en}: more was owed when the payment arrived than was quoted; ${yuan(fen)} yuan stay owed.`,
  }),
  surplus: (fen: number): Words => ({
    zh: `账单已另行付款或更正，多出的 ${yuan(fen)} 元已存入本户余额。`,
    en: `The bills were paid or corrected meanwhile; ${yuan(fen)} yuan more than was owed went to the household’s balance.`,
  }),
  owedAgain: (title: Words, fen: number): Words => ({
    zh: `${title.zh}：${yuan(fen)} 元重新变为未付。`,
    en: `${title.en}: ${yuan(fen)} yuan are owed again.`,
  }),
  balanceSpent: (fen: number): Words => ({
    zh: `其中 ${yuan(fen)} 元已从余额中使用，收费单位将另行处理。`,
    en: `${yuan(fen)} yuan of it had been used from the balance already; the office will see to that.`,
  }),
} as const;
