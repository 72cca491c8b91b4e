import { describe, expect, test } from 'vitest';
import { decodeRequest } from '../../../protocol/unlock/v1/codec.ts';
import { equalBytes } from '../../../protocol/bytes.ts';
import type { OpName, Params, Reply } from '../../../protocol/cable/v1/services/table.ts';
import { outstandingChallenge } from '../../../mock-server/terminal/challenge.ts';
import { isJournalIntact } from '../../../mock-server/terminal/journal.ts';
import { PowerCut } from '../../../mock-server/terminal/power.ts';
import type { SecureDevice } from '../../../mock-server/terminal/secure-device.ts';
import { secretNames } from '../../../mock-server/terminal/vault.ts';
import { commissionOrders } from './authority.ts';
import { makeBench } from './bench.ts';
import type { Bench } from './bench.ts';
import { TestSite, passerBy, siteRequest } from './site-people.ts';
import { callFirmware } from './technician.ts';

/** Cuts the power once, at durable step number `at` of those that follow. */
function cutOnce(device: SecureDevice, at: number, when: 'before' | 'after'): void {
  const target = device.supply.steps + at;
  let isDone = false;
  const isDue = (step: number): boolean => {
    if (isDone || step !== target) return false;
    isDone = true;
    return true;
  };
  device.supply.plan = when === 'before' ? { beforeWrite: isDue } : { afterWrite: isDue };
}

/** What must hold after every boot: no act half done, no second use, a record for every use. */
function expectDefined({ device, store }: Bench): void {
  const { firmware } = device;
  if (firmware === undefined) throw new Error('the device is off');
  const { core, vault } = firmware;
  expect(core.pending).toBeNull();
  expect(isJournalIntact(core.journal.records, core.journal.head)).toBe(true);
  expect(core.siteRecords.next - 1).toBe(core.lifetimeUnlocks);
  expect(core.lastDelegation?.uses ?? 0).toBe(core.lifetimeUnlocks);
  expect(core.lastReceipt).toEqual(core.siteRecords.records.at(-1)?.receipt ?? new Uint8Array(0));
  expect(core.state === 'BLANK' && core.blankBy === 0).toBe(false);
  if (core.state === 'LOCKED') expect([core.blankBy, vault.hasPaymentKeys]).toEqual([0, false]);
  if (core.state === 'PROBATION') expect(vault.hasPaymentKeys).toBe(true);
  expect(store.read('challenge') !== undefined && outstandingChallenge(firmware) === undefined).toBe(false);
}

/** Technician and second person with a kit: looks, does the next thing, and after a cut looks again. */
class SiteRun {
  readonly #bench: Bench;
  readonly #site: TestSite;
  readonly #delegation: Uint8Array;
  readonly #orders: readonly Uint8Array[];
  #signed: { readonly nonce: Uint8Array; readonly bundle: Uint8Array } | undefined;
  bundlesMade = 0;

  constructor(bench: Bench) {
    this.#bench = bench;
    this.#site = new TestSite(bench.authority);
    this.#delegation = this.#site.delegation();
    this.#orders = commissionOrders.slice(0, 5).map((action) => this.#site.kitOrder(action, bench.device));
  }

  async toProbation(): Promise<void> {
    const { device } = this.#bench;
    device.trip('case');
    for (let round = 0; round < 40; round++) {
      try {
        if (await this.#next()) return;
      } catch (error) {
        if (!(error instanceof PowerCut)) throw error;
        while (!device.powerOn());
        expectDefined(this.#bench);
      }
    }
    throw new Error('the run does not end');
  }

  async #next(): Promise<boolean> {
    const { state, commissioned } = await this.#must('lock.status', {});
    if (state === 'PROBATION') return true;
    if (state === 'LOCKED') await this.#unlock();
    else {
      const index = [1, 2, 4, 8].findIndex((bit) => (commissioned & bit) === 0);
      await this.#must('lock.order', { order: this.#orders[index < 0 ? 4 : index] as Uint8Array });
    }
    return false;
  }

  async #unlock(): Promise<void> {
    const asked = await this.#must('lock.siteRequest', {});
    const decoded = decodeRequest(asked.request);
    if (!decoded.ok) throw new Error(decoded.error);
    const { message } = decoded.value;
    if (this.#signed === undefined || !equalBytes(this.#signed.nonce, message.nonce)) {
      this.#signed = { nonce: message.nonce, bundle: this.#site.bundle(this.#delegation, message) };
      this.bundlesMade += 1;
    }
    const answer = await this.#must('lock.siteUnlock', { bundle: this.#signed.bundle });
    if (!answer.accepted) throw new Error(`refused: ${answer.refusal}`);
  }

  async #must<K extends Exclude<OpName, `transfer.${string}`>>(op: K, params: Params<K>): Promise<Reply<K>> {
    const reply = await callFirmware(this.#bench.device, op, params);
    if (!reply.ok) throw new Error(`${op}: ${reply.error} ${reply.detail ?? ''}`);
    return reply.value;
  }
}

async function stepsOfRun(): Promise<number> {
  const bench = makeBench();
  const run = new SiteRun(bench);
  const before = bench.device.supply.steps;
  await run.toProbation();
  return bench.device.supply.steps - before;
}

describe('power cut at every durable write of the work on site', { timeout: 180_000 }, () => {
  test.each(['before', 'after'] as const)('from trip to PROBATION with a kit, %s the write', async (when) => {
    const steps = await stepsOfRun();
    expect(steps).toBeGreaterThan(20);
    for (let at = 1; at <= steps; at++) {
      const bench = makeBench();
      const run = new SiteRun(bench);
      cutOnce(bench.device, at, when);
      await run.toProbation();
      const { core, vault } = bench.device.firmware ?? {};
      expect([at, core?.state, core?.lifetimeUnlocks, run.bundlesMade]).toEqual([at, 'PROBATION', 1, 1]);
      expect(core?.lastDelegation).toMatchObject({ uses: 1, lastUseIndex: 1 });
      expect(vault?.get(secretNames.mac)).toEqual(bench.authority.paymentKeys[1].key);
    }
  });

  test('of the recovery itself: a second cut in each step of the boot after the first', async () => {
    for (let first = 4; first <= 16; first += 2) {
      for (let second = 1; second <= 5; second++) {
        const bench = makeBench();
        const run = new SiteRun(bench);
        cutOnce(bench.device, first, 'after');
        const again = bench.device.powerOn.bind(bench.device);
        let boots = 0;
        bench.device.powerOn = () => {
          if (boots++ === 0) cutOnce(bench.device, second, 'before');
          return again();
        };
        await run.toProbation();
        expect(bench.device.firmware?.core).toMatchObject({ state: 'PROBATION', lifetimeUnlocks: 1 });
      }
    }
  });

  test('of a refusal: the attempt is counted, and nothing of the bundle is remembered', async () => {
    for (const when of ['before', 'after'] as const) {
      for (let at = 1; at <= 4; at++) {
        const bench = makeBench();
        const site = new TestSite(bench.authority);
        bench.device.trip('case');
        const bundle = site.bundle(site.delegation(), await siteRequest(bench.device), { second: passerBy });
        cutOnce(bench.device, at, when);
        const answer = await callFirmware(bench.device, 'lock.siteUnlock', { bundle }).catch((error: unknown) => error);
        const wasCut = answer instanceof PowerCut;
        while (!bench.device.powerOn());
        const wasCharged = !wasCut || at > 1 || when === 'after';
        expect(bench.device.firmware?.core.attempts.failed).toBe(wasCharged ? 1 : 0);
        await siteRequest(bench.device);
        expect(await callFirmware(bench.device, 'lock.siteUnlock', { bundle })).toMatchObject({
          value: { accepted: false },
        });
        expect(bench.device.firmware?.core).toMatchObject({ state: 'LOCKED', lastDelegation: null });
      }
    }
  });
});
