import { base64UrlEncode } from '../../protocol/bytes.ts';
import { deviceRecordsMax } from '../../protocol/http/field.ts';
import type { DeviceRecords } from '../../protocol/http/field.ts';
import { endpoints } from '../../protocol/http/paths.ts';
import type { SiteRecord } from './core-record.ts';
import type { Firmware } from './firmware.ts';
import type { SecureDevice } from './secure-device.ts';

/** Waits between attempts: doubling, and then no more until something changes. */
const uplinkLimits = {
  firstWaitMs: 1000,
  waitMsMax: 60_000,
  /** Attempts in a row that failed; the next record, boot or network starts anew. */
  attemptsMax: 10,
  requestMs: 10_000,
} as const;

/** What one attempt came to. */
export type UplinkOutcome =
  /** Nothing to hand in. */
  | 'nothing'
  /** The terminal is off, its network is down, or an attempt is under way. */
  | 'not-now'
  /** The server has the records. */
  | 'handed-in'
  /** The server understood and does not want them: several are then sent one by one, a single one is left out. */
  | 'refused'
  /** No answer, or none of this server: another attempt follows. */
  | 'failed';

/** How later attempts are called; real timers when left out. */
export interface UplinkTimer {
  /** Calls `act` after `waitMs`; returns how to call it off. */
  after(waitMs: number, act: () => void): () => void;
}

/** Where a terminal hands in its records. */
export interface UplinkOptions {
  /** Address of the server. */
  readonly serverUrl: string;
  readonly fetch?: typeof fetch;
  readonly timer?: UplinkTimer;
}

const realTimer: UplinkTimer = {
  after(waitMs, act) {
    const handle = setTimeout(act, waitMs);
    return () => {
      clearTimeout(handle);
    };
  },
};

function bodyOf(waiting: readonly Numbered[]): DeviceRecords {
  return {
    records: waiting.map(({ record: { request, bundle, receipt } }) => ({
      request: base64UrlEncode(request),
      bundle: base64UrlEncode(bundle),
      receipt: base64UrlEncode(receipt),
    })),
  };
}

/** One place of the ring. */
interface Numbered {
  readonly number: number;
  readonly record: SiteRecord;
}

/** The records that the server has not yet confirmed, oldest first. */
function unconfirmed({ core }: Firmware): readonly Numbered[] {
  const { records, next, handedIn } = core.siteRecords;
  const first = next - records.length;
  return records.map((record, i) => ({ number: first + i, record })).filter(({ number }) => number > handedIn);
}

async function isAnswerOfServer(response: Response, count: number): Promise<boolean> {
  const answer = (await response.json().catch(() => undefined)) as { taken?: unknown; known?: unknown } | undefined;
  const { taken, known } = answer ?? {};
  return typeof taken === 'number' && typeof known === 'number' && taken + known === count;
}

/**
 * The terminal's own way to the server: while it has network it hands in what was unlocked on site, whether or not the
 * technician does. Handing in twice changes nothing, so what is uncertain is sent again. One record that the server
 * does not want, such as one without the signature of an erased identity, must not keep the others back; it stays in
 * the ring for whoever comes with a cable.
 */
export class Uplink {
  readonly #device: SecureDevice;
  readonly #options: UplinkOptions;
  readonly #timer: UplinkTimer;
  #stopListening: (() => void) | undefined;
  #cancelWait: (() => void) | undefined;
  #isSending = false;
  #failures = 0;
  /** What was there when the attempts were used up: only something else is tried again. */
  #givenUp = '';
  /** Numbers of records that the server refused by themselves. */
  readonly #refused = new Set<number>();
  /** A batch was refused: until none waits, records go one by one. */
  #isOneByOne = false;

  constructor(device: SecureDevice, options: UplinkOptions) {
    this.#device = device;
    this.#options = options;
    this.#timer = options.timer ?? realTimer;
  }

  /** Hands in from now on whenever there is something and the network is up. */
  start(): void {
    this.#stopListening ??= this.#device.listen(() => {
      this.#look();
    });
    this.#look();
  }

  /** Sends nothing by itself any more. */
  stop(): void {
    this.#stopListening?.();
    this.#stopListening = undefined;
    this.#cancelWait?.();
    this.#cancelWait = undefined;
  }

  /** One attempt at once, whatever was given up before. Never rejects. */
  async now(): Promise<UplinkOutcome> {
    this.#cancelWait?.();
    this.#cancelWait = undefined;
    const { firmware } = this.#device;
    if (firmware === undefined || !this.#device.body.hasNetwork || this.#isSending) return 'not-now';
    const waiting = this.#waiting(firmware).slice(0, this.#isOneByOne ? 1 : deviceRecordsMax);
    if (waiting.length === 0) return 'nothing';
    this.#isSending = true;
    const outcome = await this.#send(waiting).finally(() => {
      this.#isSending = false;
    });
    this.#settle(outcome, firmware, waiting);
    return outcome;
  }

  #waiting(firmware: Firmware): readonly Numbered[] {
    return unconfirmed(firmware).filter(({ number }) => !this.#refused.has(number));
  }

  async #send(waiting: readonly Numbered[]): Promise<UplinkOutcome> {
    const [method, path] = endpoints.deviceSiteRecords;
    try {
      const response = await (this.#options.fetch ?? fetch)(new URL(path, this.#options.serverUrl), {
        method,
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(bodyOf(waiting)),
        redirect: 'error',
        signal: AbortSignal.timeout(uplinkLimits.requestMs),
      });
      if (response.ok) return (await isAnswerOfServer(response, waiting.length)) ? 'handed-in' : 'failed';
      const mayPass = response.status >= 500 || response.status === 408 || response.status === 429;
      await response.body?.cancel();
      return mayPass ? 'failed' : 'refused';
    } catch {
      return 'failed';
    }
  }

  #settle(outcome: UplinkOutcome, firmware: Firmware, sent: readonly Numbered[]): void {
    const last = sent.at(-1)?.number ?? 0;
    if (outcome === 'failed') {
      this.#waitAfterFailure();
      return;
    }
    this.#failures = 0;
    if (outcome === 'handed-in') {
      this.#device.guard(() => {
        const { siteRecords } = firmware.core;
        if (!firmware.isDead) firmware.commit({ siteRecords: { ...siteRecords, handedIn: last } });
      });
    } else if (sent.length > 1) this.#isOneByOne = true;
    else this.#refused.add(last);
    this.#look();
  }

  #waitAfterFailure(): void {
    this.#failures += 1;
    if (this.#failures >= uplinkLimits.attemptsMax) {
      this.#failures = 0;
      this.#givenUp = this.#situation();
      return;
    }
    const waitMs = Math.min(uplinkLimits.waitMsMax, uplinkLimits.firstWaitMs * 2 ** (this.#failures - 1));
    if (this.#stopListening !== undefined) this.#wait(waitMs);
  }

  /** What must change before something that was given up is tried again: a new record, a boot, the network. */
  #situation(): string {
    const { firmware, body } = this.#device;
    if (firmware === undefined || !body.hasNetwork) return '';
    return `${firmware.core.siteRecords.next} ${firmware.core.bootCount}`;
  }

  #look(): void {
    const situation = this.#situation();
    if (situation === '') {
      this.#givenUp = '';
      return;
    }
    const { firmware } = this.#device;
    const isBusy = this.#isSending || this.#cancelWait !== undefined || this.#stopListening === undefined;
    if (isBusy || situation === this.#givenUp || firmware === undefined) return;
    if (this.#waiting(firmware).length > 0) this.#wait(0);
    else this.#isOneByOne = false;
  }

  #wait(waitMs: number): void {
    this.#cancelWait = this.#timer.after(waitMs, () => {
      this.#cancelWait = undefined;
      void this.now();
    });
  }
}
