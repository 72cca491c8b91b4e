import { createHash, randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import type { WireRequest } from '../frame/wire.ts';
import { Refusal, signedAnswer } from './answers.ts';
import { fundFlowBill, tradeBill } from './bills.ts';
import type { TradeBillType } from './bills.ts';
import type { Call, Desk } from './desk.ts';
import type { Merchant } from './keys.ts';

/** A download address is good for five minutes; at most a hundred are. */
const [addressMs, addressesMax] = [300_000, 100];
/** Bills are made at 09:00 of the next day and kept for three months. */
const [readyHours, keptDays] = [33, 92];

/** `tradebill` and `fundflowbill`: where the day's file lies, and its SHA-1 before compression. */
export function billCall(desk: Desk, request: WireRequest, url: URL): Call {
  const isTrade = url.pathname.endsWith('/tradebill');
  return {
    name: isTrade ? 'tradebill' : 'fundflowbill',
    work: async (merchant) => {
      const day = url.searchParams.get('bill_date') ?? '';
      checkDay(day, desk.tools.clock.now());
      const bytes = isTrade
        ? tradeBill(desk.book.all(), merchant, day, billType(url.searchParams.get('bill_type') ?? 'ALL'))
        : fundFlow(desk, merchant, day, url.searchParams.get('account_type') ?? 'BASIC');
      if (bytes === undefined) throw new Refusal(400, 'NO_STATEMENT_EXIST', '账单文件不存在');
      const value = { ...fileFor(desk, bytes, url.searchParams.get('tar_type')), hash_type: 'SHA1' };
      return signedAnswer(desk.secrets(), request, desk.tools.clock.now(), value);
    },
  };
}

/** The file itself, which is not signed. */
export function fileCall(desk: Desk, url: URL): Call {
  return {
    name: 'bill-file',
    work: () => {
      const file = desk.files.get(url.searchParams.get('token') ?? '');
      if (file === undefined || desk.tools.clock.now() > file.untilMs) {
        throw new Refusal(400, 'INVALID_REQUEST', '下载地址已失效');
      }
      return { status: 200, headers: { 'content-type': 'text/plain' }, body: file.bytes };
    },
  };
}

function fileFor(
  desk: Desk,
  bytes: Uint8Array,
  tarType: string | null,
): { readonly hash_value: string; readonly download_url: string } {
  if (tarType !== null && tarType !== 'GZIP') throw new Refusal(400, 'PARAM_ERROR', 'tar_type有误');
  const oldest = desk.files.keys().next();
  if (desk.files.size >= addressesMax && oldest.done !== true) desk.files.delete(oldest.value);
  const token = randomBytes(24).toString('base64url');
  const packed = tarType === 'GZIP' ? gzipSync(bytes) : bytes;
  desk.files.set(token, { bytes: packed, untilMs: desk.tools.clock.now() + addressMs });
  return {
    hash_value: createHash('sha1').update(bytes).digest('hex'),
    download_url: `${desk.tools.origin}/v3/billdownload/file?token=${token}`,
  };
}

function billType(type: string): TradeBillType {
  if (type === 'ALL' || type === 'SUCCESS' || type === 'REFUND') return type;
  throw new Refusal(400, 'PARAM_ERROR', 'bill_type有误');
}

function fundFlow(desk: Desk, merchant: Merchant, day: string, account: string): Uint8Array | undefined {
  if (!/^(BASIC|OPERATION|FEES)$/.test(account)) throw new Refusal(400, 'PARAM_ERROR', 'account_type有误');
  return account === 'BASIC' ? fundFlowBill(desk.book.all(), merchant, day) : undefined;
}

function checkDay(day: string, nowMs: number): void {
  const beginMs = /^\d{4}-\d\d-\d\d$/.test(day) ? Date.parse(`${day}T00:00:00+08:00`) : Number.NaN;
  if (Number.isNaN(beginMs)) throw new Refusal(400, 'PARAM_ERROR', 'bill_date格式有误');
  if (nowMs < beginMs + 86_400_000 || nowMs > beginMs + keptDays * 86_400_000) {
    throw new Refusal(400, 'INVALID_REQUEST', '账单日期有误，只能查询三个月内且早于当日的账单');
  }
  if (nowMs < beginMs + readyHours * 3_600_000) throw new Refusal(400, 'STATEMENT_CREATING', '账单生成中，请稍后再试');
}
