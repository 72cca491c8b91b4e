import type { RouteName } from '../../../protocol/http/paths.ts';
import type { RouteBody, RouteReply } from '../../../protocol/http/routes.ts';
import { type Cluster, newId, type Person, type Reply, World } from '../server/world.ts';

/** Water by yearly tiers with a late fee; one worked example that is right. */
export const waterTariff = {
  id: 'test-water',
  service: 'water',
  name: { zh: '居民水价', en: 'Residential water' },
  unit: { zh: '立方米', en: 'm³' },
  currency: 'CNY',
  timeZone: '+08:00',
  versionSplit: 'day-share',
  sources: [{ title: 'Made up for a test', standing: 'example' }],
  versions: [
    {
      id: '2026',
      effectiveFrom: '2026-01-01',
      components: [
        {
          id: 'water',
          label: { zh: '水费', en: 'Water' },
          kind: 'tiered',
          mode: 'graduated',
          window: 'year',
          tiers: [
            { upTo: '100', price: '5' },
            { upTo: '200', price: '7' },
            { upTo: null, price: '9' },
          ],
          quantity: { usage: { kind: 'water' } },
        },
      ],
      lateFee: { label: { zh: '违约金', en: 'Late fee' }, percentPerDay: '0.1' },
      examples: [
        {
          name: '120 m³ in one month',
          input: {
            account: {},
            usage: { quantities: { water: '120' } },
            period: { from: '2026-01-01', to: '2026-02-01' },
            asOf: '2026-02-01T00:00:00+08:00',
          },
          expect: { total: '640.00' },
        },
      ],
    },
  ],
};

/** An office, a payee with water, and somebody of another merchant. */
export class OfficeBench {
  readonly world: World;
  readonly operator: Person;
  readonly approver: Person;
  readonly clerk: Person;
  readonly stranger: Person;
  #numbers = 0;

  private constructor(world: World, people: readonly [Person, Person, Person, Person]) {
    this.world = world;
    [this.operator, this.approver, this.clerk, this.stranger] = people;
  }

  static async start(cluster: Cluster): Promise<OfficeBench> {
    const world = await World.start(cluster);
    const otherId = newId();
    const other = { id: otherId, name: '别家', contact: '', address: '' };
    await world.server.context.services.registry.createMerchant(undefined, other);
    const bench = new OfficeBench(world, [
      await world.person('operator', 'operator'),
      await world.person('approver', 'approver'),
      await world.person('clerk', 'merchant', undefined, world.merchantId),
      await world.person('stranger', 'merchant', undefined, otherId),
    ]);
    const payee = {
      version: 0,
      isActive: true,
      digitsAboveFen: 50_000,
      allocation: 'oldest-first',
      receiptTitle: '',
      receiptFooter: '',
    };
    await bench.must('setFeePayee', {}, { ...payee, terminalIds: [] });
    return bench;
  }

  get office() {
    return this.world.server.context.services.feeOffice;
  }

  /** Calls as the operator, with the payee's id filled in. */
  call<N extends RouteName>(
    name: N,
    params: Record<string, string> = {},
    body?: RouteBody<N>,
    query = '',
  ): Promise<Reply<RouteReply<N>>> {
    return this.operator.call(name, { id: this.world.merchantId, ...params }, body, query);
  }

  /** The same; throws with the refusal. */
  async must<N extends RouteName>(
    name: N,
    params: Record<string, string> = {},
    body?: RouteBody<N> | Record<string, unknown>,
    query = '',
  ): Promise<RouteReply<N>> {
    const reply = await this.operator.call(name, { id: this.world.merchantId, ...params }, body, query);
    if (reply.code !== undefined) throw new Error(`${name}: ${reply.code} ${reply.field ?? ''}`);
    return reply.body;
  }

  /** The tariff with its version in force, as the service's own. */
  async furnish(json: Record<string, unknown> = waterTariff): Promise<{ tariffId: string; versionId: string }> {
    const tariffId = newId();
    const made = await this.must('createFeeTariff', {}, { id: tariffId, tariff: json });
    const versionId = made.versions[0]?.id ?? '';
    const active = await this.must('activateFeeVersion', { tariffId, versionId }, {});
    if (!active.isActive) throw new Error(`activate: ${String(active.reason)}`);
    await this.setService(made.service, { tariffId });
    return { tariffId, versionId };
  }

  async setService(service: string, more: Record<string, unknown> = {}): Promise<void> {
    const { services } = await this.must('feePayee');
    await this.must(
      'setFeeService',
      {},
      {
        version: services.find((one) => one.service === service)?.version ?? 0,
        ...{ service, isActive: true, numberMin: 8, numberMax: 12, secretDigits: 4, dueDays: 15 },
        numberName: { zh: '户号', en: 'Household number' },
        secretName: { zh: '查询密码', en: 'Agreed digits' },
        ...more,
      },
    );
  }

  nextNumber(): string {
    this.#numbers += 1;
    return `2026${String(this.#numbers).padStart(7, '0')}`;
  }

  /** A water household with a meter that showed `first` on 1 January. */
  async household(more: Record<string, unknown> = {}, first = '1000') {
    const accountId = newId();
    const number = this.nextNumber();
    await this.must(
      'createFeeAccount',
      {},
      {
        ...{ id: accountId, service: 'water', number, secret: '1203', label: '3 号楼 1203 室', ...more },
      },
    );
    const meterId = newId();
    await this.must(
      'installFeeMeter',
      { accountId },
      {
        ...{
          id: meterId,
          kind: 'water',
          serial: `W-${number}`,
          maxDial: '100000',
          on: '2026-01-01',
          firstValue: first,
        },
      },
    );
    return { accountId, meterId, number };
  }

  async read(meterId: string, on: string, value: string, more: Record<string, unknown> = {}) {
    return this.must('enterFeeReading', { meterId }, { id: newId(), on, value, quality: 'actual', ...more });
  }

  /** Runs a billing run to its end. */
  async bill(from: string, to: string, id = newId()) {
    await this.must('startFeeRun', {}, { id, service: 'water', from, to });
    await this.office.runsIdle();
    return this.must('feeRun', { runId: id });
  }

  async billsOf(accountId: string) {
    return (await this.must('feeAccount', { accountId })).bills;
  }
}
