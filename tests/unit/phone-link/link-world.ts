import { readCode, type LinkCode } from '../../../protocol/phone-link/code.ts';
import { GuestEngine } from '../../../protocol/phone-link/guest-engine.ts';
import { HostEngine } from '../../../protocol/phone-link/host-engine.ts';
import type { KeptLink } from '../../../protocol/phone-link/kept.ts';
import { readKept, writeKept } from '../../../protocol/phone-link/kept.ts';
import type { Way } from '../../../protocol/phone-link/session.ts';
import type { Bytes, Subtle } from '../../../protocol/phone-link/web-crypto.ts';

/** Where a frame waits. `to`: `host`, or the number of a phone. */
export interface Parcel {
  readonly to: 'host' | number;
  readonly from: 'host' | number;
  readonly way: Way;
  readonly linkId: string;
  readonly frame: Bytes;
}

const site = 'till.example';

function failWith(error: unknown): never {
  throw error instanceof Error ? error : new Error(String(error));
}

/** A phone with what its tab keeps and what its page was told. */
export class WorldPhone {
  readonly got: string[] = [];
  readonly sent: string[] = [];
  kept: string | undefined;
  engine: GuestEngine;
  wakeAtMs = Infinity;
  wantsRtc = false;
  readonly #world: LinkWorld;
  readonly number: number;

  constructor(world: LinkWorld, number: number, code: LinkCode) {
    this.#world = world;
    this.number = number;
    this.engine = this.#open(code);
  }

  #open(from: LinkCode | KeptLink): GuestEngine {
    const world = this.#world;
    const isCurrent = (): boolean => this.engine === created;
    const created: GuestEngine = new GuestEngine(
      {
        subtle: world.subtle,
        random: world.random,
        now: () => world.nowMs,
        site,
        hasRtc: true,
        open: (linkId) => {
          if (!isCurrent()) return;
          world.join(this, linkId);
        },
        carry: (way, frame) => {
          if (isCurrent()) world.put({ to: 'host', from: this.number, way, linkId: world.linkId, frame });
        },
        signal: () => undefined,
        startRtc: () => (this.wantsRtc = true),
        endRtc: () => (this.wantsRtc = false),
        deliver: (text) => {
          if (!isCurrent()) return undefined;
          this.got.push(text);
          return byeOf(text);
        },
        keep: (link) => {
          if (isCurrent()) this.kept = link === undefined ? undefined : writeKept(link);
        },
        changed: () => undefined,
        wakeAt: (atMs) => {
          if (isCurrent()) this.wakeAtMs = atMs;
        },
        close: () => undefined,
      },
      from,
      world.failed,
    );
    return created;
  }

  /** Another page in the same tab; false when nothing was kept. */
  async reload(): Promise<boolean> {
    await this.engine.idle;
    const kept = readKept(this.kept ?? null);
    if (kept === undefined) return false;
    this.#world.dropRtc();
    this.engine = this.#open(kept);
    await this.engine.idle;
    return true;
  }

  send(text: string): void {
    if (!this.engine.hasRoom) return;
    this.sent.push(text);
    this.engine.post({ on: 'send', text });
  }
}

function byeOf(text: string): { bye?: string } | undefined {
  const { type, reason } = JSON.parse(text) as { type: string; reason?: string };
  return type === 'bye' ? { bye: reason ?? '' } : undefined;
}

/** A terminal, phones, and a network in the hand of the test: nothing arrives unless the test hands it over. */
export class LinkWorld {
  nowMs = 1_000;
  readonly subtle: Subtle;
  readonly host: HostEngine;
  readonly hostGot: string[] = [];
  readonly hostSent: string[] = [];
  readonly phones: WorldPhone[] = [];
  readonly onTheWay: Parcel[] = [];
  readonly everything: Parcel[] = [];
  readonly hellos = new Map<string, Bytes>();
  readonly shut = new Map<string, string>();
  isRtcUp = false;
  hostWakeAtMs = Infinity;
  error: unknown;
  /** The code that was scanned last. */
  hosted = '';
  #seed: number;

  constructor(subtle: Subtle, seed: number) {
    this.subtle = subtle;
    this.#seed = seed;
    this.host = new HostEngine(
      {
        subtle,
        random: this.random,
        now: () => this.nowMs,
        pageUrl: `https://${site}/l`,
        site,
        open: (linkId, hello) => {
          this.hellos.set(linkId, hello);
          this.host.post({ on: 'mailbox', linkId, kind: 'relay' });
        },
        shut: (linkId, why) => {
          this.hellos.delete(linkId);
          this.shut.set(linkId, why);
        },
        carry: (linkId, way, frame) => {
          for (const { number } of this.phones) this.put({ to: number, from: 'host', way, linkId, frame });
        },
        signal: () => undefined,
        endRtc: () => undefined,
        deliver: (text) => {
          this.hostGot.push(text);
          return byeOf(text);
        },
        changed: () => undefined,
        wakeAt: (atMs) => (this.hostWakeAtMs = atMs),
      },
      this.failed,
    );
  }

  readonly failed = (error: unknown): void => {
    this.error ??= error;
  };

  readonly random = (bytes: number): Bytes => {
    const out = new Uint8Array(bytes);
    for (let i = 0; i < bytes; i++) {
      this.#seed = (Math.imul(this.#seed, 1_664_525) + 1_013_904_223) >>> 0;
      out[i] = this.#seed >>> 24;
    }
    return out;
  };

  get linkId(): string {
    return this.host.view.linkId ?? '';
  }

  async start(): Promise<void> {
    this.host.post({ on: 'start' });
    await this.settle();
  }

  /** Lets everything that runs come to an end. Throws what an engine threw. */
  async settle(): Promise<void> {
    for (let round = 0; round < 3; round++) {
      await this.host.idle;
      for (const { engine } of this.phones) await engine.idle;
    }
    if (this.error !== undefined) failWith(this.error);
  }

  /** A phone reads the code that the terminal shows. */
  async scan(): Promise<WorldPhone | undefined> {
    const { code } = this.host.view;
    return code === undefined ? undefined : this.scanCode(new URL((this.hosted = code)).hash);
  }

  /** A phone reads a code from wherever. Throws when it is none. */
  async scanCode(hash: string): Promise<WorldPhone> {
    const code = readCode(hash);
    if (code === undefined) throw new RangeError('scanCode.hash');
    const phone = new WorldPhone(this, this.phones.length, code);
    this.phones.push(phone);
    await this.settle();
    return phone;
  }

  join(phone: WorldPhone, linkId: string): void {
    const hello = this.hellos.get(linkId);
    phone.engine.post({ on: 'relay', kind: 'relay' });
    if (hello !== undefined) phone.engine.hello(hello);
    else phone.engine.post({ on: 'over', why: (this.shut.get(linkId) ?? 'expired') as 'expired' });
  }

  put(parcel: Parcel): void {
    if (parcel.way === 'rtc' && !this.isRtcUp) return;
    this.onTheWay.push(parcel);
    this.everything.push(parcel);
  }

  hand({ to, way, linkId, frame }: Parcel): void {
    if (way === 'rtc' && !this.isRtcUp) return;
    if (to === 'host') this.host.frame(linkId, way, frame);
    else this.phones[to]?.engine.frame(way, frame);
  }

  openRtc(): void {
    const phone = this.phones.find(({ wantsRtc }) => wantsRtc);
    if (phone === undefined || this.isRtcUp) return;
    this.isRtcUp = true;
    phone.engine.post({ on: 'rtc', isUp: true });
    this.host.post({ on: 'rtc', isUp: true });
  }

  dropRtc(): void {
    if (!this.isRtcUp) return;
    this.isRtcUp = false;
    for (const { engine } of this.phones) engine.post({ on: 'rtc', isUp: false });
    this.host.post({ on: 'rtc', isUp: false });
  }

  sendFromHost(text: string): void {
    if (!this.host.hasRoom) return;
    this.hostSent.push(text);
    this.host.post({ on: 'send', text });
  }

  /** Time passes; everybody wakes when they wanted to, at most `ticksMax` times. Throws when somebody wakes on and on. */
  async pass(ms: number, ticksMax = 40): Promise<void> {
    const until = this.nowMs + ms;
    let spins = 0;
    for (let ticks = 0; ticks < ticksMax; ticks++) {
      const next = Math.min(this.hostWakeAtMs, ...this.phones.map(({ wakeAtMs }) => wakeAtMs));
      if (next > until) break;
      spins = next > this.nowMs ? 0 : spins + 1;
      if (spins > 4) throw new Error('wakes without end');
      this.nowMs = Math.max(this.nowMs, next);
      if (this.hostWakeAtMs <= this.nowMs) this.host.post({ on: 'tick' });
      for (const phone of this.phones) if (phone.wakeAtMs <= this.nowMs) phone.engine.post({ on: 'tick' });
      await this.settle();
    }
    this.nowMs = Math.max(this.nowMs, until);
  }

  /** The network behaves: all that waits arrives, in order, and what is answered to it, until nothing waits. */
  async deliverAll(roundsMax = 30): Promise<void> {
    for (let round = 0; round < roundsMax && this.onTheWay.length > 0; round++) {
      for (const parcel of this.onTheWay.splice(0)) this.hand(parcel);
      await this.settle();
    }
  }
}
