import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fen } from '../../../domain/money.ts';
import { manualClock } from '../../../mock-server/platforms/frame/clock.ts';
import type { ManualClock } from '../../../mock-server/platforms/frame/clock.ts';
import { startPlatforms } from '../../../mock-server/platforms/frame/platforms.ts';
import type { Platforms, StandInMaker } from '../../../mock-server/platforms/frame/platforms.ts';
import { payPassword } from '../../../mock-server/platforms/stand-in.ts';
import type { PlatformStandIn } from '../../../mock-server/platforms/stand-in.ts';
import type {
  AttemptFacts,
  Channel,
  ChannelAccount,
  ChannelDefinition,
  ChannelKey,
  ChannelMemory,
  Exchange,
  Notification,
  RawRequest,
  RefundFacts,
} from '../../../server/channels/channel.ts';

/** What a channel's own test file gives to the suite. */
export interface ChannelBench {
  readonly definition: ChannelDefinition;
  readonly maker: StandInMaker;
  /** Other stand-ins that run beside it. */
  readonly beside?: readonly StandInMaker[];
  /** The stand-in's names of the calls (mock-server/platforms/README.md), for fault plans. */
  readonly calls: {
    readonly create?: string;
    readonly link?: string;
    readonly query: string;
    readonly close: string;
    readonly refund: string;
    readonly queryRefund: string;
    readonly payByCode?: string;
    readonly reverse?: string;
    readonly bill?: string;
  };
  /** The platform takes a new key of its own into use. */
  readonly rotate?: (standIn: PlatformStandIn) => Promise<void> | void;
  /** Another shape of the account, such as the public-key mode. */
  readonly account?: (account: ChannelAccount) => ChannelAccount;
  /** Unpacks a bill's bytes to text; UTF-8 when absent. */
  readonly billText?: (bytes: Uint8Array) => Promise<string> | string;
}

/** A notification as it came in, and what the channel made of it. */
export interface Received {
  readonly raw: RawRequest;
  readonly notification: Notification;
}

/** A channel opened against its stand-in, with a real HTTP receiver for notifications. Time stands until it is moved. */
export interface OpenBench {
  readonly bench: ChannelBench;
  readonly clock: ManualClock;
  readonly platforms: Platforms;
  readonly standIn: PlatformStandIn;
  readonly account: ChannelAccount;
  readonly channel: Channel;
  /** The same account with a short patience, for answers that never come. */
  readonly impatient: Channel;
  readonly received: readonly Received[];
  readonly exchanges: readonly Exchange[];
  readonly learned: readonly ChannelKey[];
  /** Opens the channel once more, with other settings. */
  reopen(account: ChannelAccount): Channel;
  attempt(change?: Partial<AttemptFacts>): Promise<AttemptFacts>;
  refundOf(attempt: AttemptFacts, amountFen: number): Promise<RefundFacts>;
  /** The code that a wallet scans for this attempt. Throws when the stand-in does not know it. */
  codeOf(attempt: AttemptFacts): string;
  pay(code: string): Promise<string>;
  close(): Promise<void>;
}

/** 2 March 2026, 10:00:00 in Shanghai. */
export const startMs = Date.parse('2026-03-02T10:00:00+08:00');
/** The day of `startMs`. */
export const startDay = '2026-03-02';
const patienceMs = 20_000;
const impatienceMs = 400;
let sequence = 0;

/** Opens a bench: platforms, receiver and channel on ports of their own. */
export async function openBench(bench: ChannelBench): Promise<OpenBench> {
  const clock = manualClock(startMs);
  const platforms = await startPlatforms({
    host: '127.0.0.1',
    port: 0,
    clock,
    standIns: [bench.maker, ...(bench.beside ?? [])],
  });
  const standIn = platforms.standIns.get(bench.maker.code);
  if (standIn === undefined) throw new Error(`${bench.maker.code} did not start`);
  const given: ChannelAccount = { id: 'conformance', ...standIn.account('conformance') };
  const account = bench.account?.(given) ?? given;
  const [exchanges, learned, received]: [Exchange[], ChannelKey[], Received[]] = [[], [], []];
  const memory = memoryOf();
  const open = (of: ChannelAccount, timeoutMs: number): Channel =>
    bench.definition.open(of, {
      clock: () => clock.now(),
      random: (bytes) => randomBytes(bytes),
      memory,
      timeoutMs,
      record: (exchange) => exchanges.push(exchange),
      learnKey: (key) => Promise.resolve(void learned.push(key)),
    });
  const channel = open(account, patienceMs);
  const receiver = await startReceiver(channel, received);
  return {
    ...{ bench, clock, platforms, standIn, account, channel, received, exchanges, learned },
    impatient: open(account, impatienceMs),
    reopen: (of) => open(of, patienceMs),
    attempt: (change) => makeAttempt(channel, clock, receiver.url, change),
    refundOf: (attempt, amountFen) => makeRefund(channel, clock, receiver.url, attempt, amountFen),
    codeOf: (attempt) => {
      const code = standIn.payments().find(({ number }) => number === attempt.attemptNo)?.code;
      if (code === undefined) throw new Error(`the stand-in has no code for ${attempt.attemptNo}`);
      return code;
    },
    pay: async (code) => (await standIn.wallet({ code, act: 'pay', password: payPassword })).result,
    close: async () => {
      await platforms.close();
      await receiver.close();
    },
  };
}

async function makeAttempt(
  channel: Channel,
  clock: ManualClock,
  notifyUrl: string,
  change: Partial<AttemptFacts> = {},
): Promise<AttemptFacts> {
  sequence += 1;
  const facts: AttemptFacts = {
    attemptNo: `TK260302${String(sequence).padStart(8, '0')}A1`,
    amountFen: fen(12_850),
    currency: 'CNY',
    description: '四季面馆 午餐',
    terminal: { id: 'T0000017', label: '四季面馆 1 号机' },
    createdAtMs: clock.now(),
    expiresAtMs: clock.now() + 300_000,
    notifyUrl,
    memo: {},
    ...change,
  };
  return { ...facts, memo: { ...facts.memo, ...(await channel.prepare?.(facts)) } };
}

async function makeRefund(
  channel: Channel,
  clock: ManualClock,
  notifyUrl: string,
  attempt: AttemptFacts,
  amountFen: number,
): Promise<RefundFacts> {
  sequence += 1;
  const facts: RefundFacts = {
    refundNo: `TK260302${String(sequence).padStart(8, '0')}A1R1`,
    amountFen: fen(amountFen),
    reason: '退菜',
    createdAtMs: clock.now(),
    notifyUrl,
    memo: {},
  };
  return { ...facts, memo: { ...(await channel.prepareRefund?.(attempt, facts)) } };
}

interface Receiver {
  readonly url: string;
  close(): Promise<void>;
}

async function startReceiver(channel: Channel, received: Received[]): Promise<Receiver> {
  const server = createServer((request, response) => {
    void (async () => {
      const chunks: Buffer[] = [];
      for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
      const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]));
      const raw = { method: request.method ?? '', path: request.url ?? '', headers, body: Buffer.concat(chunks) };
      const notification = await channel.parseNotification?.(raw);
      if (notification === undefined) throw new Error('a notification came to a channel that has none');
      received.push({ raw, notification });
      const reply = notification.kind === 'refused' ? notification.reply : notification.onDone;
      response.writeHead(reply.status, reply.contentType === undefined ? {} : { 'content-type': reply.contentType });
      response.end(reply.body);
    })().catch(() => response.writeHead(599).end());
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${String(port)}/api/notify/conformance`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}

/** A channel's memory as the database gives it, in this process. */
export function memoryOf(): ChannelMemory {
  const kept = new Map<string, { readonly value: string; readonly version: number }>();
  const counters = new Map<string, number>();
  return {
    get: (key) => Promise.resolve(kept.get(key)),
    put: (key, value, version) => {
      if ((kept.get(key)?.version ?? 0) !== version) return Promise.resolve(false);
      kept.set(key, { value, version: version + 1 });
      return Promise.resolve(true);
    },
    remove: (key, version) => Promise.resolve(kept.get(key)?.version === version && kept.delete(key)),
    next: (counter, max) => {
      const value = ((counters.get(counter) ?? 0) % max) + 1;
      counters.set(counter, value);
      return Promise.resolve(value);
    },
    list: (prefix, limit) =>
      Promise.resolve(
        [...kept.entries()]
          .filter(([key]) => key.startsWith(prefix))
          .toSorted(([a], [b]) => (a < b ? -1 : 1))
          .slice(0, limit)
          .map(([key, entry]) => ({ key, ...entry })),
      ),
  };
}
