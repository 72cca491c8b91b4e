import type { Fen } from '../money.ts';

/** What a resident can ask for. `mobile` and `fixed-phone` are paid by bill or in advance. */
export const feeServices = [
  'property',
  'housing',
  'water',
  'electricity',
  'gas',
  'parking',
  'mobile',
  'fixed-phone',
] as const;
/** What a resident can ask for. */
export type FeeService = (typeof feeServices)[number];

/** A number that is exact to its last digit, written as text: optional minus, digits, at most twelve decimals. */
export type DecimalText = string;
/** A day in the tariff's own time zone, `yyyy-mm-dd`. */
export type DayText = string;

/** The household as it was for this bill: a snapshot, never today's values (docs/fees.md). */
export interface RatedAccount {
  /** Square metres of the built-up and of the usable area. */
  readonly areaM2?: DecimalText;
  readonly innerAreaM2?: DecimalText;
  /** How many people are registered from a day on, oldest first. */
  readonly persons?: readonly { readonly from: DayText; readonly count: number }[];
  /** The tariff's own word, such as `resident` or `low-income`. */
  readonly customerClass?: string;
  readonly payerObject?: 'home' | 'parking-space' | 'shop' | 'line';
  readonly movedIn?: DayText;
  readonly movedOut?: DayText;
  /** Since when the contract runs, for tariffs that keep old contracts at their old prices; `movedIn` when absent. */
  readonly contractFrom?: DayText;
  /** Named numbers that a tariff's formula or condition may ask for, from its closed list. */
  readonly values?: Readonly<Record<string, DecimalText>>;
}

/** One reading of a meter. */
export interface MeterReading {
  readonly meterId: string;
  /** When it was read: a day, or an instant with an offset where hours count. */
  readonly at: string;
  readonly value: DecimalText;
  readonly quality: 'actual' | 'estimate' | 'self' | 'final' | 'first';
  /** Which register of the meter: none for a meter with one. */
  readonly register?: string;
}

/** A meter as it hung during the bill. */
export interface RatedMeter {
  readonly id: string;
  /** What it counts, such as `water` or `electricity`. */
  readonly kind: string;
  /** The largest number it can show plus one: 100000 for five digits. */
  readonly maxDial?: DecimalText;
  readonly multiplier?: DecimalText;
  /** The meter that hung there before. */
  readonly replaces?: string;
}

/** A quantity that was measured over an interval; the other way to tell usage, for hours. */
export interface IntervalUsage {
  /** Instant with an offset, and minutes. */
  readonly start: string;
  readonly minutes: number;
  readonly quantity: DecimalText;
}

/** What a household used, for one bill: readings, intervals or plain quantities by name. */
export interface BillUsage {
  readonly meters?: readonly RatedMeter[];
  readonly readings?: readonly MeterReading[];
  readonly intervals?: readonly IntervalUsage[];
  /** Totals of periods, such as `{peak: "120", valley: "80"}`, or one `{"": "318"}`. */
  readonly quantities?: Readonly<Record<string, DecimalText>>;
}

/** What earlier bills used up, as far as the tariff's windows reach; written by `rate`, read by the next `rate`. */
export interface RatedState {
  /**
   * Quantity already billed by component and window, such as `{"energy": {"2026-01-01": "2528"}}`: by the
   * window's first day, or its month `yyyy-mm`.
   */
  readonly used: Readonly<Record<string, Readonly<Record<string, DecimalText>>>>;
  /** Yuan already billed, by adjustment with a yearly window. */
  readonly billed?: Readonly<Record<string, Readonly<Record<string, DecimalText>>>>;
}

/** What is still unpaid of one bill, for the late fee. */
export interface LateFeeBase {
  readonly billId: string;
  readonly dueOn: DayText;
  readonly principalFen: Fen;
  /** Parts of the principal that were paid before, each with its day. */
  readonly paid: readonly { readonly on: DayText; readonly fen: Fen }[];
  /** Somebody let it go, and why; the tariff names the roles that may. */
  readonly waiver?: { readonly role: string; readonly reason: string };
}

/** What a building has in common, for a share: the whole, and everybody's key. The shares sum to the whole. */
export interface CommonTotal {
  /** Yuan, or a quantity, as the component says. */
  readonly total: DecimalText;
  readonly members: readonly { readonly id: string; readonly key: DecimalText }[];
  /** Who the bill is for. */
  readonly self: string;
}

/** Everything that a bill follows from, besides the tariff. */
export interface RateInput {
  readonly account: RatedAccount;
  readonly usage?: BillUsage;
  /** First day, and the day after the last: the days of the two readings. Absent for late fees alone. */
  readonly period?: { readonly from: DayText; readonly to: DayText };
  readonly previous?: RatedState;
  /** An instant with an offset. Late fees are as of its day in the tariff's time zone. */
  readonly asOf: string;
  readonly lateFees?: readonly LateFeeBase[];
  /** By component. */
  readonly common?: Readonly<Record<string, CommonTotal>>;
}

/** One printed line of a bill. The total is the sum of these, nothing else. */
export interface RatedLine {
  /** Component of the tariff, and a number within it: stable, so that a repeated rating gives the same ids. */
  readonly id: string;
  readonly componentId: string;
  readonly label: { readonly zh: string; readonly en: string };
  readonly kind:
    'charge' | 'discount' | 'minimum' | 'maximum' | 'tax' | 'late-fee' | 'share' | 'correction' | 'rounding';
  readonly version: string;
  readonly quantity?: DecimalText;
  readonly unit?: string;
  readonly price?: DecimalText;
  /** As calculated, up to twelve decimals, and as printed. */
  readonly unroundedYuan: DecimalText;
  readonly amountFen: Fen;
  /** The sum in plain words: "318 kWh × 0.4883 yuan". */
  readonly words: { readonly zh: string; readonly en: string };
  /** The same for programs: which rule worked on what. */
  readonly basis: LineBasis;
  readonly invoiceClass?: string;
  readonly taxRate?: DecimalText;
}

/** What a line follows from. Days as in the input's period: `to` is the day after the last. */
export interface LineBasis {
  readonly rule: string;
  readonly from?: DayText;
  readonly to?: DayText;
  /** Tier from 0, its bounds as scaled for this bill, the window and what was used in it before. */
  readonly tier?: { readonly index: number; readonly over: DecimalText; readonly upTo: DecimalText | null };
  readonly window?: string;
  readonly usedBefore?: DecimalText;
  /** Period of a time of use. */
  readonly period?: string;
  readonly of?: readonly string[];
  readonly percent?: DecimalText;
  readonly formula?: string;
  /** Late fee: bill and days. */
  readonly billId?: string;
  readonly days?: number;
}

/** Where a household stands in a tier (of a time of use: prices of its first period): what is used, what is left, what comes next. Prices in yuan a unit. */
export interface TierPosition {
  readonly componentId: string;
  readonly window: 'bill' | 'month' | 'year';
  readonly used: DecimalText;
  readonly unit: string;
  readonly tiers: readonly { readonly upTo: DecimalText | null; readonly price: DecimalText }[];
  /** From 0. */
  readonly current: number;
  readonly left: DecimalText | null;
}

/** What `rate` makes of one bill. */
export interface RatedBill {
  readonly lines: readonly RatedLine[];
  readonly totalFen: Fen;
  readonly usage: readonly {
    readonly meterId: string;
    readonly from: { readonly on: DayText; readonly value: DecimalText };
    readonly to: { readonly on: DayText; readonly value: DecimalText };
    readonly quantity: DecimalText;
    readonly isEstimate: boolean;
  }[];
  readonly tiers: readonly TierPosition[];
  readonly state: RatedState;
  /** Which versions of the tariff were used. */
  readonly versions: readonly string[];
}

/** Why a bill cannot be made. Never an amount of 0 instead. */
export type RateRefusal =
  | 'bad-tariff'
  | 'bad-input'
  | 'no-version'
  | 'missing-reading'
  | 'reading-falls'
  | 'negative-usage'
  | 'unknown-variable'
  | 'formula-error'
  | 'bad-period'
  | 'waiver-not-allowed'
  | 'too-large';
