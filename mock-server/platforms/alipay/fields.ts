import { failure } from './wire.ts';
import type { Answer, Call } from './wire.ts';
import { lifeMs } from './trades.ts';

/** What a method was called with is wrong: this is the answer. */
export class CallRefused extends Error {
  readonly answer: Answer;

  constructor(answer: Answer) {
    super(String(answer.sub_msg));
    this.answer = answer;
  }
}

/** An order as precreate, pay and wap.pay name it. */
export interface Order {
  readonly number: string;
  readonly amountFen: number;
  readonly subject: string;
  readonly storeId: string;
  readonly operatorId: string;
  readonly terminalId: string;
  /** How long it waits, and how long its code lives, in milliseconds. */
  readonly waitsMs: number;
  readonly codeLivesMs: number;
}

/** Longest life of a code, and the life of an order that names none. */
const codeLivesMs = 2 * 3_600_000;
const waitsMs = 15 * 86_400_000;

/** Text of a field. Throws `CallRefused` when it is absent or has another form. */
export function textOf({ content }: Call, name: string, form: RegExp): string {
  const value = content[name];
  if (typeof value === 'string' && form.test(value)) return value;
  throw new CallRefused(failure('ACQ.INVALID_PARAMETER', `参数有误：${name}`));
}

/** Text of a field that may be absent. */
export function optionalTextOf(call: Call, name: string, form: RegExp): string {
  return call.content[name] === undefined ? '' : textOf(call, name, form);
}

/** An amount: yuan with at most two decimals as a string, 0.01 to 100000000. @returns fen. */
export function amountOf(call: Call, name: string): number {
  const [yuan = '', decimals = ''] = textOf(call, name, /^\d{1,9}(\.\d{1,2})?$/).split('.');
  const fen = Number(yuan) * 100 + Number(decimals.padEnd(2, '0'));
  if (fen >= 1 && fen <= 10_000_000_000) return fen;
  throw new CallRefused(failure('ACQ.INVALID_PARAMETER', `参数有误：${name}`));
}

/** The merchant's number. */
export function numberOf(call: Call): string {
  return textOf(call, 'out_trade_no', /^\w{1,64}$/);
}

/** The order in a call. */
export function orderOf(call: Call): Order {
  const seller = optionalTextOf(call, 'seller_id', /^\d{16}$/);
  if (seller !== '' && seller !== call.app.sellerId)
    throw new CallRefused(failure('ACQ.SELLER_NOT_EXIST', '卖家不存在'));
  return {
    number: numberOf(call),
    amountFen: amountOf(call, 'total_amount'),
    subject: textOf(call, 'subject', /^[^/=&]{1,256}$/),
    storeId: optionalTextOf(call, 'store_id', /^[\w-]{1,32}$/),
    operatorId: optionalTextOf(call, 'operator_id', /^[\w-]{1,28}$/),
    terminalId: optionalTextOf(call, 'terminal_id', /^[\w-]{1,32}$/),
    waitsMs: lifeOf(call, 'timeout_express') ?? waitsMs,
    codeLivesMs: Math.min(lifeOf(call, 'qr_code_timeout_express') ?? codeLivesMs, codeLivesMs),
  };
}

/** Yuan with two decimals. */
export function yuan(fen: number): string {
  const digits = String(Math.abs(fen)).padStart(3, '0');
  return `${fen < 0 ? '-' : ''}${digits.slice(0, -2)}.${digits.slice(-2)}`;
}

function lifeOf(call: Call, name: string): number | undefined {
  if (call.content[name] === undefined) return undefined;
  return lifeMs(textOf(call, name, /^\d{1,5}[mhd]$/));
}
