import type { OfficeFeeCorrectionsText } from './office-fee-corrections.en.ts';

/** 后台批量更正账单的文字：追溯价目、楼栋总数。 */
export const officeFeeCorrectionsZh: OfficeFeeCorrectionsText = {
  versionTitle: (number) => `第 ${number} 版涵盖已出账的日期`,
  versionHint: '原账单不改。每户的差额另成一张账单：新价高的补收，新价低的退回。',
  totalTitle: (label) => `更正总数：${label}`,
  totalHint: '新总数仍由原来的住户按原来的依据分摊。每户的差额另成一张账单，各户之和与新总数一分不差。',
  correctTotal: '更正总数',
  toldBefore: (total) => `出账时填的是 ${total}，总数后来更正过。`,
  right: (label, unit) => `${label}正确的全楼用量（${unit}）`,
  rightAmount: (label) => `${label}正确的总金额（元）`,
  look: '查看影响',
  looking: '正在计算……',
  counts: (households, bills) => `${households} 户，${bills} 张账单`,
  sum: (shown, all, old, fresh) =>
    `${shown === all ? '合计' : `前 ${shown} 户合计（共 ${all} 户）`}：${old} → ${fresh}`,
  whole: (old, fresh) => `分摊总额：${old} → ${fresh}`,
  columns: { household: '住户', old: '原金额', fresh: '新金额', change: '差额' },
  same: '不变',
  more: '再看一些住户',
  notPossible: (count) => `所示住户中有 ${count} 户不能更正，出账记录会列出原因。`,
  none: '这些日期已没有账单。',
  reason: '原因（写入账单和记录）',
  correct: '更正账单',
  again: '更正剩下的账单',
  started: '正在更正账单。',
  kind: '更正',
  titleOf: (about) => `更正：${about}`,
  made: (count) => `已更正 ${count} 户`,
  kept: (count) => `${count} 户金额不变`,
  refusals: (count) => `${count} 户未更正，原因如下`,
  noRefusals: '所有住户都已更正或金额不变。',
};
