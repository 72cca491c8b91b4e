import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { BillResult } from '../channel.ts';
import { billMaxBytes, callPlatform } from '../shared/call-platform.ts';
import type { Desk } from './desk.ts';

/** The one kind of file: the day's transactions of this merchant. */
export const tradeBill = 'trade';

/**
 * Fetches the acquirer's file of a day: `GET <fileUrl>/<merchant>/<yyyymmdd>.csv`. Request and answer carry
 * `x-signature`, HMAC-SHA256 in hex under the account's `file-hmac` key: over path and time (`x-time`, Unix ms), and over
 * path, status and SHA-256 of the body. Nothing of an answer is believed before its signature holds. README.md has the columns.
 */
export async function fetchBill({ settings, tools }: Desk, day: string, kind: string): Promise<BillResult> {
  const { fileUrl, fileKey, merchantId } = settings;
  if (fileUrl === undefined || fileKey === undefined) {
    return { kind: 'refused', code: 'fileUrl', message: 'No address of settlement files is set.' };
  }
  if (kind !== tradeBill || !/^\d{4}-\d\d-\d\d$/.test(day)) {
    return { kind: 'refused', code: 'kind', message: 'The acquirer has only the file `trade` of a day yyyy-mm-dd.' };
  }
  const fileName = `${merchantId}-${day.replaceAll('-', '')}.csv`;
  const url = `${fileUrl}/${merchantId}/${day.replaceAll('-', '')}.csv`;
  const { pathname } = new URL(url);
  const time = String(tools.clock());
  const outcome = await callPlatform(tools, {
    name: 'bill',
    method: 'GET',
    url,
    headers: { 'x-time': time, 'x-signature': sign(fileKey, `GET\n${pathname}\n${time}`) },
    maxBytes: billMaxBytes,
  });
  if (outcome.kind === 'no-answer') return { kind: 'unknown', why: outcome.why };
  const digest = createHash('sha256').update(outcome.bytes).digest('hex');
  const expected = sign(fileKey, `${pathname}\n${String(outcome.status)}\n${digest}`);
  if (!isSame(expected, outcome.headers['x-signature'] ?? '')) {
    return { kind: 'unknown', why: `The signature of the answer (${String(outcome.status)}) does not hold.` };
  }
  if (outcome.status === 200) return { kind: 'bill', bytes: outcome.bytes, fileName };
  if (outcome.status === 204) return { kind: 'empty' };
  if (outcome.status === 409) return { kind: 'not-ready' };
  if (outcome.status === 401 || outcome.status === 403) {
    return { kind: 'refused', code: String(outcome.status), message: 'The acquirer does not take our signature.' };
  }
  return { kind: 'unknown', why: `The file service answers ${String(outcome.status)}.` };
}

function sign(key: Buffer, text: string): string {
  return createHmac('sha256', key).update(text).digest('hex');
}

function isSame(expected: string, given: string): boolean {
  const [a, b] = [Buffer.from(expected), Buffer.from(given)];
  return a.length === b.length && timingSafeEqual(a, b);
}
