import type { BillResult, ChannelTools } from '../channel.ts';
import { billMaxBytes, callPlatform } from '../shared/call-platform.ts';
import { textIn } from '../shared/json.ts';
import { messageOf } from './gateway.ts';
import type { AlipayGateway } from './gateway.ts';
import { meaningOf } from './outcomes.ts';

/** Hour of the next day, in Shanghai, from which the day's bill is there (alipay.data.dataservice.bill.downloadurl.query). */
const readyHour = 9;
const hourMs = 3_600_000;
/** First bytes of a zip archive with at least one entry (APPNOTE.TXT, 4.3.7). */
const zipMark = Buffer.from([0x50, 0x4b, 0x03, 0x04]);

/**
 * Fetches a day's bill: a zip whose names and contents are GBK, handed on as it is. `kind` is Alipay's `bill_type`. Not
 * there before nine o'clock of the next day means not yet; later it means that there was nothing.
 */
export async function fetchAlipayBill(
  gateway: AlipayGateway,
  tools: ChannelTools,
  day: string,
  kind: string,
): Promise<BillResult> {
  const answer = await gateway.call('alipay.data.dataservice.bill.downloadurl.query', {
    bill_type: kind,
    bill_date: day,
  });
  if (answer.kind !== 'answer') return answer;
  if (answer.code !== '10000') {
    const { code, subCode, fields } = answer;
    if (subCode === 'isp.bill_not_exist') return { kind: isReady(day, tools.clock()) ? 'empty' : 'not-ready' };
    if (meaningOf(code, subCode).kind === 'refused')
      return { kind: 'refused', code: subCode, message: messageOf(fields) };
    return { kind: 'unknown', why: `Alipay answered ${code} ${subCode}: ${messageOf(fields)}` };
  }
  const url = textIn(answer.fields, 'bill_download_url');
  if (url === undefined || !/^https?:\/\/\S+$/.test(url)) return { kind: 'unknown', why: 'The answer has no address.' };
  return download(tools, url, `alipay-${kind}-${day}.zip`);
}

/** The address is good for 30 seconds and carries its own right of access, which is kept out of the story. */
async function download(tools: ChannelTools, url: string, fileName: string): Promise<BillResult> {
  const outcome = await callPlatform(tools, {
    name: 'bill download',
    method: 'GET',
    url,
    maxBytes: billMaxBytes,
    redact: (text) => text.replace(/\?\S*/, '?…'),
  });
  if (outcome.kind === 'no-answer') return { kind: 'unknown', why: outcome.why };
  if (outcome.status !== 200)
    return { kind: 'unknown', why: `The bill's address answered HTTP ${String(outcome.status)}.` };
  if (!outcome.bytes.subarray(0, zipMark.length).equals(zipMark))
    return { kind: 'unknown', why: 'The bill is no zip archive.' };
  return { kind: 'bill', bytes: outcome.bytes, fileName };
}

function isReady(day: string, nowMs: number): boolean {
  return nowMs >= Date.parse(`${day}T00:00:00+08:00`) + (24 + readyHour) * hourMs;
}
