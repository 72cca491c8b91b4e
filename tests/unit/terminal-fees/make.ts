import { base64UrlEncode, utf8Encode } from '../../../protocol/bytes.ts';
import type { FeeReceipt, PayWay, QuoteDocument, SignedDocument } from '../../../protocol/fees/documents.ts';
import type { FeeMenu, HouseholdView, QuoteView } from '../../../protocol/http/fees-terminal.ts';
import type { OpenBill } from '../../../src/terminal/fees/flow/household.ts';

/** An id that only differs by its number. */
export function id(n: number): string {
  return `01998c00-0000-7000-8000-${n.toString(16).padStart(12, '0')}`;
}

const office = { id: id(901), name: '桂园小区物业服务处' };
const grid = { id: id(902), name: '城东供电所' };

/** What the terminal of the story offers. */
export const menu: FeeMenu = {
  services: [
    {
      ...{ service: 'electricity', payees: [office, grid], numberDigits: { min: 8, max: 10 }, secretDigits: 4 },
      numberName: { zh: '户号', en: 'household number' },
      secretName: { zh: '约定的四位数字', en: 'four digits agreed with the office' },
    },
    {
      ...{ service: 'property', payees: [office], numberDigits: { min: 8, max: 8 }, secretDigits: 4 },
      numberName: { zh: '户号', en: 'household number' },
      secretName: { zh: '约定的四位数字', en: 'four digits agreed with the office' },
    },
    {
      ...{ service: 'mobile', payees: [{ id: id(903), name: '示范通信' }], numberDigits: { min: 11, max: 11 } },
      secretDigits: 0,
      numberName: { zh: '手机号码', en: 'mobile number' },
      secretName: { zh: '验证数字', en: 'digits' },
      topUp: { minFen: 1_000, maxFen: 50_000, usual: [3_000, 5_000, 10_000, 20_000] },
    },
  ],
  pageUrl: 'https://pay.example/l',
  lookupKey: { kid: '0a0b0c0d', publicKey: base64UrlEncode(new Uint8Array(65)) },
};

/** Channels whose code the terminal of the story can show. */
export const here: NonNullable<QuoteView['here']> = [
  { code: 'wechat-pay', name: { zh: '微信支付', en: 'WeChat Pay' } },
  { code: 'alipay', name: { zh: '支付宝', en: 'Alipay' } },
  { code: 'unionpay-qr', name: { zh: '云闪付', en: 'UnionPay' } },
];

/** One open bill; the parts that a test is about are given. */
export function bill(n: number, change: Partial<OpenBill> = {}): OpenBill {
  return {
    ...{ id: id(n), version: 1, title: { zh: '10 月电费', en: 'Electricity, October' } },
    ...{ from: '2026-10-01', to: '2026-10-31', dueOn: '2026-11-20' },
    ...{ isOverdue: false, totalFen: 15_668, lateFeeFen: 0, isBeingPaid: false },
    ...change,
  };
}

/** The household of the story. */
export function household(change: Partial<HouseholdView> = {}): HouseholdView {
  return {
    ...{ visit: 'visit-1', label: '3 号楼 12** 室', tail: '3176', payee: office },
    bills: [bill(1, { isOverdue: true, lateFeeFen: 140 })],
    balanceFen: 0,
    months: Array.from({ length: 12 }, (_value, place) => ({
      month: `${place < 2 ? 2025 : 2026}-${String(((place + 10) % 12) + 1).padStart(2, '0')}`,
      quantity: String(120 + ((place * 37) % 140)),
      unit: { zh: '度', en: 'kWh' },
      fen: 6_400 + ((place * 1_931) % 9_300),
    })),
    receipts: Array.from({ length: 7 }, (_value, place) => ({
      receiptNo: `F-2609${10 + place}-000${place}`,
      title: { zh: `${9 - place} 月电费`, en: `Electricity, month ${9 - place}` },
      totalFen: 9_912 + place * 731,
      at: `2026-0${9 - place}-15T03:20:00.000Z`,
      isReversed: place === 3,
    })),
    asOf: '2026-11-24T06:34:00.000Z',
    ...change,
  };
}

/** Signs nothing: the terminal shows what its server sent, only the phone checks signatures. */
export function sign(document: QuoteDocument | FeeReceipt | PayWay): SignedDocument {
  return { kid: 'test', bytes: base64UrlEncode(utf8Encode(JSON.stringify(document))), signature: 'A'.repeat(86) };
}

/** A quote for bills, or for a payment in advance. */
export function quoteDocument(
  quoteId: string,
  bills: readonly OpenBill[],
  change: Partial<QuoteDocument> = {},
): QuoteDocument {
  const totalFen = change.topUpFen ?? bills.reduce((sum, one) => sum + one.totalFen, 0);
  return {
    ...{ v: 1, quoteId, service: 'electricity', payee: { name: office.name } },
    title:
      bills.length > 1
        ? { zh: `电费，${bills.length} 张账单`, en: `Electricity, ${bills.length} bills` }
        : (bills[0]?.title ?? { zh: '话费预存', en: 'Phone, paid in advance' }),
    terminal: { id: id(801), label: 'E1-01', place: '桂园小区东门便利店' },
    household: { label: '3 号楼 12** 室', tail: '3176' },
    bills: bills.map((one) => ({
      ...{ billId: one.id, version: one.version, title: one.title, from: one.from, to: one.to },
      lines: [
        {
          label: { zh: '电费', en: 'Power' },
          words: { zh: '268 度', en: '268 kWh' },
          amountFen: one.totalFen - one.lateFeeFen,
          kind: 'charge',
        },
        ...(one.lateFeeFen === 0
          ? []
          : [
              {
                label: { zh: '违约金', en: 'Late fee' },
                words: { zh: '9 天', en: '9 days' },
                amountFen: one.lateFeeFen,
                kind: 'late-fee' as const,
              },
            ]),
      ],
      ...{ usage: [], tiers: [], tariffs: [], totalFen: one.totalFen },
    })),
    totalFen,
    computedAt: '2026-11-24T06:34:00.000Z',
    validUntil: '2026-11-24T16:00:00.000Z',
    inputsHash: 'A'.repeat(43),
    channels: [
      { code: 'wechat-pay', name: { zh: '微信支付', en: 'WeChat Pay' } },
      { code: 'alipay', name: { zh: '支付宝', en: 'Alipay' } },
      {
        code: 'unionpay-qr',
        name: { zh: '云闪付', en: 'UnionPay' },
        account: { certId: '1', modulus: 'AQAB', exponent: 'AQAB' },
      },
    ],
    digitsAboveFen: 50_000,
    ...change,
  };
}

/** The receipt of a paid quote. */
export function receiptOf(quote: QuoteDocument, change: Partial<FeeReceipt> = {}): FeeReceipt {
  return {
    ...{
      v: 1,
      kind: 'payment',
      receiptNo: `F-${quote.quoteId.slice(-6)}`,
      quoteId: quote.quoteId,
      service: quote.service,
    },
    ...{ title: quote.title, payee: quote.payee, terminal: quote.terminal, household: quote.household },
    lines: quote.bills.flatMap(({ lines }) => lines),
    totalFen: quote.totalFen,
    channelName: { zh: '微信支付', en: 'WeChat Pay' },
    transactionId: '4200000123',
    paidAt: '2026-11-24T06:36:08.000Z',
    bills: quote.bills.map(({ billId, title, totalFen }) => ({ billId, title, paidFen: totalFen, leftFen: 0 })),
    ...change,
  };
}
