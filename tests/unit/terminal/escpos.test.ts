import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import iconv from 'iconv-lite';
import ReceiptPrinterEncoder from '@point-of-sale/receipt-printer-encoder';
import { readEscpos } from '../../../mock-server/terminal/escpos.ts';
import type { PrintItem } from '../../../mock-server/terminal/escpos.ts';
import { concatBytes } from '../../../protocol/bytes.ts';
import { printChunkMaxBytes } from '../../../protocol/cable/v1/services/terminal.ts';
import { layoutReceipt, lineText } from '../../../protocol/receipt/layout.ts';
import { escposOf } from '../../../src/receipts/escpos.ts';
import { cardPart, payment, refund } from '../receipts/documents.ts';
import { makeBench, plugIn } from './bench.ts';
import type { Bench } from './bench.ts';
import { call } from './host.ts';
import type { TestHost } from './host.ts';

const gbk = (text: string): Uint8Array => new Uint8Array(iconv.encode(text, 'gbk'));
const raw = (...bytes: readonly number[]): Uint8Array => Uint8Array.from(bytes);
const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

function itemsOf(...parts: readonly Uint8Array[]): readonly PrintItem[] {
  const read = readEscpos(concatBytes(...parts));
  if (!read.ok) throw new Error(read.detail);
  return read.value;
}

function linesOf(items: readonly PrintItem[]): string[] {
  return items.flatMap((item) => (item.kind === 'line' ? [item.spans.map(({ text }) => text).join('')] : []));
}

describe('what the bytes say', () => {
  test('Chinese in GB18030 and in UTF-8, and the yen sign of page 437', () => {
    expect(linesOf(itemsOf(raw(0x1b, 0x40), gbk('桂园社区 ￥12.50\n')))).toEqual(['桂园社区 ￥12.50']);
    expect(linesOf(itemsOf(raw(0x1b, 0x74, 255), utf8('收款 Receipt\n')))).toEqual(['收款 Receipt']);
    expect(linesOf(itemsOf(raw(0x1c, 0x2e), raw(0x9d, 0x31, 0x0a)))).toEqual(['¥1']);
  });

  test('bold, sizes and alignment, in the middle of a line too', () => {
    const items = itemsOf(
      raw(0x1b, 0x61, 1, 0x1b, 0x45, 1, 0x1d, 0x21, 0x11),
      utf8('TOTAL'),
      raw(0x1b, 0x45, 0, 0x1d, 0x21, 0),
      utf8(' 1.00\n'),
    );
    expect(items).toEqual([
      {
        kind: 'line',
        align: 'center',
        spans: [
          { text: 'TOTAL', isBold: true, width: 2, height: 2 },
          { text: ' 1.00', isBold: false, width: 1, height: 1 },
        ],
      },
    ]);
  });

  test('lines break at the width of the paper, where a Chinese character takes two columns', () => {
    expect(linesOf(itemsOf(utf8(`${'x'.repeat(40)}\n`)))).toEqual(['x'.repeat(32), 'x'.repeat(8)]);
    expect(linesOf(itemsOf(gbk(`${'字'.repeat(17)}\n`)))).toEqual(['字'.repeat(16), '字']);
  });

  test('feed and cut', () => {
    expect(itemsOf(utf8('a\n'), raw(0x1b, 0x64, 3, 0x1d, 0x56, 0))).toMatchObject([
      { kind: 'line' },
      { kind: 'feed', dots: 90 },
      { kind: 'cut' },
    ]);
  });

  test('a QR code, a raster picture and a picture in columns become pictures', () => {
    const qr = raw(0x1d, 0x28, 0x6b, 6, 0, 49, 80, 48, 0x61, 0x62, 0x63, 0x1d, 0x28, 0x6b, 3, 0, 49, 81, 48);
    const raster = raw(0x1d, 0x76, 0x30, 0, 1, 0, 2, 0, 0b1010_0000, 0xff);
    const columns = raw(0x1b, 0x2a, 33, 1, 0, 0x80, 0, 0, 0x0a);
    const [first, second, third, ...rest] = itemsOf(qr, raster, columns);
    expect(first).toMatchObject({ kind: 'picture', heightDots: 105 });
    expect(second).toMatchObject({
      heightDots: 2,
      svg: expect.stringContaining('M0 0h1v1h-1zM2 0h1v1h-1zM0 1h8v1h-8z'),
    });
    expect(third).toMatchObject({ heightDots: 24, svg: expect.stringContaining('M0 0h1v1h-1z') });
    expect(rest).toEqual([]);
  });

  test.each([
    ['an unknown command', raw(0x1b, 0xff)],
    ['a command without its parameter', raw(0x1b, 0x61)],
    ['a picture that ends early', raw(0x1d, 0x76, 0x30, 0, 48, 0, 10, 0, 1, 2)],
    ['a picture beyond all paper', raw(0x1d, 0x76, 0x30, 0, 0xff, 0xff, 1, 0)],
    ['a byte that is nothing', raw(0x03)],
  ])('%s is unreadable', (_name, bytes) => {
    expect(readEscpos(bytes)).toMatchObject({ ok: false, error: 'unreadable' });
  });

  test.each([
    ['a payment', payment],
    ['a part by card', cardPart],
    ['a refund', refund],
  ])('the receipt of %s stands on the paper as it was laid out', async (_name, document) => {
    const setting = { columns: 32, language: 'zh', copy: 'customer', duplicate: false } as const;
    const printed = linesOf(itemsOf(await escposOf(document, setting)));
    const laidOut = layoutReceipt(document, setting).map((line) => lineText(line, 32));
    expect(printed.join('\n').trim()).toBe(laidOut.join('\n').trim());
  });

  test('what the receipt encoder makes can be read', () => {
    const encoder = new ReceiptPrinterEncoder({ language: 'esc-pos', columns: 32 });
    const bytes = encoder
      .initialize()
      .align('center')
      .bold(true)
      .line('SALE')
      .bold(false)
      .rule()
      .align('left')
      .line('Amount 1.00')
      .qrcode('https://example.org/r/1')
      .barcode('1234567890128', 'ean13', 60)
      .newline(2)
      .cut()
      .encode();
    const items = itemsOf(bytes);
    expect(linesOf(items).join('\n')).toMatch(/SALE[\s\S]*─{32}[\s\S]*Amount 1.00[\s\S]*1234567890128/);
    expect(items.filter(({ kind }) => kind === 'picture')).toHaveLength(1);
    expect(items.at(-1)?.kind).toBe('cut');
  });
});

describe('a print job over the cable', () => {
  let bench: Bench;
  let host: TestHost;

  beforeEach(async () => {
    bench = makeBench();
    host = await plugIn(bench.device);
  });

  afterEach(() => {
    host.close();
  });

  const paper = (): readonly string[] => (bench.device.firmware?.printer.paper ?? []).map(({ text }) => text);

  test('in chunks; a repeated chunk is not taken twice, a printed job is not printed twice', async () => {
    const bytes = concatBytes(...Array.from({ length: 60 }, (_, index) => gbk(`第 ${index} 行 ${'.'.repeat(20)}\n`)));
    const chunks = [bytes.slice(0, printChunkMaxBytes), bytes.slice(printChunkMaxBytes, 1500), bytes.slice(1500)];
    const send = (index: number): ReturnType<typeof call<'print.escpos'>> =>
      call(host, 'print.escpos', {
        job: 7,
        index,
        isLast: index === chunks.length - 1,
        bytes: chunks[index] ?? new Uint8Array(),
      });
    expect(await send(0)).toEqual({ outcome: 'waiting', next: 1, paper: 'ok' });
    expect(await send(0)).toEqual({ outcome: 'waiting', next: 1, paper: 'ok' });
    await expect(send(2)).rejects.toThrow('chunk 1 comes next');
    expect(await send(1)).toMatchObject({ outcome: 'waiting', next: 2 });
    expect(await send(2)).toMatchObject({ outcome: 'printed', paper: 'ok' });
    expect(paper()).toHaveLength(60);
    expect(paper()[59]).toBe('第 59 行 ....................');
    expect(await send(2)).toMatchObject({ outcome: 'printed' });
    expect(paper()).toHaveLength(60);
  });

  test('low paper is told and prints; no paper and a broken head are told, and the same job can come again', async () => {
    const job = { job: 1, index: 0, isLast: true, bytes: utf8('one\ntwo\n') };
    bench.device.refillPaper(100);
    expect(await call(host, 'print.escpos', job)).toMatchObject({ outcome: 'printed', paper: 'low' });
    bench.device.refillPaper(5);
    const other = { ...job, job: 2 };
    expect(await call(host, 'print.escpos', other)).toMatchObject({ outcome: 'out-of-paper', paper: 'out' });
    bench.device.refillPaper();
    bench.device.setBroken('printer', true);
    expect(await call(host, 'print.escpos', other)).toMatchObject({ outcome: 'printer-broken' });
    bench.device.setBroken('printer', false);
    expect(await call(host, 'print.escpos', other)).toMatchObject({ outcome: 'printed', paper: 'ok' });
    expect(await call(host, 'print.escpos', { ...job, job: 3, bytes: raw(0x03) })).toMatchObject({
      outcome: 'unreadable',
    });
  });

  test('a locked device prints nothing', async () => {
    bench.device.trip('case');
    const job = { job: 1, index: 0, isLast: true, bytes: utf8('x\n') };
    await expect(call(host, 'print.escpos', job)).rejects.toThrow('not-in-state');
  });
});
