import { inflateSync } from 'node:zlib';
import type { BillResult, ChannelAccount, ChannelTools } from '../channel.ts';
import { billMaxBytes } from '../shared/call-platform.ts';
import { shanghaiDigits } from '../shared/shanghai-time.ts';
import type { UnionPayGateway } from './gateway.ts';
import { meaningOf } from './outcomes.ts';
import { settingsOf } from './settings.ts';

/** Hour of the next day, in Shanghai, from which a settlement day's file is there. */
const readyHour = 9;
const hourMs = 3_600_000;
/** First bytes of a zip archive with at least one entry (APPNOTE.TXT, 4.3.7). */
const zipMark = Buffer.from([0x50, 0x4b, 0x03, 0x04]);
/** 文件不存在 (附录, 应答码). */
const noFile = '98';

/**
 * Fetches the merchant's file of a settlement day (文件传输类交易, 76/01): `fileContent` is base64 of a zlib stream of a zip,
 * which is handed on with its fixed-width ZM and ZME files. A settlement day runs from 23:00 of the day before to 23:00.
 */
export async function fetchUnionPayBill(
  account: ChannelAccount,
  gateway: UnionPayGateway,
  tools: ChannelTools,
  day: string,
  kind: string,
): Promise<BillResult> {
  if (kind !== 'settlement') return { kind: 'refused', code: 'kind', message: `UnionPay has no bill "${kind}".` };
  const answer = await gateway.call({
    name: 'file',
    url: `${settingsOf(account).files}/`,
    fields: {
      bizType: '000000',
      txnType: '76',
      txnSubType: '01',
      fileType: '00',
      settleDate: day.slice(5).replace('-', ''),
      txnTime: shanghaiDigits(tools.clock()),
    },
    maxBytes: billMaxBytes,
  });
  if (answer.kind !== 'answer') return answer;
  const { respCode, fields } = answer;
  if (respCode === noFile) return { kind: isReady(day, tools.clock()) ? 'empty' : 'not-ready' };
  const message = fields['respMsg'] ?? '';
  if (meaningOf(respCode).kind === 'refused') return { kind: 'refused', code: respCode, message };
  if (respCode !== '00') return { kind: 'unknown', why: `UnionPay answered ${respCode}: ${message}` };
  const bytes = unpack(fields['fileContent'] ?? '');
  if (bytes === undefined) return { kind: 'unknown', why: 'The file is no zip archive in a zlib stream.' };
  return { kind: 'bill', bytes, fileName: nameOf(fields['fileName'], day) };
}

function unpack(content: string): Buffer | undefined {
  try {
    const bytes = inflateSync(Buffer.from(content, 'base64'), { maxOutputLength: billMaxBytes });
    return bytes.subarray(0, zipMark.length).equals(zipMark) ? bytes : undefined;
  } catch {
    return undefined;
  }
}

/** The platform's own name when it is a plain one. */
function nameOf(fileName: string | undefined, day: string): string {
  return fileName !== undefined && /^[\w.-]{1,80}$/.test(fileName) ? fileName : `unionpay-settlement-${day}.zip`;
}

function isReady(day: string, nowMs: number): boolean {
  return nowMs >= Date.parse(`${day}T00:00:00+08:00`) + (24 + readyHour) * hourMs;
}
