import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { manualClock } from '../../../mock-server/platforms/frame/clock.ts';
import { FaultQueue } from '../../../mock-server/platforms/frame/fault-queue.ts';
import { Notifier } from '../../../mock-server/platforms/frame/notifier.ts';
import type { Notice } from '../../../mock-server/platforms/frame/notifier.ts';
import { startPlatforms } from '../../../mock-server/platforms/frame/platforms.ts';
import type { Platforms } from '../../../mock-server/platforms/frame/platforms.ts';
import { code128, code128Symbols } from '../../../mock-server/platforms/frame/wallet/code128.ts';
import { weChatPayStandIn } from '../../../mock-server/platforms/wechat-pay/stand-in.ts';
import { retryMs } from '../../../mock-server/platforms/wechat-pay/notices.ts';
import { keptKeys } from '../../conformance/channels/kept-keys.ts';

const startMs = Date.parse('2026-03-02T10:00:00+08:00');

describe('faults', () => {
  test('are taken in the order in which they were planned, as often as they say, by call or for any', () => {
    const faults = new FaultQueue();
    faults.plan({ kind: 'slow', call: 'query', delayMs: 1, times: 2 });
    faults.plan({ kind: 'slow', call: '*', delayMs: 2 });
    faults.plan({ kind: 'status', call: 'native', status: 500 });
    expect(faults.take('slow', 'native')).toMatchObject({ delayMs: 2 });
    expect(faults.take('slow', 'native')).toBeUndefined();
    const taken = [1, 2, 3].map(() => faults.take('slow', 'query')?.delayMs);
    expect(taken).toEqual([1, 1, undefined]);
    expect(faults.list()).toHaveLength(1);
    faults.clear();
    expect(faults.take('status', 'native')).toBeUndefined();
  });

  test('are bounded', () => {
    const faults = new FaultQueue();
    expect(() => faults.plan({ kind: 'double-pay', times: 0 })).toThrow('times');
    for (let no = 0; no < 100; no += 1) faults.plan({ kind: 'double-pay' });
    expect(() => faults.plan({ kind: 'double-pay' })).toThrow('at most 100');
  });
});

describe('the notifier', () => {
  let received: string[];
  let status: number;
  let url: string;
  let close: () => Promise<void>;
  const notice = (name: string): Notice => ({
    url,
    retryMs,
    isTaken: (code) => code === 200,
    make: (isForged) => ({ headers: { 'content-type': 'text/plain' }, body: isForged ? `${name} forged` : name }),
  });

  beforeEach(async () => {
    [received, status] = [[], 200];
    const server = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => {
        received.push(body);
        response.writeHead(status).end();
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/`;
    close = () => new Promise((resolve) => server.close(() => resolve()));
  });
  afterEach(() => close());

  test('repeats on WeChat Pay’s schedule, 15 times in 24 hours and 4 minutes, and then never', async () => {
    const clock = manualClock(startMs);
    const notifier = new Notifier(clock, new FaultQueue());
    status = 500;
    notifier.send(notice('a'));
    await notifier.settled();
    const seen: number[] = [];
    for (const waitMs of retryMs) {
      clock.advance(waitMs - 1);
      await notifier.settled();
      const before = received.length;
      clock.advance(1);
      await notifier.settled();
      seen.push(received.length - before);
    }
    expect(seen).toEqual(retryMs.map(() => 1));
    expect(retryMs.reduce((sum, waitMs) => sum + waitMs, 0)).toBe((24 * 60 + 4) * 60_000);
    clock.advance(7 * 86_400_000);
    await notifier.settled();
    expect(received).toHaveLength(16);
  });

  test('stops as soon as it is taken', async () => {
    const clock = manualClock(startMs);
    const notifier = new Notifier(clock, new FaultQueue());
    status = 503;
    notifier.send(notice('a'));
    await notifier.settled();
    status = 200;
    clock.advance(15_000);
    await notifier.settled();
    clock.advance(86_400_000);
    await notifier.settled();
    expect(received).toEqual(['a', 'a']);
    expect(notifier.tries.map(({ isTaken }) => isTaken)).toEqual([false, true]);
  });

  test('nobody there is a try that failed', async () => {
    const notifier = new Notifier(manualClock(startMs), new FaultQueue());
    notifier.send({ ...notice('a'), url: 'http://127.0.0.1:1/' });
    await notifier.settled();
    expect(notifier.tries).toMatchObject([{ status: 0, isTaken: false }]);
  });

  test.each([
    [{ kind: 'notify', how: 'lost' }, ['b']],
    [{ kind: 'notify', how: 'double' }, ['a', 'a', 'b']],
    [{ kind: 'notify', how: 'reordered' }, ['b', 'a']],
    [{ kind: 'notify', how: 'late', delayMs: 60_000 }, ['b', 'a']],
    [{ kind: 'notify-forged', only: true }, ['a forged', 'b']],
  ] as const)('%o', async (fault, expected) => {
    const clock = manualClock(startMs);
    const faults = new FaultQueue();
    const notifier = new Notifier(clock, faults);
    faults.plan(fault);
    notifier.send(notice('a'));
    // A reordered one waits for the next; everything else is sent at once, so its order is told by waiting in between.
    if (fault.kind !== 'notify' || fault.how !== 'reordered') await notifier.settled();
    notifier.send(notice('b'));
    await notifier.settled();
    clock.advance(60_000);
    await notifier.settled();
    expect(received).toEqual(expected);
  });
});

describe('Code 128', () => {
  test('digits in pairs, check symbol by the standard’s rule', () => {
    // Start C = 105; 13·1 + 24·2 + 105 = 166; 166 mod 103 = 63.
    expect(code128Symbols('1324')).toEqual([105, 13, 24, 63, 106]);
    expect(code128Symbols('132').slice(0, -2)).toEqual([105, 13, 100, 18]);
    expect(() => code128('12a')).toThrow('digits');
  });

  test('every symbol is eleven modules wide and the stop thirteen', () => {
    const widthOf = (digits: string): number => Number(/viewBox="0 0 (\d+)/.exec(code128(digits))?.[1]);
    for (let pair = 0; pair < 100; pair += 1) {
      expect(widthOf(String(pair).padStart(2, '0'))).toBe(10 + 11 * 3 + 13 + 10);
    }
  });
});

const keys = keptKeys();

describe('the running stand-ins', () => {
  let folder: string;
  let platforms: Platforms;
  const start = (): Promise<Platforms> =>
    startPlatforms({
      host: '127.0.0.1',
      port: 0,
      clock: manualClock(startMs),
      dataDir: folder,
      standIns: [weChatPayStandIn({ keys })],
    });
  const control = (body: unknown, type = 'application/json', path = 'wechat-pay'): Promise<Response> =>
    fetch(`${platforms.url}/control/${path}`, {
      method: 'POST',
      headers: { 'content-type': type },
      body: JSON.stringify(body),
    });

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'tillkeeper-platforms-'));
    platforms = await start();
  });
  afterEach(async () => {
    await platforms.close();
    rmSync(folder, { recursive: true });
  });

  test('keep accounts and keys over a restart, in a file for the owner only', async () => {
    const before = platforms.standIns.get('wechat-pay')?.account('shop', '四季面馆');
    await platforms.close();
    platforms = await start();
    const after = platforms.standIns.get('wechat-pay')?.account('shop');
    expect(after?.keys).toEqual(before?.keys);
    expect(statSync(join(folder, 'wechat-pay.json')).mode & 0o777).toBe(0o600);
  });

  test('do not start from a damaged file, and say which', async () => {
    await platforms.close();
    writeFileSync(join(folder, 'wechat-pay.json'), '{');
    await expect(start()).rejects.toThrow('wechat-pay.json is damaged; delete it');
    rmSync(join(folder, 'wechat-pay.json'));
    platforms = await start();
  });

  test('take faults over HTTP, name what is wrong, and refuse forms and other hosts', async () => {
    expect((await control({ plan: { kind: 'answer-lost', call: 'native', times: 2 } })).status).toBe(200);
    const told = (await (await fetch(`${platforms.url}/control/wechat-pay`)).json()) as { readonly faults: unknown };
    expect(told.faults).toEqual([{ fault: { kind: 'answer-lost', call: 'native', times: 2 }, left: 2 }]);
    expect((await control({ clear: true })).status).toBe(200);
    expect((await control({ plan: { kind: 'nonsense' } })).status).toBe(400);
    expect((await control({ plan: { kind: 'status', call: '*', status: 200 } })).status).toBe(400);
    expect((await control({ clear: true }, 'text/plain')).status).toBe(400);
    expect((await control({ clear: true }, 'application/json', 'nobody')).status).toBe(404);
    const elsewhere = await fetch(`${platforms.url}/control/wechat-pay`, {
      headers: { origin: 'https://evil.example' },
    });
    expect(elsewhere.status).toBe(403);
  });

  test.each(['', 'wallet.css', 'wallet.js', 'screens.js', 'faults.js', 'parts.js', 'texts.js'])(
    'serve /%s of the wallet page under a policy that lets in nothing else',
    async (name) => {
      const response = await fetch(`${platforms.url}/${name}`);
      expect(response.status).toBe(200);
      expect(response.headers.get('content-security-policy')).toContain("default-src 'none'");
      expect((await response.text()).length).toBeGreaterThan(500);
    },
  );

  test.each(['wallet.ts', '..%2fwallet.ts', 'page/index.html', 'wallet/none'])('do not serve /%s', async (name) => {
    expect((await fetch(`${platforms.url}/${name}`)).status).toBe(404);
  });

  test('draw codes, and refuse what cannot be drawn', async () => {
    const picture = (kind: string, text: string): Promise<Response> =>
      fetch(`${platforms.url}/wallet/${kind}.svg?text=${encodeURIComponent(text)}`);
    expect((await picture('bars', '132412341234123412')).headers.get('content-type')).toBe('image/svg+xml');
    expect((await picture('code', 'weixin://wxpay/bizpayurl?pr=a')).status).toBe(200);
    expect((await picture('bars', 'abc')).status).toBe(400);
    expect((await picture('code', '')).status).toBe(400);
  });
});

/** The names in a dictionary, with those of the tables inside. */
function namesOf(dictionary: object, prefix = ''): string[] {
  return Object.entries(dictionary).flatMap(([name, value]) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? namesOf(value as object, `${prefix}${name}.`)
      : [`${prefix}${name}:${Array.isArray(value) ? String(value.length) : typeof value}`],
  );
}

test('the wallet page says everything in both languages', async () => {
  const path = join(import.meta.dirname, '../../../mock-server/platforms/frame/wallet/page/texts.js');
  const { texts } = (await import(path)) as { readonly texts: { readonly en: object; readonly zh: object } };
  expect(namesOf(texts.zh)).toEqual(namesOf(texts.en));
  const zh = readFileSync(path, 'utf8').split('  zh: {')[1] ?? '';
  const english = [...zh.matchAll(/'([^'\n]*)'/g)]
    .map(([, text = '']) => text)
    .filter((text) => /[a-z]{3,}/.test(text) && !/\p{Script=Han}/u.test(text));
  expect(english.filter((text) => !/^[a-z-]+$/.test(text) && text !== 'English')).toEqual([]);
});
