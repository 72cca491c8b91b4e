import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { PlatformClock } from './clock.ts';
import type { FaultQueue } from './fault-queue.ts';

/** Longest wait for the merchant's answer, in milliseconds. WeChat Pay gives five seconds. */
const answerTimeoutMs = 5_000;
/** Most notifications on their way or waiting at one stand-in; the oldest waiting one is given up beyond. */
const waitingMax = 5_000;
/** Delay of a late notification whose fault names none, in milliseconds. */
const lateDelayMs = 5_000;
/** Longest answer of the merchant that is looked at, in bytes. */
const replyMaxBytes = 4_096;

/** A notification, made anew for every try: time and nonce change, and a forged one has a signature that does not hold. */
export interface NoticeMessage {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Something to tell the merchant. */
export interface Notice {
  readonly url: string;
  readonly make: (isForged: boolean) => NoticeMessage | Promise<NoticeMessage>;
  /** Whether this answer of the merchant ends the repetitions. */
  readonly isTaken: (status: number, body: string) => boolean;
  /** The platform's documented waits between tries, in milliseconds. */
  readonly retryMs: readonly number[];
}

/** What came of the tries, for tests and the fault page. */
export interface NoticeTry {
  readonly url: string;
  /** HTTP status, or 0 when nobody answered. */
  readonly status: number;
  readonly isForged: boolean;
  readonly isTaken: boolean;
}

/**
 * Sends a stand-in's notifications, under the faults of its plan and with the platform's own schedule of repetitions.
 * Every wait is made with the clock; nothing repeats after the schedule's end or after `close`.
 */
export class Notifier {
  readonly #clock: PlatformClock;
  readonly #faults: FaultQueue;
  readonly #running = new Set<Promise<void>>();
  readonly #scheduled = new Map<symbol, () => void>();
  #held: Notice[] = [];
  #tries: NoticeTry[] = [];
  #isClosed = false;

  constructor(clock: PlatformClock, faults: FaultQueue) {
    this.#clock = clock;
    this.#faults = faults;
  }

  /** Newest last, at most 200. */
  get tries(): readonly NoticeTry[] {
    return this.#tries;
  }

  /** Takes a notification to be sent. `before-answer` faults are not looked at here: the stand-in takes them itself. */
  send(notice: Notice): void {
    const forged = this.#faults.take('notify-forged');
    if (forged !== undefined) {
      this.#run(this.#try(notice, true));
      if (forged.only === true) return;
    }
    const fault = this.#faults.takeIf('notify', ({ how }) => how !== 'before-answer');
    if (fault === undefined) this.#start(notice);
    else if (fault.how === 'late')
      this.#later(fault.delayMs ?? lateDelayMs, () => {
        this.#start(notice);
      });
    else if (fault.how === 'reordered') this.#held.push(notice);
    else if (fault.how === 'double') {
      this.#start(notice);
      this.#start(notice);
    }
    if (fault?.how !== 'reordered' && fault?.how !== 'lost') this.#releaseHeld();
  }

  /** Sends a notification at once and waits for its first try, whatever faults are planned. */
  async sendNow(notice: Notice): Promise<void> {
    const first = this.#tryAndRepeat(notice, 0);
    this.#run(first);
    await first;
  }

  /** Waits until everything that is due by the clock was sent, also what a `reordered` fault holds back. */
  async settled(): Promise<void> {
    this.#releaseHeld();
    while (this.#running.size > 0) await Promise.all(this.#running);
  }

  close(): void {
    this.#isClosed = true;
    for (const cancel of this.#scheduled.values()) cancel();
    this.#scheduled.clear();
    this.#held = [];
  }

  /** What was held back goes out after what came later. */
  #releaseHeld(): void {
    const held = this.#held;
    this.#held = [];
    if (held.length === 0) return;
    const before = [...this.#running];
    this.#run(
      (async () => {
        await Promise.all(before);
        for (const notice of held) await this.#tryAndRepeat(notice, 0);
      })(),
    );
  }

  #start(notice: Notice): void {
    this.#run(this.#tryAndRepeat(notice, 0));
  }

  async #tryAndRepeat(notice: Notice, tried: number): Promise<void> {
    const isTaken = await this.#try(notice, false);
    const waitMs = notice.retryMs[tried];
    if (isTaken || waitMs === undefined || this.#isClosed) return;
    this.#later(waitMs, () => {
      this.#run(this.#tryAndRepeat(notice, tried + 1));
    });
  }

  async #try(notice: Notice, isForged: boolean): Promise<boolean> {
    const reply = await post(notice.url, await notice.make(isForged)).catch(() => ({ status: 0, body: '' }));
    const isTaken = notice.isTaken(reply.status, reply.body);
    this.#tries = [...this.#tries, { url: notice.url, status: reply.status, isForged, isTaken }].slice(-200);
    return isTaken;
  }

  #later(ms: number, act: () => void): void {
    if (this.#isClosed || this.#scheduled.size >= waitingMax) return;
    const id = Symbol('notice');
    this.#scheduled.set(
      id,
      this.#clock.after(ms, () => {
        this.#scheduled.delete(id);
        act();
      }),
    );
  }

  #run(work: Promise<unknown>): void {
    const entry = work.then(
      () => undefined,
      () => undefined,
    );
    this.#running.add(entry);
    void entry.then(() => this.#running.delete(entry));
  }
}

function post(url: string, message: NoticeMessage): Promise<{ readonly status: number; readonly body: string }> {
  return new Promise((resolve, reject) => {
    const start = url.startsWith('https:') ? requestHttps : requestHttp;
    const request = start(url, {
      method: 'POST',
      headers: { ...message.headers, 'content-length': String(Buffer.byteLength(message.body)) },
      signal: AbortSignal.timeout(answerTimeoutMs),
    });
    request.on('error', reject);
    request.on('response', (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        if (body.length < replyMaxBytes) body += chunk;
      });
      response.on('error', reject);
      response.on('end', () => {
        resolve({ status: response.statusCode ?? 0, body });
      });
    });
    request.end(message.body);
  });
}
