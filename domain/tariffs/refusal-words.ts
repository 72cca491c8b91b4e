import type { RateRefusal } from './rating.ts';
import type { Bilingual } from './tariff.ts';

/** What each refusal means, and what to do. The place stands in the result's detail. */
export const refusalWords: Readonly<Record<RateRefusal, Bilingual>> = {
  'bad-tariff': {
    zh: '价目表有误，无法计费。请按所示位置改正价目表。',
    en: 'The tariff cannot be meant as it stands. Correct the named place in it.',
  },
  'bad-input': {
    zh: '输入的数据格式有误。请按所示位置改正。',
    en: 'A value does not have the form that it needs. Correct the named place.',
  },
  'no-version': {
    zh: '账期内没有生效的价目版本。请核对日期，或启用相应版本。',
    en: 'No version of the tariff holds on that day. Check the day, or activate the version.',
  },
  'missing-reading': {
    zh: '缺少读数，未计费。请补抄读数，或录入估抄。',
    en: 'A reading is missing, so nothing was billed. Read the meter, or enter an estimate.',
  },
  'reading-falls': {
    zh: '本次读数小于上次读数，且不像是表计归零。请复核读数或换表记录。',
    en: 'The reading is below the one before, and it is no roll-over. Check it, or record the new meter.',
  },
  'negative-usage': {
    zh: '用量为负数，未计费。请复核读数。',
    en: 'The usage is below 0, so nothing was billed. Check the readings.',
  },
  'unknown-variable': {
    zh: '计费需要的住户资料缺失，未计费。请在住户资料中补录。',
    en: 'The tariff asks for something that is not known of this household. Enter it in the account.',
  },
  'formula-error': {
    zh: '公式无法计算，未计费。请检查公式及其变量。',
    en: 'The formula has no result, so nothing was billed. Check it and what it is given.',
  },
  'bad-period': {
    zh: '账期有误。请核对起止日期。',
    en: 'The days of the bill cannot be. Check its first and last day.',
  },
  'waiver-not-allowed': {
    zh: '该角色无权减免违约金。请由价目表列明的角色办理。',
    en: 'This role may not waive a late fee. Ask one that the tariff names.',
  },
  'too-large': {
    zh: '数据量或数值超出限制，未处理。请缩小后重试。',
    en: 'There is more than the limits allow. Split it, or correct the number.',
  },
};
