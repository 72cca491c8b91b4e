import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { base64UrlEncode } from '../../../protocol/bytes.ts';
import { writeCode } from '../../../protocol/phone-link/code.ts';
import { relayPath } from '../../../protocol/phone-link/relay-path.ts';
import {
  makeShownCode,
  openAnswer,
  readShownCode,
  sealAnswer,
  type ShownCode,
} from '../../../protocol/phone-link/shown.ts';
import type { Bytes, Subtle } from '../../../protocol/phone-link/web-crypto.ts';
import * as limits from '../../../server/relay/limits.ts';
import { ShownCodes } from '../../../server/relay/shown-codes.ts';
import { answerPhone, type Answered } from '../../../src/phone-link/answer.ts';
import type { LinkEnvironment } from '../../../src/phone-link/environment.ts';
import { showOwnCode, type ShowState } from '../../../src/phone-link/shown.ts';
import { startRelay } from '../../bench/link/yard.ts';

const subtle: Subtle = crypto.subtle;
const site = 'till.example';
const random = (bytes: number): Bytes => crypto.getRandomValues(new Uint8Array(bytes));
const ownCode = (): string => writeCode({ helloHash: random(16), secret: random(32) });
const codeOf = (shown: ShownCode): string => readShownCode(`https://${site}/l${shown.hash}`) ?? '';
const sealedFor = (shown: ShownCode, own = ownCode(), hello = shown.hello): Promise<Bytes | undefined> =>
  sealAnswer(subtle, { code: codeOf(shown), hello, site, own });

describe('a code that a phone shows', () => {
  test('carries the terminal’s code to this phone, and no longer than a small frame', async () => {
    const shown = await makeShownCode(subtle, random(32));
    const own = ownCode();
    const answer = await sealedFor(shown, own);
    expect(answer?.length).toBeLessThanOrEqual(limits.answerMaxBytes);
    expect(await openAnswer(subtle, shown, site, answer ?? new Uint8Array())).toBe(own);
  });

  test('a bit flipped anywhere, a cut, or bytes behind: no code', async () => {
    const shown = await makeShownCode(subtle, random(32));
    const answer = (await sealedFor(shown)) ?? new Uint8Array();
    for (let at = 0; at < answer.length; at += 1) {
      const bad = answer.slice();
      bad[at] = (bad[at] ?? 0) ^ (1 << (at % 8));
      expect(await openAnswer(subtle, shown, site, bad), String(at)).toBeUndefined();
    }
    for (const bad of [answer.slice(0, -1), answer.slice(0, 40), new Uint8Array(), Uint8Array.of(...answer, 0)])
      expect(await openAnswer(subtle, shown, site, bad)).toBeUndefined();
  });

  test('the answer to another code, or of another site, is none', async () => {
    const [shown, other] = [await makeShownCode(subtle, random(32)), await makeShownCode(subtle, random(32))];
    const answer = (await sealedFor(other)) ?? new Uint8Array();
    expect(await openAnswer(subtle, shown, site, answer)).toBeUndefined();
    expect(await openAnswer(subtle, other, 'evil.example', answer)).toBeUndefined();
    expect(await openAnswer(subtle, other, site, answer)).toBeDefined();
  });

  test('a relay that gives another key gets no answer out of the terminal', async () => {
    const [shown, other] = [await makeShownCode(subtle, random(32)), await makeShownCode(subtle, random(32))];
    expect(await sealedFor(shown, ownCode(), other.hello)).toBeUndefined();
  });

  test('who owns the relay but has not seen the code cannot answer', async () => {
    const secret = random(32);
    const shown = await makeShownCode(subtle, secret);
    const guess = writeCode({
      helloHash: new Uint8Array(await subtle.digest('SHA-256', shown.hello)).slice(0, 16),
      secret: random(32),
    });
    const answer = await sealAnswer(subtle, { code: guess, hello: shown.hello, site, own: ownCode() });
    expect(await openAnswer(subtle, shown, site, answer ?? new Uint8Array())).toBeUndefined();
  });

  test.each([
    ['a terminal’s code', `https://${site}/l#${'A'.repeat(64)}`],
    ['too short', `https://${site}/l#~${'A'.repeat(63)}`],
    ['too long', `https://${site}/l#~${'A'.repeat(65)}`],
    ['a customer’s payment code', '286912345678901234'],
    ['nothing', ''],
  ])('%s is not read as one', (_, text) => {
    expect(readShownCode(text)).toBeUndefined();
  });

  test('is read out of the whole address, with what a scanner puts behind', () => {
    expect(readShownCode(`https://${site}/l#~${'A'.repeat(64)}\r`)).toBe('A'.repeat(64));
  });
});

describe('the relay for phones’ codes', () => {
  const [id, hello] = ['L'.repeat(22), 'h'.repeat(88)];
  const idOf = (n: number): string => String(n).padStart(22, 'x');
  let nowMs = 0;
  let shown: ShownCodes;
  beforeEach(() => {
    nowMs = 0;
    shown = new ShownCodes(() => nowMs);
  });

  test('one name, one key, one answer, two minutes', async () => {
    const key = shown.open(id, hello, '1')?.key ?? '';
    expect(shown.open(id, hello, '2')).toBeUndefined();
    expect(await shown.wait(id, 'k'.repeat(22), 0)).toBe('unknown');
    expect(await shown.wait(id, key, 0)).toBe('none');
    const waiting = shown.wait(id, key, 10_000);
    expect(shown.put(id, Uint8Array.of(1))).toBe('put');
    expect(await waiting).toEqual({ answer: Uint8Array.of(1) });
    expect(shown.put(id, Uint8Array.of(2))).toBe('answered');
    expect(await shown.wait(id, key, 0)).toEqual({ answer: Uint8Array.of(1) });
    nowMs = limits.shownLifeMs;
    expect([shown.hello(id), shown.put(id, Uint8Array.of(3)), shown.count]).toEqual([undefined, 'unknown', 0]);
    expect(await shown.wait(id, key, 0)).toBe('unknown');
  });

  test('an address has only so many, the oldest goes; and there are only so many in all', () => {
    for (let n = 0; n <= limits.shownOfAddressMax; n += 1) shown.open(idOf(n), hello, '1');
    expect([shown.count, shown.hello(idOf(0)), shown.hello(idOf(1))]).toEqual([
      limits.shownOfAddressMax,
      undefined,
      hello,
    ]);
    for (let n = 100; shown.count < limits.shownMax; n += 1) shown.open(idOf(n), hello, String(n));
    expect(shown.open(id, hello, 'new')).toBeUndefined();
    nowMs = limits.shownLifeMs;
    expect(shown.open(id, hello, 'new')).toBeDefined();
  });
});

describe('phone and terminal over the relay', () => {
  let relay: Awaited<ReturnType<typeof startRelay>>;
  let origin: string;
  let stop: () => void = () => undefined;
  const states: ShowState[] = [];
  beforeEach(async () => {
    relay = await startRelay(10);
    origin = `http://127.0.0.1:${relay.port}`;
    states.length = 0;
  });
  afterEach(() => {
    stop();
    relay.relay.close();
    relay.http.closeAllConnections();
    relay.http.close();
  });

  const environment = (fetcher: LinkEnvironment['fetch'] = fetch): LinkEnvironment => ({
    ...{ subtle, random, origin, fetch: fetcher },
    now: () => performance.now(),
    later: (act, ms) => {
      // Pauses of a second become moments; the limits of calls stay what they are.
      const timer = setTimeout(act, ms <= 2_000 ? 1 : ms);
      return () => clearTimeout(timer);
    },
    ...{ WebSocket: undefined, PeerConnection: undefined, kept: undefined },
    onReturn: () => () => undefined,
  });

  /** A phone; resolves at each code that it shows, and with the code that it got. */
  function phone(fetcher?: LinkEnvironment['fetch']): { shows(n: number): Promise<string>; got: Promise<string> } {
    const shown: string[] = [];
    let tell: () => void = () => undefined;
    const got = new Promise<string>((onCode) => {
      const onState = (state: ShowState): void => {
        states.push(state);
        if (state.url !== undefined && state.url !== shown.at(-1)) shown.push(state.url);
        tell();
      };
      stop = showOwnCode({ onState, onCode }, environment(fetcher));
    });
    const shows = async (n: number): Promise<string> => {
      while (shown.length < n) await new Promise<void>((done) => (tell = done));
      return shown[n - 1] ?? '';
    };
    return { shows, got };
  }

  const own = ownCode();
  const terminal = (text: string, fetcher: LinkEnvironment['fetch'] = fetch): Promise<Answered> =>
    answerPhone({
      ...{ text, own: `${origin}/l#${own}`, origin, subtle, pageUrl: `${origin}/l` },
      fetch: (input, init) => fetcher(input, { ...init, headers: { ...init.headers, authorization: 'Bearer t1' } }),
    });

  test('the phone has the terminal’s code, and a second terminal is told that it came too late', async () => {
    const { shows, got } = phone();
    const url = await shows(1);
    expect(url).toMatch(/\/l#~[A-Za-z0-9_-]{64}$/);
    expect(await terminal(url)).toBe('sent');
    expect(await got).toBe(own);
    expect(await terminal(url)).toBe('answered');
  });

  test('an answer that was changed on the way is refused by name, and a new code comes', async () => {
    let isBad = true;
    const { shows, got } = phone(async (input, init) => {
      const response = await fetch(input, init);
      const body = (await response.json()) as { answer?: string };
      if (!isBad || body.answer === undefined) return Response.json(body, { status: response.status });
      isBad = false;
      return Response.json({ answer: `${body.answer.slice(0, -2)}AA` });
    });
    expect(await terminal(await shows(1))).toBe('sent');
    const second = await shows(2);
    expect(states.at(-1)).toEqual({ phase: 'showing', url: second, problem: 'forged' });
    expect(await terminal(second)).toBe('sent');
    expect(await got).toBe(own);
  });

  test('each failure of the terminal has its name', async () => {
    const { shows } = phone();
    const url = await shows(1);
    const other = await makeShownCode(subtle, random(32));
    const lying = async (): Promise<Response> => Response.json({ hello: base64UrlEncode(other.hello) });
    const dead = async (): Promise<Response> => Promise.reject(new TypeError('no network'));
    expect(await terminal('286912345678901234')).toBe('not-a-phone');
    expect(await terminal(`${origin}/l${other.hash}`)).toBe('expired');
    expect(await terminal(url, lying)).toBe('not-this-phone');
    expect(await terminal(url, dead)).toBe('no-connection');
    const none = { text: url, own: undefined, origin, pageUrl: `${origin}/l`, fetch };
    expect(await answerPhone({ ...none, subtle })).toBe('no-code');
    expect(await answerPhone({ ...none, subtle: undefined })).toBe('too-old');
  });

  test('a phone without a way says so, tries eight times, and rests', async () => {
    const dead = async (): Promise<Response> => Promise.reject(new TypeError('no network'));
    const rested = new Promise<ShowState>((done) => {
      const onState = (state: ShowState): void => (state.phase === 'resting' ? done(state) : undefined);
      stop = showOwnCode({ onState, onCode: () => undefined }, { ...environment(dead), later: soon });
    });
    expect(await rested).toEqual({ phase: 'resting', problem: 'no-connection' });
  });

  const soon = (act: () => void): (() => void) => {
    const timer = setTimeout(act, 0);
    return () => clearTimeout(timer);
  };

  test('strangers can neither read nor answer, large and too many are refused', async () => {
    const id = 'L'.repeat(22);
    const url = (part: 'shown' | 'answer'): string => origin + relayPath(id, part);
    const open = (name: string): Promise<Response> =>
      fetch(origin + relayPath(name, 'shown'), { method: 'PUT', body: JSON.stringify({ hello: 'h'.repeat(88) }) });
    expect((await open(id)).status).toBe(200);
    expect((await fetch(url('shown'))).status).toBe(401);
    expect((await fetch(url('answer'), { method: 'POST', body: 'x' })).status).toBe(401);
    expect((await fetch(url('answer'))).status).toBe(404);
    const headers = { authorization: 'Bearer t1' };
    const post = (size: number): Promise<Response> =>
      fetch(url('answer'), { method: 'POST', headers, body: new Uint8Array(size) });
    expect([(await post(513)).status, (await post(0)).status]).toEqual([413, 400]);
    const opened = await Promise.all(Array.from({ length: 11 }, (_, n) => open(String(n).padStart(22, 'x'))));
    expect(opened.filter(({ status }) => status === 429)).toHaveLength(2);
    const looks = await Promise.all(
      Array.from({ length: limits.lookupsMax + 2 }, () => fetch(url('shown'), { headers })),
    );
    expect(looks.filter(({ status }) => status === 429)).toHaveLength(2);
  });
});
