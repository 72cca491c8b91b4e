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
  /** The server understood and does not want them; the same bytes will not be sent again by themselves. */
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

function bodyOf(records: readonly SiteRecord[]): DeviceRecords {
  return {
    records: records.map(({ request, bundle, receipt }) => ({
      request: base64UrlEncode(request),
      bundle: base64UrlEncode(bundle),
      receipt: base64UrlEncode(receipt),
    })),
  };
}

/** The records that the server has not yet confirmed, oldest first, and the number of the last of them. */
function unsent(firmware: Firmware): { readonly records: readonly SiteRecord[]; readonly last: number } {
  const { records, next, handedIn } = firmware.core.siteRecords;
  const first = Math.max(next - records.length, handedIn + 1);
  const waiting = records.slice(first - (next - records.length)).slice(0, deviceRecordsMax);
  return { records: waiting, last: first + waiting.length - 1 };
}

async function isAnswerOfServer(response: Response, count: number): Promise<boolean> {
  const answer = (await response.json().catch(() => undefined)) as { taken?: unknown; known?: unknown } | undefined;
  const { taken, known } = answer ?? {};
  return typeof taken === 'number' && typeof known === 'number' && taken + known === count;
}

/**
 * The terminal's own way to the server: while it has network it hands in what was unlocked on site, whether or not the
 * technician does. Handing in twice changes nothing, so what is uncertain is sent again.
 */
export class Uplink {
  readonly #device: SecureDevice;
  readonly #options: UplinkOptions;
  readonly #timer: UplinkTimer;
  #stopListening: (() => void) | undefined;
  #cancelWait: (() => void) | undefined;
  #isSending = false;
  #failures = 0;
  /** What was there when the server refused, or the attempts were used up: only something else is tried again. */
  #givenUp = '';

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
    const { records, last } = unsent(firmware);
    if (records.length === 0) return 'nothing';
    this.#isSending = true;
    const outcome = await this.#send(records).finally(() => {
      this.#isSending = false;
    });
    this.#settle(outcome, firmware, last);
    return outcome;
  }

  async #send(records: readonly SiteRecord[]): Promise<UplinkOutcome> {
    const [method, path] = endpoints.deviceSiteRecords;
    try {
      const response = await (this.#options.fetch ?? fetch)(new URL(path, this.#options.serverUrl), {
        method,
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(bodyOf(records)),
        redirect: 'error',
        signal: AbortSignal.timeout(uplinkLimits.requestMs),
      });
      if (response.ok) return (await isAnswerOfServer(response, records.length)) ? 'handed-in' : 'failed';
      const mayPass = response.status >= 500 || response.status === 408 || response.status === 429;
      await response.body?.cancel();
      return mayPass ? 'failed' : 'refused';
    } catch {
      return 'failed';
    }
  }

  #settle(outcome: UplinkOutcome, firmware: Firmware, last: number): void {
    if (outcome === 'handed-in') {
      this.#failures = 0;
      this.#device.guard(() => {
        const { siteRecords } = firmware.core;
        if (!firmware.isDead) firmware.commit({ siteRecords: { ...siteRecords, handedIn: last } });
      });
      this.#look();
      return;
    }
    this.#failures += 1;
    if (outcome === 'refused' || this.#failures >= uplinkLimits.attemptsMax) {
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
    if (unsent(firmware).records.length > 0) this.#wait(0);
  }

  #wait(waitMs: number): void {
    this.#cancelWait = this.#timer.after(waitMs, () => {
      this.#cancelWait = undefined;
      void this.now();
    });
  }
}
