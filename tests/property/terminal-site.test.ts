import { sha256 } from '@noble/hashes/sha2.js';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { hexEncode } from '../../protocol/bytes.ts';
import { decodeReceipt, decodeRequest } from '../../protocol/unlock/v1/codec.ts';
import type { UnlockRequest } from '../../protocol/unlock/v1/messages.ts';
import type { CoreRecord } from '../../mock-server/terminal/core-record.ts';
import { isJournalIntact } from '../../mock-server/terminal/journal.ts';
import { PowerCut } from '../../mock-server/terminal/power.ts';
import { commissionOrders } from '../unit/terminal/authority.ts';
import { makeBench } from '../unit/terminal/bench.ts';
import type { Bench } from '../unit/terminal/bench.ts';
import { TestSite, passerBy } from '../unit/terminal/site-people.ts';
import { callFirmware } from '../unit/terminal/technician.ts';

/** What the rules of work on site say, kept beside the device. It knows nothing of how the device keeps them. */
class SiteModel {
  /** Delegations by sequence, as they were signed. */
  readonly delegations: { sequence: number; bytes: Uint8Array; revocationEpoch: number; endSeconds: number }[] = [];
  /** Accepted uses on this device by sequence. */
  readonly uses = new Map<number, number>();
  lastUsed = 0;
  floor = 0;
  /** What may have opened the device: hash of grant or bundle → the delegation, or 0 for a grant. */
  readonly right = new Map<string, number>();
  readonly spent = new Set<string>();
  /** The last accepted credential: by which delegation the device is BLANK, if it is. */
  blankBy = 0;
}

const usesPerDevice = 2;

/** The device with its model; commands act on both. */
class World {
  readonly model = new SiteModel();
  readonly bench: Bench = makeBench();
  readonly site = new TestSite(this.bench.authority);
  request: UnlockRequest | undefined;
  readonly bundles: Uint8Array[] = [];
  unlocks = 0;
  orders = 0;

  get core(): CoreRecord {
    const { firmware } = this.bench.device;
    if (firmware === undefined) throw new Error('the device is off');
    return firmware.core;
  }

  /** Does one act; a planned power cut in it ends with the next boot. Then the rules are looked at. */
  async act(name: string, run: () => Promise<void> | void): Promise<void> {
    const { device } = this.bench;
    const before = this.core;
    try {
      await run();
    } catch (error) {
      if (!(error instanceof PowerCut)) throw error;
    }
    if (device.firmware === undefined) while (!device.powerOn());
    this.#check(name, before);
  }

  #check(name: string, before: CoreRecord): void {
    const { core, model } = this;
    const gained = core.lifetimeUnlocks - before.lifetimeUnlocks;
    expect([0, 1], name).toContain(gained);
    if (before.state === 'LOCKED' && core.state !== 'LOCKED') expect([name, gained]).toEqual([name, 1]);
    if (gained === 1) this.#account(core);
    if (core.state === 'LOCKED') model.blankBy = 0;
    expect(core.revocationFloor).toBe(model.floor);
    expect(core.blankBy).toBe(core.state === 'LOCKED' || model.blankBy === 0 ? 0 : model.blankBy);
    expect(core.lastDelegation?.sequence ?? 0).toBe(model.lastUsed);
    expect(core.lastDelegation?.uses ?? 0).toBe(model.uses.get(model.lastUsed) ?? 0);
    expect(core.pending).toBeNull();
    expect(isJournalIntact(core.journal.records, core.journal.head)).toBe(true);
    const all = [...model.uses.values()].reduce((sum, uses) => sum + uses, 0);
    expect(core.siteRecords.next - 1, 'a record for every use on site').toBe(all);
    const ownKeys = ['pin', 'mac', 'data'].every((slot) => this.bench.store.names().includes(`key.${slot}`));
    if (core.state === 'PROBATION' || core.state === 'NORMAL') expect(ownKeys).toBe(true);
  }

  /** An unlock happened: the receipt must name a credential that the rules allow, for the first time. */
  #account(core: CoreRecord): void {
    const { model } = this;
    const receipt = decodeReceipt(core.lastReceipt);
    if (!receipt.ok) throw new Error(receipt.error);
    const { grantHash, result } = receipt.value.message;
    const hash = hexEncode(grantHash);
    const sequence = model.right.get(hash);
    expect(sequence, 'a credential that was made').toBeDefined();
    expect(model.spent.has(hash), 'never the same one twice').toBe(false);
    model.spent.add(hash);
    this.unlocks += 1;
    if (sequence === undefined || sequence === 0) {
      expect(result).toBe('unlocked');
      model.floor = Math.max(model.floor, this.pendingFloor);
      model.blankBy = 0;
      return;
    }
    const delegation = model.delegations.find((made) => made.sequence === sequence);
    if (delegation === undefined) throw new Error('model');
    expect(result).toBe('unlockedOnSite');
    expect(sequence, 'never an older delegation').toBeGreaterThanOrEqual(model.lastUsed);
    expect(delegation.revocationEpoch, 'never a revoked one').toBeGreaterThanOrEqual(model.floor);
    const uses = (model.uses.get(sequence) ?? 0) + 1;
    expect(uses, 'never more uses than allowed').toBeLessThanOrEqual(usesPerDevice);
    if (core.clockTrusted) {
      const nowSeconds = this.bench.authority.nowSeconds();
      expect(nowSeconds, 'never after its end').toBeLessThanOrEqual(delegation.endSeconds + 60);
    }
    model.uses.set(sequence, uses);
    model.lastUsed = sequence;
    model.floor = Math.max(model.floor, delegation.revocationEpoch);
    model.blankBy = core.state === 'BLANK' ? sequence : 0;
  }

  /** The floor that the last grant carried. */
  pendingFloor = 0;

  async ask(): Promise<void> {
    const asked = await callFirmware(this.bench.device, 'lock.siteRequest', {});
    const decoded = asked.ok ? decodeRequest(asked.value.request) : undefined;
    this.request = decoded?.ok === true ? decoded.value.message : this.request;
  }
}

type Model = Record<string, never>;
type Command = fc.AsyncCommand<Model, World>;

function command(name: string, run: (world: World) => Promise<void> | void): Command {
  return {
    check: () => true,
    run: (_model, world) => world.act(name, () => run(world)),
    toString: () => name,
  };
}

const trip = fc
  .constantFrom('case', 'drop', 'mesh', 'flat-cell' as const)
  .map((sensor) =>
    command(`trip ${sensor}`, ({ bench }) => bench.device.trip(sensor as Parameters<typeof bench.device.trip>[0])),
  );

const delegate = fc.nat({ max: 2 }).map((ahead) =>
  command(`delegate +${ahead}`, ({ site, model, bench }) => {
    const revocationEpoch = Math.max(0, model.floor - 1 + ahead);
    const bytes = site.delegation({ revocationEpoch, usesPerDeviceMax: usesPerDevice });
    const endSeconds = bench.authority.nowSeconds() + 14_400;
    model.delegations.push({ sequence: site.sequence, bytes, revocationEpoch, endSeconds });
  }),
);

/** Uses the delegation that is `back` places from the newest, for the present request or for the last one seen. */
const useDelegation = fc
  .record({ back: fc.nat({ max: 2 }), fresh: fc.boolean(), wrong: fc.constantFrom('', '', '', 'second', 'index') })
  .map(({ back, fresh, wrong }) =>
    command(`use ${back} ${fresh} ${wrong}`, async (world) => {
      const { model, site, bench } = world;
      if (fresh) await world.ask();
      const delegation = model.delegations.at(-1 - back);
      if (delegation === undefined || world.request === undefined) return;
      const bundle = site.bundle(delegation.bytes, world.request, {
        ...(wrong === 'second' ? { second: passerBy } : {}),
        ...(wrong === 'index' ? { response: { useIndex: 1 } } : {}),
      });
      if (wrong !== 'second') {
        model.right.set(hexEncode(sha256(bundle)), delegation.sequence);
        world.bundles.push(bundle);
      }
      await callFirmware(bench.device, 'lock.siteUnlock', { bundle });
    }),
  );

const replay = fc.nat({ max: 5 }).map((back) =>
  command(`replay ${back}`, async ({ bundles, bench }) => {
    const bundle = bundles.at(-1 - back);
    if (bundle !== undefined) await callFirmware(bench.device, 'lock.siteUnlock', { bundle });
  }),
);

const useGrant = fc.nat({ max: 2 }).map((raise) =>
  command(`grant, floor +${raise}`, async (world) => {
    const { bench, model } = world;
    const asked = await callFirmware(bench.device, 'lock.request', { fresh: false });
    if (!asked.ok) return;
    const opened = bench.authority.open(asked.value.sealed);
    world.pendingFloor = model.floor + raise;
    const sealed = bench.authority.grant(opened, { revocationFloor: world.pendingFloor });
    const answer = await callFirmwareWatching(world, sealed);
    expect(answer).toBe(true);
  }),
);

/** The grant's hash is known only when the device has opened it; the receipt is checked against the answer. */
async function callFirmwareWatching(world: World, sealed: Uint8Array): Promise<boolean> {
  const { bench, model } = world;
  const before = bench.device.firmware?.core.lifetimeUnlocks;
  try {
    const answer = await callFirmware(bench.device, 'lock.grant', { sealed });
    return answer.ok && (answer.value.accepted || answer.value.refusal === 'too-many-attempts');
  } finally {
    if (bench.device.firmware === undefined) while (!bench.device.powerOn());
    if (bench.device.firmware?.core.lifetimeUnlocks !== before) {
      const receipt = decodeReceipt(world.core.lastReceipt);
      if (receipt.ok) model.right.set(hexEncode(receipt.value.message.grantHash), 0);
    }
  }
}

const kitOrder = fc.record({ step: fc.nat({ max: 5 }), back: fc.nat({ max: 1 }) }).map(({ step, back }) =>
  command(`kit ${commissionOrders[step] ?? ''} ${back}`, async (world) => {
    const { bench, site, model } = world;
    const sequence = model.delegations.at(-1 - back)?.sequence;
    const action = commissionOrders[step];
    if (sequence === undefined || action === undefined) return;
    const { state, blankBy } = world.core;
    const order = site.kitOrder(action, bench.device, sequence);
    const answer = await callFirmware(bench.device, 'lock.order', { order });
    if (!answer.ok) return;
    world.orders += 1;
    expect([state, blankBy], 'a kit works only where its delegation made the device blank').toEqual([
      'BLANK',
      sequence,
    ]);
  }),
);

const setUp = fc.constant(
  command('the whole kit', async (world) => {
    const { bench, site, model } = world;
    const { blankBy, state, identityAlive } = world.core;
    if (model.delegations.every(({ sequence }) => sequence !== blankBy)) return;
    for (const action of commissionOrders.slice(0, 5)) {
      const order = site.kitOrder(action, bench.device, blankBy);
      const answer = await callFirmware(bench.device, 'lock.order', { order });
      world.orders += answer.ok ? 1 : 0;
    }
    expect([state, world.core.state]).toEqual(['BLANK', identityAlive ? 'PROBATION' : 'BLANK']);
  }),
);

const cut = fc.record({ steps: fc.integer({ min: 1, max: 9 }), isBefore: fc.boolean() }).map(({ steps, isBefore }) =>
  command(`cut ${steps} ${isBefore ? 'before' : 'after'}`, ({ bench: { device } }) => {
    const target = device.supply.steps + steps;
    const isDue = (at: number): boolean => at === target;
    device.supply.plan = isBefore ? { beforeWrite: isDue } : { afterWrite: isDue };
  }),
);

const wait = fc
  .constantFrom(30, 7200, 90_000)
  .map((seconds) => command(`wait ${seconds}`, ({ bench }) => bench.clock.pass(seconds)));

const commands = fc.commands(
  [trip, trip, delegate, useDelegation, useDelegation, useDelegation, replay, useGrant, kitOrder, setUp, cut, wait],
  { maxCommands: 40, size: 'max' },
);

describe('work on site under any sequence of acts', () => {
  test('never opens a device outside the rules', { timeout: 120_000 }, async () => {
    let [unlocks, orders] = [0, 0];
    await fc.assert(
      fc.asyncProperty(commands, async (list) => {
        const world = new World();
        await fc.asyncModelRun(() => ({ model: {}, real: world }), list);
        unlocks += world.unlocks;
        orders += world.orders;
      }),
      { numRuns: 120, seed: 0x5eed_0004 },
    );
    // Enough of it must have worked for the rest to mean something.
    expect(unlocks).toBeGreaterThan(100);
    expect(orders).toBeGreaterThan(10);
  });
});
