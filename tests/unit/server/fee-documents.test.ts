import { describe, expect, it } from 'vitest';
import { fen } from '../../../domain/money.ts';
import { documentMaxBytes, type FeeReceipt, type QuoteDocument } from '../../../protocol/fees/documents.ts';
import { documentBytes } from '../../../server/services/fees/documents/sign.ts';
import { quoteDocument } from '../../../server/services/fees/quotes/document.ts';
import type { Owed } from '../../../server/services/fees/quotes/owed.ts';
import { lineWords, noteWords } from '../../../server/services/fees/quotes/words.ts';
import { fittedReceipt } from '../../../server/services/fees/receipts/fit.ts';

const id = (n: number): string => `018f0000-0000-7000-8000-${String(n).padStart(12, '0')}`;
const both = (zh: string, en: string) => ({ zh, en });
const long = both('违约金'.repeat(10), 'Late payment charge '.repeat(3));
const title = both('电费更正 2026年10月5日至2026年11月4日', 'Electricity correction, 5 Oct 2026 – 4 Nov 2026');
const twelve = Array.from({ length: 12 }, (_, n) => n);

/** A bill of which everything is as long as it may be. */
function owed(n: number): Owed {
  const words = both('未付 123.45 元 × 30 天 × 0.3%'.repeat(12), '123.45 yuan unpaid × 30 days × 0.3%'.repeat(12));
  const line = { id: 'a', componentId: 'a', label: long, words, kind: 'charge', version: 'v', unroundedYuan: '1' };
  const lines = Array.from({ length: 30 }, () => ({ ...line, amountFen: fen(400), basis: { rule: 'fixed' } }));
  const rated = { lines, totalFen: fen(12_000), usage: [], tiers: [], state: { used: {} }, versions: [] };
  return {
    ...{ id: id(n), version: 3, title, from: '2026-10-05', to: '2026-11-04', dueOn: '2026-11-19' },
    ...{ rated: rated as unknown as Owed['rated'], principalFen: fen(10_000), paidFen: fen(2_000) },
    ...{ lateAllFen: fen(500), latePaidFen: fen(100), lateFen: fen(400), lateWords: words, lateLabel: long },
  };
}

const channel = {
  ...{ code: 'unionpay-qr', name: both('云闪付', 'UnionPay') },
  account: { certId: '69629715588', modulus: 'A'.repeat(342), exponent: 'AQAB' },
  inApp: { browser: 'MicroMessenger', authorizeUrl: `https://open.example/connect?x=${'y'.repeat(200)}` },
};
const around = {
  ...{ service: 'electricity' as const, payee: { name: '桂园小区物业服务处'.repeat(4) } },
  terminal: { id: id(99), label: '收银台一号'.repeat(4), place: '桂园便利店'.repeat(6) },
  household: { label: '3 号楼 12** 室'.repeat(3), tail: '3176' },
};
const sumOf = (lines: readonly { amountFen: number }[]): number => lines.reduce((sum, line) => sum + line.amountFen, 0);

describe('a document of twelve bills', () => {
  it('a quote with late fees and long names fits, and its lines sum to what is owed', () => {
    const bills = twelve.map(owed);
    const frame: Omit<QuoteDocument, 'bills'> = {
      ...{ v: 1, quoteId: id(50), title, ...around, totalFen: fen(124_800), computedAt: '2026-11-24T07:00:00.000Z' },
      ...{ validUntil: '2026-11-24T16:00:00.000Z', later: { totalFen: fen(125_000), why: long } },
      ...{ inputsHash: 'h'.repeat(43), channels: [channel, channel, channel], digitsAboveFen: fen(50_000) },
    };
    const names = Array.from({ length: 3 }, () => both('居民阶梯电价'.repeat(8), 'Residential electricity '.repeat(2)));
    const document = quoteDocument(frame, bills, () => ({ unit: both('度', 'kWh'), names }));
    expect(documentBytes(document).length).toBeLessThanOrEqual(documentMaxBytes);
    expect(document.bills.map((bill) => [bill.totalFen, sumOf(bill.lines)])).toEqual(
      twelve.map(() => [10_400, 10_400]),
    );
  });

  it.each(['payment', 'reversal'] as const)('a receipt of a %s fits, with the same sums', (kind) => {
    const part = (n: number): FeeReceipt['lines'] => [
      { label: title, words: lineWords.principal, amountFen: fen(10_000 + n), kind: 'charge' },
      {
        label: both(`${title.zh} 违约金`, `${title.en}: late fee`),
        words: long,
        amountFen: fen(400),
        kind: 'late-fee',
      },
    ];
    const top = { label: lineWords.surplus, words: lineWords.topUpSum, amountFen: fen(7), kind: 'top-up' as const };
    const receipt: Omit<FeeReceipt, 'notes'> = {
      ...{ v: 1, kind, receiptNo: 'TK-261124-123456', quoteId: id(50), title, ...around },
      ...(kind === 'reversal' ? { ofReceiptNo: 'TK-261124-123456', reason: '重复缴费。'.repeat(200) } : {}),
      lines: [...twelve.flatMap(part), top],
      ...{ totalFen: fen(124_873), channelName: channel.name, transactionId: '4'.repeat(32) },
      paidAt: '2026-11-24T07:00:00.000Z',
      bills: twelve.map((n) => ({ billId: id(n), title, paidFen: fen(-10_400), leftFen: fen(10_000) })),
    };
    const notes = { ofBills: twelve.map(() => noteWords.owedAgain(title, 10_400)), general: [noteWords.surplus(7)] };
    const document = fittedReceipt(receipt, notes);
    expect(documentBytes(document).length).toBeLessThanOrEqual(documentMaxBytes);
    const byKind = (lines: FeeReceipt['lines']) =>
      (['charge', 'late-fee', 'top-up'] as const).map((one) => sumOf(lines.filter((line) => line.kind === one)));
    expect(byKind(document.lines)).toEqual(byKind(receipt.lines));
    expect(document.bills).toEqual(receipt.bills);
    expect(document.notes).toContainEqual(noteWords.surplus(7));
  });
});
