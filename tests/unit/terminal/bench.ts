import type { OrderAction } from '../../../protocol/unlock/v1/constants.ts';
import type { CommissionReport, UnlockGrant, UnlockReceipt } from '../../../protocol/unlock/v1/messages.ts';
import type { HardwareSensor } from '../../../mock-server/terminal/body.ts';
import { attachCable } from '../../../mock-server/terminal/cable.ts';
import { streamPair } from '../../../mock-server/terminal/byte-stream.ts';
import { createDevice } from '../../../mock-server/terminal/secure-device.ts';
import type { SecureDevice } from '../../../mock-server/terminal/secure-device.ts';
import { memoryStore } from '../../../mock-server/terminal/store.ts';
import type { DurableStore } from '../../../mock-server/terminal/store.ts';
import { TestAuthority, seededRandom } from './authority.ts';
import type { OpenedRequest } from './authority.ts';
import { call, connectHost } from './host.ts';
import type { TestHost } from './host.ts';
import { callFirmware } from './technician.ts';

/** A clock that stands still until told. */
export class TestClock {
  ms = Date.UTC(2026, 10, 24, 9, 0, 0);
  readonly wall = (): number => this.ms;

  pass(seconds: number): void {
    this.ms += seconds * 1000;
  }
}

/** One device, the authority that it trusts, and the clock of both. */
export interface Bench {
  readonly store: DurableStore;
  readonly clock: TestClock;
  readonly authority: TestAuthority;
  readonly device: SecureDevice;
}

/** The identity secret of the bench's devices; a fresh copy each time, because provisioning zeroes it. */
export function identitySecret(number = 1): Uint8Array {
  return new Uint8Array(32).fill(0x40 + number);
}

/** Makes a device that is on and NORMAL. Devices with different numbers differ in everything. */
export function makeBench(
  options: {
    number?: number;
    store?: DurableStore;
    clock?: TestClock;
    authority?: TestAuthority;
    stepMs?: number;
    acquirerPublicKey?: Uint8Array;
  } = {},
): Bench {
  const { number = 1, store = memoryStore(), clock = new TestClock() } = options;
  const authority = options.authority ?? new TestAuthority(() => Math.floor(clock.ms / 1000));
  const device = createDevice({
    store,
    clock: clock.wall,
    random: seededRandom(1000 + number),
    tuning: { stepMs: options.stepMs ?? 0 },
    provisioning: {
      serial: `QT60-2551-0031${number}`,
      label: `G3-0${number}`,
      model: 'QT-60',
      deviceId: new Uint8Array(8).fill(number),
      identitySecret: identitySecret(number),
      rootPublicKey: authority.rootPublicKey,
      keyset: authority.keyset(),
      ...(options.acquirerPublicKey === undefined ? {} : { acquirerPublicKey: options.acquirerPublicKey }),
    },
  });
  return { store, clock, authority, device };
}

/** Plugs a host in over a line in memory. */
export async function plugIn(device: SecureDevice, linkId = 1): Promise<TestHost> {
  const [near, far] = streamPair();
  attachCable(device, near);
  return await connectHost(far, linkId);
}

/** A bench whose device has just been locked, with a host on its cable. */
export async function lockedBench(sensor: HardwareSensor = 'case'): Promise<Bench & { readonly host: TestHost }> {
  const bench = makeBench();
  bench.device.trip(sensor);
  return { ...bench, host: await plugIn(bench.device) };
}

/** Asks for the request, as the server opens it. */
export async function openedRequest(bench: Bench, host: TestHost, fresh = false): Promise<OpenedRequest> {
  const { sealed } = await call(host, 'lock.request', { fresh });
  return bench.authority.open(sealed);
}

/** Brings a locked device to BLANK and gives the receipt. */
export async function unlocked(bench: Bench, host: TestHost): Promise<UnlockReceipt> {
  const opened = await openedRequest(bench, host);
  const answer = await call(host, 'lock.grant', { sealed: bench.authority.grant(opened) });
  return bench.authority.receipt(answer.receipt, bench.device.factory.identityPublicKey);
}

/** Carries one order over the cable and gives its report. */
export async function ordered(
  bench: Bench,
  host: TestHost,
  action: OrderAction,
  receipt: UnlockReceipt,
): Promise<CommissionReport> {
  const { report } = await call(host, 'lock.order', { order: bench.authority.order(action, receipt) });
  return bench.authority.report(report, bench.device.factory.identityPublicKey);
}

/** A request and a sealed grant for it, made past the cable; `change` makes the grant wrong. */
export async function requestAndGrant(
  bench: Bench,
  change: Partial<UnlockGrant> = {},
): Promise<{ readonly request: Uint8Array; readonly sealed: Uint8Array }> {
  const asked = await callFirmware(bench.device, 'lock.request', { fresh: false });
  if (!asked.ok) throw new Error(asked.error);
  const opened = bench.authority.open(asked.value.sealed);
  return { request: asked.value.sealed, sealed: bench.authority.grant(opened, change) };
}
