import type { FeeService } from '../domain/tariffs/rating.ts';

/** A household of the demo, for each of its services one account with the same number and digits. */
export interface DemoHousehold {
  readonly number: string;
  readonly secret: string;
  readonly label: string;
  readonly services: readonly FeeService[];
  readonly areaM2?: string;
  readonly persons?: number;
  /** How many whole months it has been billed for. */
  readonly months: number;
  /** What was used each month, oldest first, by metered service; fewer than `months` begin again. */
  readonly used?: Partial<Readonly<Record<FeeService, readonly number[]>>>;
  /** How many of the newest bills are still unpaid, by service. */
  readonly unpaid?: Partial<Readonly<Record<FeeService, number>>>;
  /** Paid in advance, in fen, before the bills were made. */
  readonly advanceFen?: Partial<Readonly<Record<FeeService, number>>>;
}

/** 2,846 kWh in the year: 34 below the second tier. */
const nearTheTier = [268, 251, 214, 186, 178, 205, 268, 302, 259, 203, 221, 291];

const neighbour = (number: string, secret: string, label: string, areaM2: string, kwh: number): DemoHousehold => ({
  ...{ number, secret, label, areaM2, persons: 2, months: 3 },
  services: ['property', 'electricity'],
  used: { electricity: [kwh, kwh + 21, kwh - 13] },
  unpaid: { property: 1, electricity: 1 },
});

/**
 * Who lives at 桂园. The first is the one that the documents tell of: number 20260003176, digits 1203, with electricity
 * just below the second tier and one bill overdue; water and gas paid in advance.
 */
export const demoHouseholds: readonly DemoHousehold[] = [
  {
    ...{ number: '20260003176', secret: '1203', label: '3 号楼 1203 室', areaM2: '89.5', persons: 3, months: 12 },
    services: ['property', 'electricity', 'water', 'gas'],
    used: {
      electricity: nearTheTier,
      water: [11, 12, 10, 13, 12, 14, 15, 16, 14, 12, 11, 12],
      gas: [38, 36, 30, 22, 17, 15, 14, 14, 16, 19, 27, 35],
    },
    unpaid: { property: 3, electricity: 2 },
    advanceFen: { water: 82_000, gas: 92_000 },
  },
  neighbour('20260003177', '1204', '3 号楼 1204 室', '102.3', 240),
  neighbour('20260001501', '0501', '1 号楼 501 室', '76.8', 165),
  neighbour('20260001602', '0602', '1 号楼 602 室', '76.8', 198),
  neighbour('20260002802', '0802', '2 号楼 802 室', '118', 331),
  neighbour('20260002101', '1101', '2 号楼 1101 室', '118', 287),
  {
    ...{ number: '20260005302', secret: '0302', label: '5 号楼 302 室', areaM2: '46', persons: 1, months: 3 },
    services: ['housing', 'electricity'],
    used: { electricity: [96, 88, 104] },
    unpaid: { housing: 2, electricity: 1 },
  },
  {
    ...{ number: '20260009017', secret: '1203', label: 'B1-017', services: ['parking'], months: 3 },
    unpaid: { parking: 1 },
  },
  { number: '20260009052', secret: '0602', label: 'B1-052', services: ['parking'], months: 3, unpaid: { parking: 2 } },
  {
    ...{ number: '13900003176', secret: '1203', label: '手机尾号 3176', services: ['mobile'], months: 3 },
    unpaid: { mobile: 1 },
  },
  { number: '13900008802', secret: '0802', label: '手机尾号 8802', services: ['mobile'], months: 0 },
  {
    ...{ number: '075500003176', secret: '1203', label: '固话尾号 3176', services: ['fixed-phone'], months: 3 },
    unpaid: { 'fixed-phone': 2 },
  },
];
