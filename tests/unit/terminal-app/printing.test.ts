import { beforeEach, describe, expect, test } from 'vitest';
import { Printing } from '../../../src/terminal/printing.svelte.ts';
import type { Copy, PrintOutcome } from '../../../src/terminal/printing.svelte.ts';
import { Bench, settle } from './bench.ts';

const qr = { channel: 'wechat-pay', kind: 'qr' } as const;
let bench: Bench;
let printing: Printing;
let out: string[];
/** Holds a print back until it is called; absent while the printer is quick. */
let release: (() => void)[] | undefined;

/** Sells something, and gives the order's id. */
async function sell(): Promise<string> {
  const payment = bench.payment();
  await payment.begin(12_850, qr);
  bench.server.pay();
  await payment.done();
  return bench.server.last.id;
}

async function print(receiptNo: string, copy: Copy, duplicate: boolean): Promise<PrintOutcome> {
  if (release !== undefined) await new Promise<void>((resolve) => release?.push(resolve));
  out.push(`${receiptNo} ${copy}${duplicate ? ' duplicate' : ''}`);
  return { ok: true, printer: 'secure-device' };
}

beforeEach(async () => {
  bench = new Bench();
  [out, release] = [[], undefined];
  await bench.pair();
  printing = new Printing({
    api: bench.link.api,
    newId: bench.newId,
    print: ({ receiptNo }, { copy, duplicate }) => print(receiptNo, copy, duplicate),
  });
});

describe('a receipt that could not be fetched', () => {
  test('is fetched by the next key that prints', async () => {
    const id = await sell();
    bench.server.isOffline = true;
    await printing.open(id);
    expect(printing.failure?.error).toBe('offline');
    expect(printing.printed).toBeUndefined();
    expect(out).toEqual([]);
    await printing.print('merchant');
    expect(printing.printed).toBeUndefined();
    bench.server.isOffline = false;
    await printing.print('merchant');
    expect(printing.failure).toBeUndefined();
    expect(printing.printed).toBe('merchant');
    expect(out).toEqual(['TK-261124-005207 merchant']);
    await printing.print('customer');
    await printing.print('customer');
    expect(out.slice(1)).toEqual(['TK-261124-005207 customer', 'TK-261124-005207 customer duplicate']);
  });

  test('is not told as printed', async () => {
    const id = await sell();
    bench.server.isOffline = true;
    await printing.open(id);
    await printing.print('customer');
    expect(printing.printed).toBeUndefined();
    expect(printing.isBusy).toBe(false);
  });
});

test('the next order’s receipt waits for the one that is still coming out, and both come', async () => {
  const first = await sell();
  release = [];
  const printingFirst = printing.open(first);
  await settle();
  const second = await sell();
  const printingSecond = printing.open(second);
  await settle();
  expect(printing.isBusy).toBe(true);
  expect(release).toHaveLength(1);
  release.shift()?.();
  await printingFirst;
  await settle();
  expect(printing.isBusy).toBe(true);
  expect(printing.printed).toBeUndefined();
  release.shift()?.();
  await printingSecond;
  expect(printing.isBusy).toBe(false);
  expect(printing.printed).toBe('merchant');
  expect(out).toEqual(['TK-261124-005207 merchant', 'TK-261124-005208 merchant']);
});
