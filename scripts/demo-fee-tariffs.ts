import type { FeeService } from '../domain/tariffs/rating.ts';
import type { Component, Tariff, TariffExample, TariffVersion } from '../domain/tariffs/tariff.ts';

const january = { from: '2026-01-01', to: '2026-02-01' };
const asOf = '2026-02-01T00:00:00+08:00';
const lateFee = (percentPerDay: string): NonNullable<TariffVersion['lateFee']> => ({
  label: { zh: '违约金', en: 'Late fee' },
  percentPerDay,
  cap: { percentOfPrincipal: '100' },
});

interface Sketch {
  readonly service: FeeService;
  readonly name: Tariff['name'];
  readonly unit: Tariff['unit'];
  readonly components: readonly Component[];
  readonly lateFee?: TariffVersion['lateFee'];
  readonly example: Pick<TariffExample, 'name'> & {
    readonly input: Partial<TariffExample['input']>;
    readonly total: string;
  };
}

function tariffOf({ service, name, unit, components, lateFee: late, example }: Sketch): Tariff {
  const input = { account: {}, period: january, asOf, ...example.input };
  return {
    ...{
      id: `guiyuan-${service}`,
      service,
      name,
      unit,
      currency: 'CNY',
      timeZone: '+08:00',
      versionSplit: 'day-share',
    },
    sources: [{ title: 'Example of the demo; figures as in published price lists', standing: 'example' }],
    versions: [
      {
        id: '2024-01',
        effectiveFrom: '2024-01-01',
        components,
        ...(late === undefined ? {} : { lateFee: late }),
        examples: [{ name: example.name, input, expect: { total: example.total } }],
      },
    ],
  };
}

const perMonth = (id: string, zh: string, en: string, amount: string): Component => ({
  ...{ id, kind: 'fixed', label: { zh, en }, amount, per: 'month', prorate: 'actual-days' },
});

type TierList = readonly (readonly [string | null, string])[];

/** Yearly tiers; the ladder's year begins on `yearStart`, so that the demo's twelve months lie in one. */
function ladder(id: string, zh: string, en: string, yearStart: string, tiers: TierList): Component {
  return {
    ...{ id, kind: 'tiered', mode: 'graduated', label: { zh, en }, window: 'year', yearStart, partYear: 'none' },
    tiers: tiers.map(([upTo, price]) => ({ upTo, price })),
    quantity: { usage: { kind: id } },
  };
}

const month = { zh: '月', en: 'month' };
const cubic = { zh: '立方米', en: 'm³' };

const meteredTariffs = (yearStart: string): Sketch[] => [
  {
    service: 'electricity',
    name: { zh: '居民生活用电（年阶梯）', en: 'Residential electricity (yearly tiers)' },
    unit: { zh: '度', en: 'kWh' },
    lateFee: { ...lateFee('0.1'), minTotal: '1' },
    components: [
      ladder('electricity', '电费', 'Electricity', yearStart, [
        ['2880', '0.4883'],
        ['4800', '0.5383'],
        [null, '0.7883'],
      ]),
    ],
    example: {
      ...{ name: '3,000 kWh: 2,880 × 0.4883 + 120 × 0.5383', total: '1470.90' },
      input: { usage: { quantities: { electricity: '3000' } } },
    },
  },
  {
    service: 'water',
    name: { zh: '居民用水（年阶梯）', en: 'Residential water (yearly tiers)' },
    unit: cubic,
    lateFee: lateFee('0.1'),
    components: [
      ladder('water', '水费', 'Water', yearStart, [
        ['180', '5'],
        ['260', '7'],
        [null, '9'],
      ]),
    ],
    example: {
      ...{ name: '190 m³: 180 × 5 + 10 × 7', total: '970.00' },
      input: { usage: { quantities: { water: '190' } } },
    },
  },
  {
    service: 'gas',
    name: { zh: '管道天然气（年阶梯）', en: 'Piped gas (yearly tiers)' },
    unit: cubic,
    components: [
      ladder('gas', '燃气费', 'Gas', yearStart, [
        ['400', '2.99'],
        ['1680', '3.44'],
        [null, '4.34'],
      ]),
    ],
    example: {
      ...{ name: '410 m³: 400 × 2.99 + 10 × 3.44', total: '1230.40' },
      input: { usage: { quantities: { gas: '410' } } },
    },
  },
];

const plainTariffs: readonly Sketch[] = [
  {
    service: 'property',
    name: { zh: '住宅物业服务费', en: 'Residential property fee' },
    unit: { zh: '平方米·月', en: 'm² month' },
    lateFee: lateFee('0.05'),
    components: [
      {
        ...{ id: 'property', kind: 'per-unit', label: { zh: '物业费', en: 'Property fee' }, price: '1.80' },
        quantity: { formula: 'area * months' },
      },
    ],
    example: { name: '89.5 m² × 1.80', input: { account: { areaM2: '89.5' } }, total: '161.10' },
  },
  {
    service: 'housing',
    name: { zh: '公共租赁住房租金', en: 'Public rental housing' },
    unit: { zh: '平方米·月', en: 'm² month' },
    lateFee: lateFee('0.05'),
    components: [
      {
        ...{ id: 'rent', kind: 'per-unit', label: { zh: '租金', en: 'Rent' }, price: '21.50' },
        quantity: { formula: 'area * months' },
      },
    ],
    example: { name: '46 m² × 21.50', input: { account: { areaM2: '46' } }, total: '989.00' },
  },
  {
    service: 'parking',
    name: { zh: '地下固定车位', en: 'Fixed bay, underground' },
    unit: month,
    components: [perMonth('bay', '车位服务费', 'Bay', '300')],
    example: { name: 'One month', input: {}, total: '300.00' },
  },
  {
    service: 'mobile',
    name: { zh: '手机 59 元套餐', en: 'Mobile plan at 59 yuan' },
    unit: month,
    components: [perMonth('plan', '套餐月费', 'Monthly plan', '59')],
    example: { name: 'One month', input: {}, total: '59.00' },
  },
  {
    service: 'fixed-phone',
    name: { zh: '固定电话与宽带', en: 'Fixed phone and broadband' },
    unit: month,
    components: [perMonth('line', '月租', 'Line', '25'), perMonth('broadband', '宽带', 'Broadband', '60')],
    example: { name: 'One month', input: {}, total: '85.00' },
  },
];

/** The price lists of the demo's payee. `yearStart`: `MM-DD` on which its ladders begin anew. */
export function demoTariffs(yearStart: string): readonly Tariff[] {
  return [...meteredTariffs(yearStart), ...plainTariffs].map(tariffOf);
}
