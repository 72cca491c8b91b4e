import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { hexEncode } from '../../protocol/bytes.ts';
import { benchCards } from '../../mock-server/terminal/bench-cards.ts';
import { PowerCut } from '../../mock-server/terminal/power.ts';
import type { SecureDevice } from '../../mock-server/terminal/secure-device.ts';
import { cardSecrets, secretNames } from '../../mock-server/terminal/vault.ts';
import { TestAcquirer } from '../unit/terminal/acquirer.ts';
import { makeBench } from '../unit/terminal/bench.ts';
import type { Bench } from '../unit/terminal/bench.ts';
import { TestTechnician, callFirmware } from '../unit/terminal/technician.ts';

const acquirer = new TestAcquirer();
const question = { amountFen: 990, orderNo: '1', language: 'zh', timeoutSeconds: 30, wantsPin: false } as const;

type Act =
  | { readonly kind: 'pay' }
  /** The power fails at the `at`-th durable write from here on. */
  | { readonly kind: 'cut'; readonly at: number; readonly when: 'before' | 'after' }
  | { readonly kind: 'off' }
  | { readonly kind: 'tamper'; readonly isOff: boolean }
  /** A key block with this number; numbers come again. */
  | { readonly kind: 'load'; readonly number: number }
  | { readonly kind: 'repair' };

const acts: fc.Arbitrary<Act> = fc.oneof(
  { weight: 6, arbitrary: fc.constant<Act>({ kind: 'pay' }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('cut' as const),
      at: fc.integer({ min: 1, max: 8 }),
      when: fc.constantFrom('before' as const, 'after' as const),
    }),
  },
  { weight: 1, arbitrary: fc.constant<Act>({ kind: 'off' }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('tamper' as const), isOff: fc.boolean() }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('load' as const), number: fc.integer({ min: 1, max: 6 }) }) },
  { weight: 2, arbitrary: fc.constant<Act>({ kind: 'repair' }) },
);

/** One device with everything that may happen to it, and the KSNs that it gave out. */
class CardLife {
  readonly bench: Bench = makeBench({ acquirerPublicKey: acquirer.publicKey });
  readonly ksns: string[] = [];

  get #device(): SecureDevice {
    return this.bench.device;
  }

  async do(act: Act): Promise<void> {
    try {
      await this.#run(act);
    } catch (cause) {
      if (!(cause instanceof PowerCut)) throw cause;
    }
    while (!this.#device.powerOn());
  }

  async #run(act: Act): Promise<void> {
    const device = this.#device;
    switch (act.kind) {
      case 'pay':
        return await this.#pay();
      case 'cut': {
        const target = device.supply.steps + act.at;
        const isDue = (step: number): boolean => step === target;
        device.supply.plan = act.when === 'before' ? { beforeWrite: isDue } : { afterWrite: isDue };
        return;
      }
      case 'off':
        return device.powerOff();
      case 'tamper':
        if (act.isOff) device.powerOff();
        return device.trip('drop');
      case 'load':
        await callFirmware(device, 'card.loadKey', { keyBlock: acquirer.keyBlock(device, act.number) });
        return;
      case 'repair':
        if (device.firmware?.core.state !== 'NORMAL') {
          await new TestTechnician(device, this.bench.authority).bringToNormal();
        }
    }
  }

  async #pay(): Promise<void> {
    const reading = callFirmware(this.#device, 'card.read', question);
    const [card] = benchCards;
    if (card !== undefined) this.#device.giveCard(card, 'contactless');
    const reply = await reading;
    if (!reply.ok || reply.value.outcome !== 'read') return;
    expect(acquirer.open(reply.value).pan).toBe(card?.pan);
    this.ksns.push(hexEncode(reply.value.ksn));
  }

  /** What must hold between any two acts. */
  expectSound(): void {
    const { firmware } = this.#device;
    const records = this.bench.store.names().filter((name) => (cardSecrets as readonly string[]).includes(name));
    expect(new Set(this.ksns).size).toBe(this.ksns.length);
    expect(records.length).toBeLessThanOrEqual(1);
    if (firmware?.core.state === 'LOCKED' || firmware?.core.state === 'BLANK') expect(records).toEqual([]);
    const ids = firmware?.core.cardKeyIds.map(hexEncode) ?? [];
    expect(new Set(ids).size).toBe(ids.length);
    expect(firmware?.vault.get(secretNames.identity)).toBeDefined();
    for (const ksn of this.ksns) expect(ids).toContain(ksn.slice(0, 16));
  }
}

test('whatever happens to a device, it never gives out a KSN twice', { timeout: 180_000 }, async () => {
  let readings = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(acts, { minLength: 5, maxLength: 40 }), async (sequence) => {
      const life = new CardLife();
      await life.do({ kind: 'load', number: 1 });
      for (const act of sequence) {
        await life.do(act);
        life.expectSound();
      }
      readings += life.ksns.length;
    }),
    { numRuns: 60 },
  );
  expect(readings).toBeGreaterThan(100);
});
