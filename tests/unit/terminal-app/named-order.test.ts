import { beforeEach, describe, expect, test, vi } from 'vitest';
import type { TerminalDesk } from '../../../src/terminal/desk.svelte.ts';
import { Bench, settle } from './bench.ts';

let bench: Bench;
let desk: TerminalDesk;
let stop: () => void = () => undefined;

/** Switches on, as after a start; the desk of before is gone. */
async function start(): Promise<void> {
  stop();
  desk = await bench.start();
  stop = desk.start();
  await settle();
}

beforeEach(async () => {
  bench = new Bench();
  await start();
  return () => stop();
});

const place = (): string => (desk.screen.at === 'payment' ? `payment ${desk.payment.stage?.at ?? ''}` : desk.screen.at);

describe('an order that a merchant’s system made', () => {
  const [first, second] = ['01998c00-0000-7000-8000-00000000aaaa', '01998c00-0000-7000-8000-00000000bbbb'] as const;

  /** The system makes an order; the terminal hears of it. */
  async function make(id: string): Promise<void> {
    const headers = { authorization: 'Bearer token-1' };
    bench.server.handle('POST', '/api/terminal-app/orders', JSON.stringify({ id, amountFen: 6_600 }), headers);
    await tell(id);
  }

  async function tell(id: string): Promise<void> {
    bench.events.tell('payments', id);
    await settle();
  }

  async function payFirst(): Promise<void> {
    await bench.press('power');
    await make(first);
    await bench.press('confirm', '1');
    bench.server.pay();
    await tell(first);
    expect(place()).toBe('payment paid');
  }
  const shown = (): string => `${place()} ${desk.payment.order?.id ?? ''}`;

  test('appears by itself, once', async () => {
    await bench.press('power');
    await make(first);
    expect(place()).toBe('payment open');
    await bench.press('confirm', '1');
    expect(place()).toBe('payment qr');
    bench.server.pay();
    await tell(first);
    await bench.press('confirm', 'confirm', 'confirm');
    expect(place()).toBe('channels');
    await desk.renew();
    expect(place()).toBe('channels');
  });

  test('appears over a paid one that nobody confirmed, whose receipt for the shop comes out', async () => {
    await payFirst();
    await make(second);
    expect(shown()).toBe(`payment open ${second}`);
    expect(bench.printed).toEqual(['TK-261124-005207 merchant']);
    expect(desk.notice).toBeUndefined();
    await bench.press('confirm', '1');
    bench.server.pay();
    await tell(second);
    await bench.press('confirm', 'confirm', 'confirm');
    expect(place()).toBe('channels');
    expect(bench.printed.slice(1)).toEqual(['TK-261124-005208 merchant', 'TK-261124-005208 customer']);
  });

  test('says so when the receipt of the one before did not come out', async () => {
    bench.printOutcome = { ok: false, error: 'out-of-paper' };
    await payFirst();
    await make(second);
    expect(shown()).toBe(`payment open ${second}`);
    expect(desk.notice).toBe('not-printed');
  });

  test('appears over a cancelled one, without paper', async () => {
    await bench.press('power');
    await make(first);
    await bench.press('cancel');
    expect(place()).toBe('payment cancelled');
    await make(second);
    expect(shown()).toBe(`payment open ${second}`);
    expect(bench.printed).toEqual([]);
  });

  test('appears within a minute when the event was lost', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    try {
      await start();
      await payFirst();
      await vi.advanceTimersByTimeAsync(1_000);
      const { events } = bench;
      const [quiet, lost] = [events.tell, vi.fn()];
      Object.assign(events, { tell: lost });
      await make(second);
      Object.assign(events, { tell: quiet });
      expect(shown()).toBe(`payment paid ${first}`);
      await bench.pass(60_000);
      await vi.advanceTimersByTimeAsync(1_000);
      await settle();
      expect(shown()).toBe(`payment open ${second}`);
    } finally {
      vi.useRealTimers();
    }
  });

  test('that is cancelled already leaves the paid one where it stands', async () => {
    await payFirst();
    bench.server.onCreated = (id) => bench.server.change(id, { state: 'cancelled' });
    await make(second);
    expect(shown()).toBe(`payment paid ${first}`);
    expect(bench.printed).toEqual([]);
  });

  test('waits while the one before is to be looked at by the office', async () => {
    await payFirst();
    bench.server.change(first, { state: 'review' });
    await tell(first);
    await make(second);
    expect(shown()).toBe(`payment review ${first}`);
    await bench.press('confirm');
    expect(shown()).toBe(`payment open ${second}`);
  });

  test('waits until the receipts of the one before are done', async () => {
    await payFirst();
    await bench.press('confirm');
    await make(second);
    expect(desk.screen).toMatchObject({ at: 'receipt', copy: 'merchant' });
    await bench.press('confirm');
    expect(desk.screen).toMatchObject({ at: 'receipt', copy: 'customer' });
    await bench.press('confirm');
    expect(shown()).toBe(`payment open ${second}`);
  });
});
