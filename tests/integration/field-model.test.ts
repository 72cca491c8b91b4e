import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { defaultUnlockPolicy } from '../../domain/unlock/policy-default.ts';
import { equalBytes } from '../../protocol/bytes.ts';
import { decodeDelegation, decodeReceipt } from '../../protocol/unlock/v1/codec.ts';
import { unlockLimits } from '../../protocol/unlock/v1/limits.ts';
import type { Delegation } from '../../protocol/unlock/v1/messages.ts';
import { PowerCut } from '../../mock-server/terminal/power.ts';
import { callFirmware } from '../unit/terminal/technician.ts';
import { bytes, text } from './server/device.ts';
import {
  askOnline,
  type FieldPerson,
  FieldSite,
  type FieldTerminal,
  Laptop,
  openPolicy,
  type UseRecord,
} from './server/field-site.ts';
import { Cluster, newId } from './server/world.ts';

// Random orders of everything that can happen on site, against the real services and the real firmware, beside a model
// that knows the rules and nothing of how they are kept. What the device does must be what the rules say, and once all
// have been heard the server's audit must hold every unlock once.

let cluster: Cluster;
let site: FieldSite;
let people = 0;

beforeAll(async () => {
  cluster = await Cluster.start();
  const everything = [{ number: 1, text: 'Everything is granted.', when: {}, outcome: 'grant' as const }];
  site = await FieldSite.start(cluster, {
    policy: { ...defaultUnlockPolicy, rules: everything },
    delegationPolicy: { ...openPolicy, unlocksLifetimeLimit: 1_000 },
  });
});
afterAll(async () => {
  await site.world.close();
  await cluster.stop();
});

type Step =
  | { readonly do: 'delegate'; readonly terminals: readonly number[]; readonly hours: number }
  | { readonly do: 'revoke'; readonly laptop: number }
  | {
      readonly do: 'use';
      readonly laptop: number;
      readonly terminal: number;
      readonly isLie: boolean;
      readonly cutAt: number;
    }
  | { readonly do: 'lose-clock'; readonly terminal: number }
  | { readonly do: 'power-cut'; readonly terminal: number }
  | { readonly do: 'upload'; readonly laptop: number; readonly isTwice: boolean }
  | { readonly do: 'online'; readonly terminal: number }
  | { readonly do: 'uplink'; readonly terminal: number }
  | { readonly do: 'wait'; readonly hours: number };

const terminal = fc.nat({ max: 1 });
const laptop = fc.nat({ max: 3 });
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('delegate' as const),
      terminals: fc.constantFrom([0, 1], [0], [1]),
      hours: fc.constantFrom(1, 8, 24),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('revoke' as const), laptop }) },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('use' as const),
      laptop,
      terminal,
      isLie: fc.boolean(),
      cutAt: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 12 })),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('lose-clock' as const), terminal }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('power-cut' as const), terminal }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('upload' as const), laptop, isTwice: fc.boolean() }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('online' as const), terminal }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('uplink' as const), terminal }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('wait' as const), hours: fc.constantFrom(1, 9, 25) }) },
);

/** What the rules know of one terminal. */
interface TerminalModel {
  readonly terminal: FieldTerminal;
  isClockTrusted: boolean;
  timeFloor: number;
  revocationFloor: number;
  last: { sequence: number; uses: number; lastUseIndex: number } | undefined;
  onSite: number;
  online: number;
}

interface LaptopModel {
  readonly laptop: Laptop;
  readonly delegation: Delegation;
  readonly waiting: UseRecord[];
  isRevoked: boolean;
}

/** Why the rules forbid this use, or `undefined`: a plain reading of the rules, not of the code. */
function forbidden(at: TerminalModel, by: LaptopModel, madeAt: number): string | undefined {
  const { delegation } = by;
  const nowSeconds = Math.floor(site.world.nowMs / 1000);
  const skew = unlockLimits.clockSkewSeconds;
  const isListed = delegation.devices.some((id) => text(id) === at.terminal.deviceId);
  if (!isListed) return 'not listed';
  if (delegation.revocationEpoch < at.revocationFloor) return 'revoked, and the terminal knows';
  const prior = at.last;
  if (prior !== undefined && delegation.sequence < prior.sequence) return 'a newer delegation was used here';
  const isSame = prior?.sequence === delegation.sequence;
  if (isSame && prior.uses >= delegation.usesPerDeviceMax) return 'used up on this terminal';
  if (isSame && by.laptop.useIndex + 1 <= prior.lastUseIndex) return 'number used';
  if (by.laptop.useIndex + 1 > delegation.usesMax) return 'used up';
  if (delegation.notAfterSeconds < at.timeFloor) return 'certainly over';
  if (at.isClockTrusted && nowSeconds > delegation.notAfterSeconds + skew) return 'over';
  if (madeAt > delegation.notAfterSeconds + skew) return 'signed after the end';
  return undefined;
}

class Run {
  readonly terminals: TerminalModel[] = [];
  readonly laptops: LaptopModel[] = [];
  readonly unproven = new Set<string>();
  technician!: FieldPerson;

  static async start(): Promise<Run> {
    const run = new Run();
    run.technician = await site.enrol(await site.world.person(`person${String((people += 1))}`, 'technician'));
    for (let count = 0; count < 2; count++) {
      const made = await site.terminal(run.technician);
      const core = made.device.firmware?.core;
      run.terminals.push({
        ...{ terminal: made, isClockTrusted: true, timeFloor: made.device.firmware?.clock.floorSeconds ?? 0 },
        ...{ revocationFloor: core?.revocationFloor ?? 0, last: undefined, onSite: 0, online: 0 },
      });
    }
    return run;
  }

  terminal(index: number): TerminalModel {
    const model = this.terminals[index];
    if (model === undefined) throw new Error('no such terminal');
    return model;
  }

  async take(next: Step): Promise<void> {
    switch (next.do) {
      case 'delegate':
        return this.delegate(next.terminals, next.hours);
      case 'revoke':
        return this.revoke(this.laptops.at(next.laptop));
      case 'use':
        return this.use(this.terminal(next.terminal), this.laptops.at(next.laptop), next.isLie, next.cutAt);
      case 'lose-clock':
        this.terminal(next.terminal).terminal.device.trip('flat-cell');
        this.terminal(next.terminal).isClockTrusted = false;
        return;
      case 'power-cut':
        this.terminal(next.terminal).terminal.device.powerOff();
        this.terminal(next.terminal).terminal.device.powerOn();
        return;
      case 'upload':
        return this.upload(this.laptops.at(next.laptop), next.isTwice);
      case 'online':
        return this.online(this.terminal(next.terminal));
      case 'uplink':
        return this.uplink(this.terminal(next.terminal));
      case 'wait':
        site.world.nowMs += next.hours * 3_600_000;
    }
  }

  async delegate(indexes: readonly number[], hours: number): Promise<void> {
    const wanted = indexes.map((index) => this.terminal(index).terminal);
    const wish = site.wish(wanted, { fieldKeyId: this.technician.keyId, hours });
    const asked = await this.technician.person.call('askDelegation', {}, wish);
    if (asked.body.state === 'refused') {
      // The only rule that these steps can break: a use that nobody has handed in yet.
      expect(asked.body.refusal?.code).toBe('uses-missing');
      return;
    }
    expect((await site.decide(wish.id)).body.state).toBe('active');
    const fetched = await this.technician.person.call('getDelegationPackage', { id: wish.id });
    const decoded = decodeDelegation(bytes(fetched.body.bytes));
    if (!decoded.ok) throw new Error(decoded.error);
    const made = new Laptop(site, this.technician, site.li, fetched.body);
    this.laptops.unshift({ laptop: made, delegation: decoded.value.message, waiting: [], isRevoked: false });
  }

  async revoke(by: LaptopModel | undefined): Promise<void> {
    if (by === undefined) return;
    const body = { reason: 'given back' };
    const reply = await this.technician.person.call('revokeDelegation', { id: by.laptop.id }, body);
    if (reply.code === undefined) by.isRevoked = true;
    else expect(by.delegation.notAfterSeconds * 1000).toBeLessThanOrEqual(site.world.nowMs);
  }

  /** Everything that the two persons and the power can do at the terminal. `isLie`: the laptop's clock was set back. */
  async use(at: TerminalModel, by: LaptopModel | undefined, isLie: boolean, cutAt: number): Promise<void> {
    if (by === undefined) return;
    const { device } = at.terminal;
    if (device.firmware?.core.state !== 'LOCKED') device.trip('drop');
    const asked = await callFirmware(device, 'lock.siteRequest', {});
    if (!asked.ok) throw new Error(asked.error);
    const madeAt = isLie ? by.delegation.notBeforeSeconds + 1 : Math.floor(site.world.nowMs / 1000);
    const why = forbidden(at, by, madeAt);
    const bundle = by.laptop.bundle(asked.value.request, { response: { madeAtSeconds: madeAt } });
    const refusal = await this.offer(at, bundle, cutAt);
    const receipt = await receiptFor(at.terminal, bundle);
    if (receipt === undefined) {
      if (refusal === 'power-cut' || refusal === 'too-many-attempts') return;
      expect(why, `refused with ${refusal} although allowed`).toBeDefined();
      return;
    }
    expect(why, 'unlocked although forbidden').toBeUndefined();
    this.accepted(at, by);
    const { ticketId } = at.terminal;
    const record = { request: text(asked.value.request), bundle: text(bundle), receipt };
    by.waiting.push({ caseId: newId(), ticketId, ...record });
  }

  /** Offers the bundle while the power fails at the write `cutAt` from now; 0: it stays on. @returns the refusal. */
  async offer(at: TerminalModel, bundle: Uint8Array, cutAt: number): Promise<string> {
    const { device } = at.terminal;
    const target = device.supply.steps + cutAt;
    device.supply.plan = cutAt === 0 ? {} : { beforeWrite: (count) => count === target };
    try {
      const answer = await callFirmware(device, 'lock.siteUnlock', { bundle });
      return answer.ok ? answer.value.refusal : answer.error;
    } catch (error) {
      if (!(error instanceof PowerCut)) throw error;
      return 'power-cut';
    } finally {
      device.supply.plan = {};
      device.powerOn();
    }
  }

  accepted(at: TerminalModel, by: LaptopModel): void {
    const { delegation } = by;
    by.laptop.useIndex += 1;
    const uses = at.last?.sequence === delegation.sequence ? at.last.uses : 0;
    at.last = { sequence: delegation.sequence, uses: uses + 1, lastUseIndex: by.laptop.useIndex };
    at.revocationFloor = Math.max(at.revocationFloor, delegation.revocationEpoch);
    at.timeFloor = Math.max(at.timeFloor, delegation.notBeforeSeconds);
    at.onSite += 1;
    if (by.isRevoked) this.unproven.add(by.laptop.id);
  }

  async upload(by: LaptopModel | undefined, isTwice: boolean): Promise<void> {
    const [record] = by?.waiting ?? [];
    if (by === undefined || record === undefined) return;
    const first = await by.laptop.submit(record);
    expect(first.code).toBeUndefined();
    if (isTwice) expect((await by.laptop.submit(record)).body.id).toBe(first.body.id);
    by.waiting.shift();
  }

  /** The online way; its grant tells the terminal which delegations are dead. */
  async online(at: TerminalModel): Promise<void> {
    const { device } = at.terminal;
    if (device.firmware?.core.state !== 'LOCKED') device.trip('drop');
    const asked = await askOnline(at.terminal, this.technician);
    const sealed = asked.body.grant?.sealed;
    if (sealed === undefined) throw new Error(`online: ${asked.code ?? asked.body.state}`);
    const before = device.firmware?.core.lifetimeUnlocks;
    const answer = await callFirmware(device, 'lock.grant', { sealed: bytes(sealed) });
    if (!answer.ok || !answer.value.accepted) {
      expect(device.firmware?.core.lifetimeUnlocks).toBe(before);
      return;
    }
    const receipt = text(answer.value.receipt);
    const settled = await this.technician.person.call('submitReceipt', { id: asked.body.id }, { receipt });
    expect(settled.body.grant?.state).toBe('POSTED');
    at.online += 1;
    at.revocationFloor = Math.max(at.revocationFloor, this.floorOf(at));
    const notBefore = Date.parse(asked.body.grant?.notAfter ?? '') / 1000 - unlockLimits.grantSpanSeconds;
    at.timeFloor = Math.max(at.timeFloor, notBefore);
  }

  floorOf(at: TerminalModel): number {
    const revoked = this.laptops.filter(
      ({ isRevoked, delegation }) => isRevoked && delegation.devices.some((id) => text(id) === at.terminal.deviceId),
    );
    return Math.max(0, ...revoked.map(({ delegation }) => delegation.revocationEpoch + 1));
  }

  async uplink(at: TerminalModel): Promise<void> {
    const { terminal: made } = at;
    const kept = made.device.firmware?.core.siteRecords.records ?? [];
    if (kept.length === 0) return;
    const records = kept.slice(-8).map((record) => ({
      ...{ request: text(record.request), bundle: text(record.bundle), receipt: text(record.receipt) },
    }));
    const answer = await site.world.server.context.services.field.submitByDevice({ records });
    expect(answer.ok && answer.value.taken + answer.value.known).toBe(records.length);
  }

  /** Everybody has network again. */
  async contact(): Promise<void> {
    for (const by of this.laptops) while (by.waiting.length > 0) await this.upload(by, false);
    for (const at of this.terminals) await this.uplink(at);
  }

  async check(): Promise<void> {
    const { pool } = site.world.server.context.store;
    await site.world.server.context.sequencer.drain();
    for (const at of this.terminals) {
      const { rows } = await pool.query<{ act: string; receipt: string | null; seq: number | null }>(
        "select act, facts ->> 'receiptSha256' as receipt, seq from audit where subject = $1 order by seq",
        [`terminal:${at.terminal.terminalId}`],
      );
      expect(rows.every((row) => row.seq !== null)).toBe(true);
      const onSite = rows.filter((row) => row.act === 'unlock.on-site').map((row) => row.receipt);
      expect(onSite).toHaveLength(at.onSite);
      expect(new Set(onSite).size).toBe(at.onSite);
      expect(rows.filter((row) => row.act === 'unlock.receipt')).toHaveLength(at.online);
      expect(at.terminal.device.firmware?.core.lifetimeUnlocks).toBe(at.onSite + at.online);
      expect(at.terminal.device.firmware?.core.revocationFloor).toBe(at.revocationFloor);
    }
    const alarmed = await pool.query<{ subject: string }>(
      "select subject from alarms where kind = 'revoked-delegation-used'",
    );
    const subjects = new Set(alarmed.rows.map((row) => row.subject));
    for (const id of this.unproven)
      expect(subjects, 'a revoked delegation was used in silence').toContain(`delegation:${id}`);
    for (const { laptop: made } of this.laptops) {
      const { body } = await made.view();
      expect(body.uses.map((use) => use.useIndex)).toEqual(Array.from({ length: made.useIndex }, (_, i) => i + 1));
      expect([body.missing, body.doubled]).toEqual([[], []]);
    }
  }
}

/** The terminal's stored receipt, if it is for this bundle: the way to learn what came of it. */
async function receiptFor(at: FieldTerminal, bundle: Uint8Array): Promise<string | undefined> {
  const answer = await callFirmware(at.device, 'lock.lastReceipt', {});
  if (!answer.ok) return undefined;
  const decoded = decodeReceipt(answer.value.receipt);
  const hash = createHash('sha256').update(bundle).digest();
  return decoded.ok && equalBytes(decoded.value.message.grantHash, hash) ? text(answer.value.receipt) : undefined;
}

it('no terminal is unlocked outside the rules, and after contact every unlock stands in the audit once', async () => {
  const seen = { runs: 0, onSite: 0, online: 0 };
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 6, maxLength: 24 }), async (steps) => {
      const run = await Run.start();
      await run.delegate([0, 1], 8);
      for (const next of steps) await run.take(next);
      await run.contact();
      await run.check();
      seen.runs += 1;
      for (const at of run.terminals) {
        seen.onSite += at.onSite;
        seen.online += at.online;
      }
    }),
    { numRuns: 40, interruptAfterTimeLimit: 45_000, markInterruptAsFailure: false },
  );
  // The steps really reach both ways.
  expect(seen.onSite).toBeGreaterThan(seen.runs / 2);
  expect(seen.online).toBeGreaterThan(seen.runs / 4);
}, 120_000);
