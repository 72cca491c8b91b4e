import { createHash } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import type { BillResult, ChannelTools } from '../channel.ts';
import { billMaxBytes } from '../shared/call-platform.ts';
import { textIn } from '../shared/json.ts';
import { msFromShanghai } from '../shared/shanghai-time.ts';
import type { ApiV3 } from './api-v3.ts';
import type { Settings } from './settings.ts';
import { payError } from './transform.ts';

/** A day's bill is made from 09:00 of the next day (API v3, "Trade bill"): hours after the day's beginning. */
const readyAfterHours = 33;

const targets: Readonly<Record<string, string>> = {
  trade: '/v3/bill/tradebill?bill_type=ALL&tar_type=GZIP&bill_date=',
  'trade-refund': '/v3/bill/tradebill?bill_type=REFUND&tar_type=GZIP&bill_date=',
  'fund-flow': '/v3/bill/fundflowbill?account_type=BASIC&tar_type=GZIP&bill_date=',
};

/** Names of the bills of this channel. */
export const billKinds: readonly string[] = Object.keys(targets);

/**
 * Downloads a bill: the platform tells address and hash in a signed answer, the file itself is not signed. The hash is over
 * the file after decompression.
 */
export async function fetchBill(
  api: ApiV3,
  settings: Settings,
  tools: ChannelTools,
  day: string,
  kind: string,
): Promise<BillResult> {
  const target = targets[kind];
  const beginMs = msFromShanghai(`${day} 00:00:00`);
  if (target === undefined || beginMs === undefined) {
    return { kind: 'refused', code: 'PARAM_ERROR', message: target === undefined ? `kind: ${kind}` : `day: ${day}` };
  }
  if (tools.clock() < beginMs + readyAfterHours * 3_600_000) return { kind: 'not-ready' };
  const answer = await api.call({ name: `bill ${kind}`, method: 'GET', target: `${target}${day}` });
  if (answer.kind === 'unknown') return answer;
  if (answer.kind === 'error') return resultOfBillError(answer.code, answer.message);
  const [hash, url] = [textIn(answer.body, 'hash_value'), textIn(answer.body, 'download_url')];
  if (hash === undefined || url === undefined || textIn(answer.body, 'hash_type') !== 'SHA1') {
    return { kind: 'unknown', why: 'The answer names no file.' };
  }
  return download(api, settings, url, hash, `wechat-pay-${settings.mchid}-${day}-${kind}.csv`);
}

/** What an error answer to asking for a bill means. */
export function resultOfBillError(code: string, message: string): BillResult {
  if (code === 'NO_STATEMENT_EXIST') return { kind: 'empty' };
  if (code === 'STATEMENT_CREATING') return { kind: 'not-ready' };
  return payError(code).kind === 'refused'
    ? { kind: 'refused', code, message }
    : { kind: 'unknown', why: `${code}: ${message}` };
}

async function download(
  api: ApiV3,
  settings: Settings,
  url: string,
  hash: string,
  fileName: string,
): Promise<BillResult> {
  if (!url.startsWith(`${settings.apiBase}/`))
    return { kind: 'unknown', why: 'The file is said to lie at another host.' };
  const target = url.slice(settings.apiBase.length);
  const outcome = await api.send({ name: 'bill file', method: 'GET', target }, billMaxBytes);
  if (outcome.kind === 'no-answer') return { kind: 'unknown', why: outcome.why };
  if (outcome.status !== 200) return { kind: 'unknown', why: `The platform answered ${String(outcome.status)}.` };
  const bytes = unpack(outcome.bytes);
  if (bytes === undefined) return { kind: 'unknown', why: 'The file cannot be decompressed.' };
  const found = createHash('sha1').update(bytes).digest('hex');
  if (found !== hash.toLowerCase())
    return { kind: 'unknown', why: 'The hash of the file is not the one that was told.' };
  return { kind: 'bill', bytes, fileName };
}

function unpack(bytes: Buffer): Buffer | undefined {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  try {
    return gunzipSync(bytes, { maxOutputLength: billMaxBytes });
  } catch {
    return undefined;
  }
}
