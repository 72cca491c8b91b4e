import { sha256 } from '@noble/hashes/sha2.js';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { softReasonsMask } from '../../domain/unlock/states.ts';
import { hexEncode } from '../../protocol/bytes.ts';
import { decodeReceipt } from '../../protocol/unlock/v1/codec.ts';
import { actionBits } from '../../protocol/unlock/v1/constants.ts';
import type { UnlockGrant } from '../../protocol/unlock/v1/messages.ts';
import { sealGrant } from '../../protocol/unlock/v1/seal.ts';
import { hardwareSensors } from '../../mock-server/terminal/body.ts';
import { isJournalIntact } from '../../mock-server/terminal/journal.ts';
import { PowerCut } from '../../mock-server/terminal/power.ts';
import type { OpenedRequest } from '../unit/terminal/authority.ts';
import { makeBench } from '../unit/terminal/bench.ts';
import type { Bench } from '../unit/terminal/bench.ts';
import { callFirmware } from '../unit/terminal/technician.ts';

type Wrong = 'epoch' | 'nonce' | 'device' | 'class' | 'same' | 'expired' | 'noise';

type Step =
  | { readonly do: 'trip'; readonly sensor: (typeof hardwareSensors)[number] }
  | { readonly do: 'wrong-pin' | 'reboot' | 'off-trip' | 'request' | 'fresh' | 'replay' | 'abort' | 'keys' | 'release' }
  | { readonly do: 'grant' | 'late-grant'; readonly actions: number }
  | { readonly do: 'wrong-grant'; readonly how: Wrong }
  | { readonly do: 'wait'; readonly seconds: number }
  | { readonly do: 'cut'; readonly afterSteps: number; readonly when: 'before' | 'after' };

const simple = ['wrong-pin', 'reboot', 'off-trip', 'request', 'fresh', 'replay', 'abort', 'keys', 'release'] as const;
const clears = [actionBits.clearTamper, actionBits.clearSoft, actionBits.clearSoft | actionBits.clearTamper, 127];

const steps: fc.Arbitrary<Step> = fc.oneof(
  { weight: 2, arbitrary: fc.constantFrom(...hardwareSensors).map((sensor) => ({ do: 'trip' as const, sensor })) },
  { weight: 6, arbitrary: fc.constantFrom(...simple).map((name) => ({ do: name })) },
  { weight: 5, arbitrary: fc.constantFrom(...clears).map((actions) => ({ do: 'grant' as const, actions })) },
  { weight: 2, arbitrary: fc.constantFrom(...clears).map((actions) => ({ do: 'late-grant' as const, actions })) },
  {
    weight: 2,
    arbitrary: fc
      .constantFrom<Wrong>('epoch', 'nonce', 'device', 'class', 'same', 'expired', 'noise')
      .map((how) => ({ do: 'wrong-grant' as const, how })),
  },
  { weight: 1, arbitrary: fc.constantFrom(11, 3600, 90_000).map((seconds) => ({ do: 'wait' as const, seconds })) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('cut' as const),
      afterSteps: fc.integer({ min: 1, max: 8 }),
      when: fc.constantFrom('before' as const, 'after' as const),
    }),
  },
);

/** What the rules of the lock say, kept beside the device: which grants could unlock it, and which did. */
class LockModel {
  readonly bench: Bench;
  #opened: OpenedRequest | undefined;
  /** How many unlocks the present step may bring at most. */
  #presented = 0;
  readonly #sealedSeen: Uint8Array[] = [];
  readonly #rightGrants = new Set<string>();
  readonly #usedGrants = new Set<string>();
  #before: { state: string; epoch: number; unlocks: number; inLife: number };

  constructor() {
    this.bench = makeBench();
    this.#before = this.#facts();
  }

  async run(step: Step): Promise<void> {
    this.#presented = 0;
    try {
      await this.#act(step);
    } catch (error) {
      if (!(error instanceof PowerCut)) throw error;
    }
    if (step.do !== 'cut' && this.bench.device.firmware === undefined) while (!this.bench.device.powerOn());
    this.#check(step);
  }

  #facts(): { state: string; epoch: number; unlocks: number; inLife: number } {
    const { core } = this.bench.device.firmware ?? {};
    if (core === undefined) throw new Error('the device is off');
    const { state, lockEpoch: epoch, lifetimeUnlocks: unlocks } = core;
    return { state, epoch, unlocks, inLife: core.attempts.inLife };
  }

  #check(step: Step): void {
    const { device, store } = this.bench;
    const { core } = device.firmware ?? {};
    if (core === undefined) throw new Error('the device is off');
    const [before, now] = [this.#before, this.#facts()];
    const gained = now.unlocks - before.unlocks;
    expect(gained).toBeGreaterThanOrEqual(0);
    expect(gained, 'each unlock consumes a right grant').toBeLessThanOrEqual(this.#presented);
    const isOpening = before.state === 'LOCKED' && now.state !== 'LOCKED';
    if (isOpening) {
      expect(step.do, 'never unlocked without a grant').toMatch(/grant$|replay/);
      expect(gained, 'never unlocked without consumption').toBe(1);
    }
    if (gained > 0) this.#expectUnusedGrant(core.lastReceipt);
    expect(now.epoch).toBeGreaterThanOrEqual(before.epoch + gained);
    expect(now.inLife).toBeGreaterThanOrEqual(before.inLife - 1);
    const isHard = (core.reasons & ~softReasonsMask) !== 0;
    const payment = store.names().filter((name) => /^key\.(pin|mac|data)$/.test(name));
    if (core.state === 'LOCKED' && isHard) expect(payment).toEqual([]);
    if (before.state === 'BLANK' && now.state === 'NORMAL') expect(step.do).toBe('release');
    expect(core.pending).toBeNull();
    expect(isJournalIntact(core.journal.records, core.journal.head)).toBe(true);
    this.#before = now;
  }

  /** The receipt names a right grant that we made, and that no receipt has named before. */
  #expectUnusedGrant(receipt: Uint8Array): void {
    const decoded = decodeReceipt(receipt);
    const hash = decoded.ok ? hexEncode(decoded.value.message.grantHash) : decoded.error;
    expect([...this.#rightGrants], 'a grant that was made').toContain(hash);
    expect([...this.#usedGrants], 'no grant is used twice').not.toContain(hash);
    this.#usedGrants.add(hash);
  }

  async #act(step: Step): Promise<void> {
    const { device, clock } = this.bench;
    if (step.do === 'trip') device.trip(step.sensor);
    else if (step.do === 'wrong-pin') device.enterWrongPin();
    else if (step.do === 'wait') clock.pass(step.seconds);
    else if (step.do === 'reboot') device.powerOff();
    else if (step.do === 'off-trip') {
      device.powerOff();
      device.trip('case');
    } else if (step.do === 'cut') this.#planCut(step.afterSteps, step.when);
    else await this.#talk(step);
  }

  #planCut(afterSteps: number, when: 'before' | 'after'): void {
    const { supply } = this.bench.device;
    const target = supply.steps + afterSteps;
    const isDue = (at: number): boolean => at === target;
    supply.plan = when === 'before' ? { beforeWrite: isDue } : { afterWrite: isDue };
  }

  async #talk(step: Step): Promise<void> {
    const { device, authority } = this.bench;
    if (step.do === 'request' || step.do === 'fresh') {
      const asked = await callFirmware(device, 'lock.request', { fresh: step.do === 'fresh' });
      if (asked.ok) this.#opened = authority.open(asked.value.sealed);
    } else if (step.do === 'grant') await this.#grant(step.actions);
    else if (step.do === 'late-grant') await this.#present(step.actions);
    else if (step.do === 'wrong-grant') await this.#wrongGrant(step.how);
    else if (step.do === 'replay') {
      this.#presented = this.#sealedSeen.length > 0 ? 1 : 0;
      for (const sealed of this.#sealedSeen) await callFirmware(device, 'lock.grant', { sealed });
    } else if (step.do === 'abort' && this.#opened !== undefined) {
      await callFirmware(device, 'lock.abort', { abort: authority.abort(this.#opened) });
    } else if (step.do === 'keys' || step.do === 'release') await this.#order(step.do);
  }

  async #order(name: 'keys' | 'release'): Promise<void> {
    const { device, authority } = this.bench;
    const { firmware } = device;
    const receipt = firmware?.core.lastReceipt ?? new Uint8Array(0);
    if (receipt.length === 0 || firmware?.signer === undefined) return;
    const stated = authority.receipt(receipt, device.factory.identityPublicKey);
    if (name === 'keys' && stated.commissionKey === undefined) return;
    const order = authority.order(name === 'keys' ? 'installKeys' : 'release', stated);
    await callFirmware(device, 'lock.order', { order });
  }

  /** The usual way: the request that the device now has, and at once the grant for it. */
  async #grant(actions: number): Promise<void> {
    const asked = await callFirmware(this.bench.device, 'lock.request', { fresh: false });
    if (asked.ok) this.#opened = this.bench.authority.open(asked.value.sealed);
    await this.#present(actions);
  }

  /** A grant for whatever request was seen last, perhaps long dead. */
  async #present(actions: number): Promise<void> {
    if (this.#opened === undefined) return;
    const sealed = this.#seal(this.#opened, { actions });
    this.#presented = 1;
    await callFirmware(this.bench.device, 'lock.grant', { sealed });
  }

  #seal(opened: OpenedRequest, change: Partial<UnlockGrant>): Uint8Array {
    const { authority } = this.bench;
    const plain = authority.plainGrant(opened, change);
    const sealed = sealGrant(plain, opened.responseSecret, authority.random(32));
    this.#rightGrants.add(hexEncode(sha256(plain)));
    this.#sealedSeen.push(sealed);
    return sealed;
  }

  async #wrongGrant(how: Wrong): Promise<void> {
    if (this.#opened === undefined) return;
    const { authority, device } = this.bench;
    const { issuer, approver } = authority;
    const now = authority.nowSeconds();
    const changes: Record<Wrong, () => Uint8Array> = {
      epoch: () => authority.grant(opened, { lockEpoch: opened.request.lockEpoch + 1 }),
      nonce: () => authority.grant(opened, { nonce: new Uint8Array(16) }),
      device: () => authority.grant(opened, { deviceId: new Uint8Array(8) }),
      class: () => authority.grant(opened, {}, [approver, issuer]),
      same: () => authority.grant(opened, {}, [issuer, issuer]),
      expired: () => this.#seal(opened, { notBeforeSeconds: now - 2000, notAfterSeconds: now - 1200 }),
      noise: () => authority.random(265),
    };
    const opened = this.#opened;
    const answer = await callFirmware(device, 'lock.grant', { sealed: changes[how]() });
    const isUntimed = how === 'expired' && device.firmware?.core.clockTrusted === false;
    if (isUntimed) this.#presented = 1;
    else expect(answer.ok && answer.value.accepted).toBe(false);
  }
}

describe('the lock under any sequence of acts', () => {
  test('is never opened outside the rules', { timeout: 120_000 }, async () => {
    let unlocks = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(steps, { minLength: 8, maxLength: 40 }), async (list) => {
        const model = new LockModel();
        for (const step of list) await model.run(step);
        unlocks += model.bench.device.firmware?.core.lifetimeUnlocks ?? 0;
      }),
      { numRuns: 250 },
    );
    expect(unlocks).toBeGreaterThan(100);
  });
});
