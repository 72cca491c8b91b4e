import type { FeeService } from '../../../../domain/tariffs/rating.ts';

/** What a file can bring in. */
export type ImportKind = 'accounts' | 'readings';

/** One column that a file may have: what people call it, the first in each language being the template's own. */
export interface ImportColumn {
  readonly field: string;
  readonly names: { readonly zh: readonly string[]; readonly en: readonly string[] };
  readonly isNeeded: boolean;
  /** An example row's value, for the template. */
  readonly example: { readonly zh: string; readonly en: string };
}

const both = (text: string) => ({ zh: text, en: text });

const accountColumns: readonly ImportColumn[] = [
  {
    field: 'number',
    names: { zh: ['户号', '户编号', '用户编号', '编号'], en: ['Household number', 'Number', 'Account number'] },
    isNeeded: true,
    example: both('20260003176'),
  },
  {
    field: 'label',
    names: { zh: ['房号', '地址', '房屋', '车位', '名称'], en: ['Label', 'Room', 'Address', 'Bay'] },
    isNeeded: true,
    example: { zh: '3 号楼 1203 室', en: 'Block 3, 1203' },
  },
  {
    field: 'secret',
    names: { zh: ['查询密码', '约定数字', '密码'], en: ['Secret digits', 'Secret', 'PIN'] },
    isNeeded: false,
    example: both('1203'),
  },
  {
    field: 'areaM2',
    names: { zh: ['建筑面积', '面积'], en: ['Area', 'Built-up area', 'Area m2'] },
    isNeeded: false,
    example: both('89.5'),
  },
  {
    field: 'innerAreaM2',
    names: { zh: ['套内面积', '使用面积'], en: ['Inner area', 'Usable area'] },
    isNeeded: false,
    example: both('72.3'),
  },
  {
    field: 'persons',
    names: { zh: ['人数', '人口', '户籍人数'], en: ['Persons', 'People', 'Household size'] },
    isNeeded: false,
    example: both('3'),
  },
  {
    field: 'customerClass',
    names: { zh: ['用户类别', '类别'], en: ['Class', 'Customer class'] },
    isNeeded: false,
    example: both('resident'),
  },
  {
    field: 'movedIn',
    names: { zh: ['入住日期', '起始日期'], en: ['Moved in', 'Since'] },
    isNeeded: false,
    example: both('2025-03-01'),
  },
];
const meterColumns: readonly ImportColumn[] = [
  {
    field: 'serial',
    names: { zh: ['表号', '表具编号'], en: ['Meter', 'Meter number', 'Serial'] },
    isNeeded: false,
    example: both('W-208841'),
  },
  {
    field: 'firstOn',
    names: { zh: ['起始抄表日期', '装表日期'], en: ['First read on', 'Installed on'] },
    isNeeded: false,
    example: both('2026-01-01'),
  },
  {
    field: 'firstValue',
    names: { zh: ['起始读数', '表底数'], en: ['First reading', 'Opening reading'] },
    isNeeded: false,
    example: both('1204'),
  },
  {
    field: 'maxDial',
    names: { zh: ['表盘最大值'], en: ['Dial size', 'Max dial'] },
    isNeeded: false,
    example: both('100000'),
  },
];
/** Registers that a first value can be brought in for, with what people call them. */
export const firstRegisters = {
  sharp: { zh: '尖', en: 'sharp' },
  peak: { zh: '峰', en: 'peak' },
  flat: { zh: '平', en: 'flat' },
  valley: { zh: '谷', en: 'valley' },
  deep: { zh: '深谷', en: 'deep' },
} as const;
/** First values of a meter by time of day, instead of the single one. */
const registerColumns: readonly ImportColumn[] = Object.entries(firstRegisters).map(([register, { zh, en }]) => ({
  field: `firstValues.${register}`,
  names: {
    zh: [`起始读数 ${zh}`, `起始读数${zh}`, `表底数 ${zh}`, `表底数${zh}`],
    en: [`First reading ${en}`, `Opening reading ${en}`],
  },
  isNeeded: false,
  example: both(''),
}));
const readingColumns: readonly ImportColumn[] = [
  {
    field: 'number',
    names: { zh: ['户号', '户编号', '用户编号', '编号'], en: ['Household number', 'Number', 'Account number'] },
    isNeeded: true,
    example: both('20260003176'),
  },
  {
    field: 'serial',
    names: { zh: ['表号', '表具编号'], en: ['Meter', 'Meter number', 'Serial'] },
    isNeeded: false,
    example: both('W-208841'),
  },
  {
    field: 'on',
    names: { zh: ['抄表日期', '日期'], en: ['Read on', 'Date', 'Reading date'] },
    isNeeded: true,
    example: both('2026-11-01'),
  },
  {
    field: 'value',
    names: { zh: ['读数', '本期读数', '示数'], en: ['Reading', 'Value'] },
    isNeeded: true,
    example: both('1238'),
  },
  {
    field: 'register',
    names: { zh: ['时段', '费率时段', '计度器'], en: ['Register', 'Period', 'Time of day'] },
    isNeeded: false,
    example: both(''),
  },
  {
    field: 'quality',
    names: { zh: ['抄表方式', '类型'], en: ['Kind', 'Quality'] },
    isNeeded: false,
    example: { zh: '实抄', en: 'actual' },
  },
];

const metered: readonly FeeService[] = ['water', 'electricity', 'gas'];

/** True for services that go by a meter. */
export function isMetered(service: FeeService): boolean {
  return metered.includes(service);
}

const lines: readonly FeeService[] = ['mobile', 'fixed-phone'];
/** Where the line's own number is what the household is found by, its usual headings mean that and no person. */
const lineNumbers = {
  zh: ['手机号', '手机号码', '电话号码', '固话号码', '号码'],
  en: ['Phone number', 'Mobile number', 'Line number'],
};

/** The columns that a file of this kind may have. */
export function columnsOf(kind: ImportKind, service: FeeService): readonly ImportColumn[] {
  if (kind === 'readings') return readingColumns;
  const byTime = service === 'electricity' ? registerColumns : [];
  if (isMetered(service)) return [...accountColumns, ...meterColumns, ...byTime];
  if (!lines.includes(service)) return accountColumns;
  return accountColumns.map((column) =>
    column.field === 'number'
      ? {
          ...column,
          names: { zh: [...column.names.zh, ...lineNumbers.zh], en: [...column.names.en, ...lineNumbers.en] },
        }
      : column,
  );
}

/** Headings of what says who somebody is. Such columns are never read further than their heading. */
const personalHeadings = [
  /姓名|户主|业主|住户名|联系人|称呼/,
  /电话|手机|联系方式/,
  /身份证|证件|护照/,
  /银行|卡号|账户名/,
  /微信|邮箱|邮件|出生|生日|性别|民族|籍贯/,
  /\b(?:full |first |last |sur|family )?name\b|\bowner\b|\bcontact\b|\btenant\b/i,
  /phone|mobile|\btel\b/i,
  /passport|identity|\bid\b ?(?:card|number|no)/i,
  /bank|card ?(?:number|no)|e-?mail|birth|gender|\bsex\b/i,
] as const;

/** True for a column about a person, which is dropped. A service's own number, such as a phone's, is no such column. */
export function isPersonal(heading: string): boolean {
  return personalHeadings.some((pattern) => pattern.test(heading));
}

/** A heading without the signs that people put around it: `户号 *`, `面积（㎡）`. */
export function plainHeading(heading: string): string {
  return heading
    .replace(/[（(][^）)]*[）)]/g, '')
    .replace(/[*＊:：\s]+/g, ' ')
    .trim()
    .toLowerCase();
}

/** The field that a heading names, or nothing. */
export function fieldOf(heading: string, columns: readonly ImportColumn[]): string | undefined {
  const named = (plain: string): string | undefined =>
    columns.find(({ names }) => [...names.zh, ...names.en].some((name) => name.toLowerCase() === plain))?.field;
  // What stands in brackets may be what tells one column from another: `起始读数（峰）`.
  return named(plainHeading(heading.replace(/[（()）]/g, ' '))) ?? named(plainHeading(heading));
}
