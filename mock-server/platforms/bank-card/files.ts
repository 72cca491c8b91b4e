import { createHash, createHmac } from 'node:crypto';
import iconv from 'iconv-lite';
import type { WireAnswer, WireRequest } from '../frame/wire.ts';
import type { Entry } from './books.ts';
import { simulatedCards } from './cards.ts';
import { shanghai } from './host.ts';
import type { AcquirerHost, TerminalSetup } from './host.ts';

/** Where the file service answers on the shared port. */
export const filesPath = '/acquirer/files/';
/** Most that a request's time may differ from the service's, in milliseconds. */
const skewMaxMs = 300_000;
/** Merchant's fee: 0.60 %, half a fen upwards. */
const feeParts = 6n;

const columns =
  '清算日期,交易时间,结算商户编号,交易终端号,交易类型,卡号,交易金额,商户手续费,参考号bit37,终端流水号bit11';
const kinds = { purchase: '消费', void: '消费撤销', refund: '退货' } as const;

/** The day's file of a merchant, GBK with CRLF; `undefined` when nothing happened. What was reversed is not in it. */
export function dayFile(host: AcquirerHost, terminal: TerminalSetup, day: string): Buffer | undefined {
  const entries = host.books.state.entries.filter(
    (entry) =>
      entry.terminalId === terminal.terminalId && entry.state === 'approved' && shanghai(entry.atMs).startsWith(day),
  );
  if (entries.length === 0) return undefined;
  const lines = entries.map((entry) => lineOf(entry, terminal.merchantId));
  return iconv.encode([columns, ...lines, ''].join('\r\n'), 'gbk');
}

function lineOf(entry: Entry, merchantId: string): string {
  const time = shanghai(entry.atMs);
  const sign = entry.kind === 'purchase' ? 1n : -1n;
  const amount = BigInt(entry.amountFen);
  const fee = (amount * feeParts + 500n) / 1_000n;
  return [
    time.slice(0, 10).replaceAll('-', ''),
    time,
    merchantId,
    entry.terminalId,
    kinds[entry.kind],
    masked(entry.cardId),
    yuan(sign * amount),
    yuan(sign * fee),
    entry.reference,
    entry.trace,
  ].join(',');
}

/** First six and last four digits, as acquirers print a card. */
function masked(cardId: string | undefined): string {
  const pan = simulatedCards.find(({ id }) => id === cardId)?.pan ?? '';
  return pan.replace(/^(\d{6})\d+(\d{4})$/, (_all, first: string, last: string) => `${first}******${last}`);
}

function yuan(amountFen: bigint): string {
  const digits = String(amountFen < 0n ? -amountFen : amountFen).padStart(3, '0');
  return `${amountFen < 0n ? '-' : ''}${digits.slice(0, -2)}.${digits.slice(-2)}`;
}

/**
 * `GET /acquirer/files/<merchant>/<yyyymmdd>.csv` with `x-time` and `x-signature`. Every answer is signed with the
 * merchant's file key; a request whose signature does not hold gets 401 and nothing else.
 */
export function answerFile(host: AcquirerHost, request: WireRequest, nowMs: number): WireAnswer {
  const path = request.target.split('?')[0] ?? '';
  const [, merchantId, digits = ''] = /^\/acquirer\/files\/(\d{15})\/(\d{8})\.csv$/.exec(path) ?? [];
  const terminal = host.terminals().find((one) => one.merchantId === merchantId);
  if (terminal === undefined || request.method !== 'GET') return { status: 404, headers: {}, body: '' };
  const answer = (status: number, body: Buffer): WireAnswer => ({
    status,
    headers: {
      'content-type': 'text/csv; charset=gbk',
      'x-signature': sign(terminal, `${path}\n${String(status)}\n${createHash('sha256').update(body).digest('hex')}`),
    },
    body,
  });
  const time = request.headers['x-time'] ?? '';
  const isRight =
    request.headers['x-signature'] === sign(terminal, `GET\n${path}\n${time}`) &&
    Math.abs(Number(time) - nowMs) <= skewMaxMs;
  if (!isRight) return answer(401, Buffer.alloc(0));
  const day = `${digits.slice(0, 4)}-${digits.slice(4, 6)}-${digits.slice(6)}`;
  if (day >= shanghai(nowMs).slice(0, 10)) return answer(409, Buffer.alloc(0));
  const file = dayFile(host, terminal, day);
  return file === undefined ? answer(204, Buffer.alloc(0)) : answer(200, file);
}

function sign({ fileKey }: TerminalSetup, text: string): string {
  return createHmac('sha256', fileKey).update(text).digest('hex');
}
