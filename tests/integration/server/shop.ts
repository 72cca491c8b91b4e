import { randomBytes } from 'node:crypto';
import { fen } from '../../../domain/money.ts';
import type { OrderView } from '../../../protocol/http/payments.ts';
import { seedAccounts, seedPayment, type SeededPayment, type SeedPayment } from '../../e2e/support/payments-seed.ts';
import type { ToyPlatform } from '../payments/toy-platform.ts';
import { newId, type Person, type World } from './world.ts';

/** A merchant with two terminals, accounts for three channels, and people. */
export class TestShop {
  readonly world: World;
  readonly merchantId: string;
  readonly terminalIds: readonly string[];
  readonly accounts: ReadonlyMap<string, string>;

  private constructor(world: World, merchantId: string, terminalIds: string[], accounts: ReadonlyMap<string, string>) {
    this.world = world;
    this.merchantId = merchantId;
    this.terminalIds = terminalIds;
    this.accounts = accounts;
  }

  static async open(world: World, name: string): Promise<TestShop> {
    const { registry } = world.server.context.services;
    const merchantId = newId();
    await registry.createMerchant(undefined, { id: merchantId, name, contact: '', address: '' });
    const terminalIds = [newId(), newId()];
    for (const [index, id] of terminalIds.entries()) {
      const made = await registry.registerTerminal(undefined, {
        ...{ id, merchantId, label: `E1-0${String(index + 1)}`, serial: `QT60-${id.slice(-8)}`, model: 'QT-60' },
        ...{ place: 'Counter', seal: '0047 8812', deviceId: randomBytes(8).toString('hex') },
        identityPublicKey: randomBytes(32).toString('base64url'),
      });
      if (!made.ok) throw new Error(`terminal: ${made.error}`);
    }
    const { pool } = world.server.context.store;
    const accounts = await seedAccounts(pool, merchantId, ['wechat-pay', 'alipay', 'bank-card']);
    return new TestShop(world, merchantId, terminalIds, accounts);
  }

  /** Somebody of this merchant's staff, signed in. */
  async person(name: string, totpSecret?: string): Promise<Person> {
    const email = `${name}@test.invalid`;
    const { people } = this.world.server.context.services;
    const { merchantId } = this;
    const id = await people.ensurePerson({ name, email, role: 'merchant', merchantId, totpSecret });
    return this.world.signIn(id, email);
  }

  /** Sells over a toy platform, through the engine; the payer pays at once. */
  async sell(platform: ToyPlatform, amountFen: number, terminal = 0, channel = 'wechat-pay'): Promise<OrderView> {
    const { payments } = this.world.server.context.services;
    const { merchantId } = this;
    const actor = { kind: 'terminal', id: 'app', name: 'E1-01' } as const;
    const terminalId = this.terminalIds[terminal] ?? '';
    const id = newId();
    const order = { merchantId, terminalId, id, amountFen: fen(amountFen), note: '', source: 'terminal' } as const;
    const made = await payments.createOrder(actor, order);
    if (!made.ok) throw new Error(`sell: ${made.error}`);
    const started = await payments.startAttempt(actor, { merchantId, orderId: id, id: newId(), channel, kind: 'qr' });
    const attemptNo = started.ok ? started.value.attempts.at(-1)?.attemptNo : undefined;
    if (attemptNo === undefined) throw new Error(`sell: ${started.ok ? 'no attempt' : started.error}`);
    platform.pay(attemptNo);
    await payments.notified(channel, this.accounts.get(channel) ?? '', platform.notice(attemptNo));
    const paid = await payments.order({ merchantId, orderId: id });
    if (!paid.ok || paid.value.state !== 'paid') throw new Error('sell: the order is not paid');
    return paid.value;
  }

  /** A payment `minutesAgo` before the world's present. */
  pay(minutesAgo: number, amountFen: number, more: Partial<SeedPayment> = {}): Promise<SeededPayment> {
    const atMs = this.world.nowMs - minutesAgo * 60_000;
    return seedPayment(this.world.server.context.store.pool, this, { amountFen, atMs, ...more });
  }
}
