import { createSign, generateKeyPairSync } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { signedBytes } from '../../../protocol/fees/verify.ts';
import type { DocumentKind } from '../../../protocol/fees/purposes.ts';
import type { FeeReceipt, PayWay, QuoteDocument, SignedDocument } from '../../../protocol/fees/documents.ts';

/** A server's key for documents, and what it signs with it. */
export class DocumentSigner {
  readonly kid: string;
  readonly #privateKey: KeyObject;
  readonly #publicKey: KeyObject;

  constructor(kid = 'k1') {
    const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    this.kid = kid;
    this.#privateKey = pair.privateKey;
    this.#publicKey = pair.publicKey;
  }

  /** As GET /api/fees/keys lists it. */
  get listed(): { readonly kid: string; readonly x: string; readonly y: string } {
    const { x = '', y = '' } = this.#publicKey.export({ format: 'jwk' });
    return { kid: this.kid, x, y };
  }

  sign(kind: DocumentKind, content: QuoteDocument | FeeReceipt | PayWay): SignedDocument {
    const bytes = Buffer.from(JSON.stringify(content));
    const signature = createSign('SHA256')
      .update(signedBytes(kind, bytes))
      .sign({ key: this.#privateKey, dsaEncoding: 'ieee-p1363' });
    return { kid: this.kid, bytes: bytes.toString('base64url'), signature: signature.toString('base64url') };
  }
}

const billId = '00000000-0000-4000-8000-000000000011';
const unit = { zh: '度', en: 'kWh' };

/** The bill of the design: October's electricity, 318 kWh, 9 days late. */
export const octoberBill: QuoteDocument['bills'][number] = {
  billId,
  version: 1,
  title: { zh: '10 月电费', en: 'Electricity, October' },
  from: '2026-10-01',
  to: '2026-10-31',
  dueOn: '2026-11-15',
  lines: [
    {
      label: { zh: '电费', en: 'Electricity' },
      words: { zh: '318 度 × 每度 0.4883 元', en: '318 kWh × ¥0.4883 each' },
      amountFen: 15_528,
      kind: 'charge',
    },
    {
      label: { zh: '违约金', en: 'Late fee' },
      words: {
        zh: '11 月 15 日到期，过了 9 天，每天按 155.28 元的千分之一算',
        en: 'Due 15 November, 9 days late, each day one thousandth of ¥155.28',
      },
      amountFen: 140,
      kind: 'late-fee',
    },
  ],
  usage: [
    {
      from: { on: '2026-10-01', value: '18204' },
      to: { on: '2026-11-01', value: '18522' },
      quantity: '318',
      unit,
      isEstimate: false,
    },
  ],
  tiers: [
    {
      window: 'year',
      unit,
      used: '2846',
      current: 0,
      left: '34',
      tiers: [
        { upTo: '2880', price: '0.4883' },
        { upTo: '4800', price: '0.5383' },
        { upTo: null, price: '0.7883' },
      ],
    },
  ],
  tariffs: [{ zh: '2026 年居民电价表第 1 版', en: 'the 2026 residential electricity prices, version 1' }],
  totalFen: 15_668,
};

/** A quote of October's bill, valid until the end of `today` in Shanghai. */
export function quoteOf(change: Partial<QuoteDocument> = {}, today = '2026-11-24'): QuoteDocument {
  const midnight = new Date(Date.parse(`${today}T00:00:00+08:00`) + 86_400_000).toISOString();
  return {
    v: 1,
    quoteId: '00000000-0000-4000-8000-000000000001',
    service: 'electricity',
    title: octoberBill.title,
    payee: { name: '桂园小区物业服务处' },
    terminal: { id: '00000000-0000-4000-8000-0000000000e1', label: 'E1-01', place: '桂园小区东门便利店' },
    household: { label: '3 号楼 12** 室', tail: '3176' },
    bills: [octoberBill],
    totalFen: 15_668,
    computedAt: `${today}T06:35:00.000Z`,
    validUntil: midnight,
    later: { totalFen: 15_683, why: { zh: '违约金多一天', en: 'one more day of late fee' } },
    inputsHash: 'A'.repeat(43),
    channels: [
      { code: 'wechat-pay', name: { zh: '微信', en: 'WeChat Pay' } },
      { code: 'alipay', name: { zh: '支付宝', en: 'Alipay' } },
      { code: 'unionpay-qr', name: { zh: '银联', en: 'UnionPay' } },
    ],
    digitsAboveFen: 50_000,
    ...change,
  };
}

/** Where the phone goes to pay `quoteOf()` as the payment `payId`. */
export function wayOf(payId: string, change: Partial<PayWay> = {}): PayWay {
  const { quoteId } = quoteOf();
  return { v: 1, quoteId, payId, url: 'https://wallet.example/1', token: 'token-1', ...change };
}

/** The receipt of `quote`. */
export function receiptOf(quote: QuoteDocument = quoteOf(), change: Partial<FeeReceipt> = {}): FeeReceipt {
  return {
    v: 1,
    kind: 'payment',
    receiptNo: 'TK-1124-0317',
    quoteId: quote.quoteId,
    service: quote.service,
    title: quote.title,
    payee: quote.payee,
    terminal: quote.terminal,
    household: quote.household,
    lines: quote.bills.flatMap((bill) => bill.lines),
    totalFen: quote.totalFen,
    channelName: { zh: '微信支付', en: 'WeChat Pay' },
    transactionId: '4200002345202611240317000001',
    paidAt: '2026-11-24T06:36:08.000Z',
    bills: quote.bills.map(({ billId: id, title, totalFen }) => ({ billId: id, title, paidFen: totalFen, leftFen: 0 })),
    ...change,
  };
}
