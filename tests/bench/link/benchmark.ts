import type { Browser } from 'playwright-core';
import { launchChromium } from '../../serial-bench/chromium.ts';
import { chromiumProblem } from '../../serial-bench/requirements.ts';
import { missingFigure, percentile } from '../figure.ts';
import type { Benchmark, Figure } from '../figure.ts';
import { linkSize } from './size.ts';
import { openPhone, openTerminal } from './pages.ts';
import { LinkYard } from './yard.ts';

const runs = 15;
/** One way between a page and the relay. */
const delayMs = 25;

/** One link's times in the phone's own milliseconds; `limitMs`: what bytes alone take for the same way, in the same page. */
interface Times {
  readonly billMs: number;
  readonly limitMs: number;
  readonly channelMs: number;
}

/** How long a phone's bytes take to the terminal and back over the same relay, without any of our protocol. */
async function rawRoundTrip(browser: Browser, yard: LinkYard): Promise<number> {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(yard.origin);
  const linkId = crypto.randomUUID().replaceAll('-', '').slice(0, 22);
  const ms = await page.evaluate(async (id) => {
    const socketTo = (as: string): Promise<WebSocket> =>
      new Promise((done) => {
        const socket = new WebSocket(`${location.origin.replace('http', 'ws')}/api/link/${id}/socket?as=${as}`);
        socket.binaryType = 'arraybuffer';
        socket.onopen = () => done(socket);
      });
    const opened = await fetch(`/api/link/${id}`, {
      method: 'PUT',
      headers: { authorization: 'Bearer limit' },
      body: JSON.stringify({ hello: 'h'.repeat(88) }),
    });
    const { key } = (await opened.json()) as { key: string };
    const terminal = await socketTo('terminal');
    const seated = new Promise((done) => (terminal.onmessage = done));
    terminal.send(JSON.stringify({ key }));
    await seated;
    terminal.onmessage = ({ data }) => terminal.send(data as ArrayBuffer);
    // From the page's call for a socket, as the link begins: connecting, the relay's hello, there and back again.
    const startedAt = performance.now();
    const phone = new WebSocket(`${location.origin.replace('http', 'ws')}/api/link/${id}/socket?as=phone`);
    phone.binaryType = 'arraybuffer';
    await new Promise((done) => (phone.onmessage = done));
    const back = new Promise((done) => (phone.onmessage = done));
    phone.send(new Uint8Array(1_500));
    await back;
    return performance.now() - startedAt;
  }, linkId);
  await context.close();
  return ms;
}

async function once(browser: Browser, yard: LinkYard, name: string): Promise<Times> {
  const limitMs = await rawRoundTrip(browser, yard);
  const { terminal, code } = await openTerminal(browser, yard, name);
  const phone = await openPhone(browser, code);
  await phone.gets(1);
  await phone.until({ carrier: 'rtc' });
  const [billMs, channelMs] = await phone.page.evaluate(() => {
    const { got, states, startedAtMs } = globalThis.linkPage;
    const bill = got[0]?.atMs ?? NaN;
    const open = states.find(({ state }) => state.carrier === 'rtc')?.atMs ?? NaN;
    return [bill - startedAtMs, open - bill] as const;
  });
  for (const { page } of [terminal, phone]) await page.context().close();
  return { billMs, limitMs, channelMs };
}

/** The direct way swallows everything from one moment on: how long until a message of each side is at the other. */
async function recover(browser: Browser, yard: LinkYard): Promise<number> {
  const { terminal, code } = await openTerminal(browser, yard, 'recover');
  const phone = await openPhone(browser, code);
  await phone.until({ carrier: 'rtc' });
  const sentAt = Date.now();
  for (const { page } of [terminal, phone]) {
    await page.evaluate(() => {
      for (const channel of globalThis.linkPage.channels) channel.send = () => undefined;
    });
  }
  await phone.send({ type: 'ask' });
  await terminal.send({ type: 'confirmed' });
  await Promise.all([terminal.gets(1), phone.gets(2)]);
  const ms = Date.now() - sentAt;
  for (const { page } of [terminal, phone]) await page.context().close();
  return ms;
}

async function* figures(): AsyncIterable<Figure> {
  yield {
    name: 'link code in the phone’s page, brotli',
    value: await linkSize(),
    unit: 'bytes',
    goal: { atMost: 10_000 },
  };
  const problem = chromiumProblem();
  const name = `bill, beyond what the way itself takes, median of ${runs}`;
  if (problem !== undefined) {
    yield missingFigure(name, 'ms', { atMost: 150 }, problem);
    return;
  }
  const yard = await LinkYard.open();
  const browser = await launchChromium();
  try {
    yard.weather.delayMs = delayMs;
    const times: Times[] = [];
    for (let run = 0; run < runs; run += 1) times.push(await once(browser, yard, `t${run}`));
    const of = (pick: (one: Times) => number, share: number): number => percentile(times.map(pick), share);
    yield {
      name: `the way: relay ${delayMs} ms off, connect and back, median`,
      value: of((t) => t.limitMs, 0.5),
      unit: 'ms',
    };
    yield { name: 'bill on the phone, from the script’s start, median', value: of((t) => t.billMs, 0.5), unit: 'ms' };
    yield { name, value: of((t) => t.billMs - t.limitMs, 0.5), unit: 'ms', goal: { atMost: 150 } };
    yield { name: 'the same, p95', value: of((t) => t.billMs - t.limitMs, 0.95), unit: 'ms' };
    yard.weather.delayMs = 0;
    const near: Times[] = [];
    for (let run = 0; run < runs; run += 1) near.push(await once(browser, yard, `n${run}`));
    const channel = near.map(({ channelMs }) => channelMs);
    const goal = { atMost: 100 };
    yield { name: 'direct way open after the bill, median', value: percentile(channel, 0.5), unit: 'ms', goal };
    yield { name: 'direct way open after the bill, p95', value: percentile(channel, 0.95), unit: 'ms' };
    const lost: number[] = [];
    for (let run = 0; run < 5; run += 1) lost.push(await recover(browser, yard));
    yield {
      name: 'both heard again after a dead direct way, worst of 5',
      value: Math.max(...lost),
      unit: 'ms',
      goal: { atMost: 1_000 },
    };
  } finally {
    await browser.close();
    await yard.close();
  }
}

/** `npm run bench -- link`: how fast a phone has the bill, how the direct way comes and goes, and what it weighs. */
export const linkBenchmark: Benchmark = {
  about: 'phone link: bill on the phone, direct way, recovery, size of the code',
  run: figures,
};
