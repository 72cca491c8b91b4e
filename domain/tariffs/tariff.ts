import type { DayText, DecimalText, FeeService, RateInput, RateRefusal } from './rating.ts';

/** A text in both languages. */
export interface Bilingual {
  readonly zh: string;
  readonly en: string;
}

/**
 * How a version that begins inside a bill is applied. `reading-date`: what was read between two readings is priced by the
 * version in force on its last day. `day-share`: usage is spread over the days and cut at the date. `contract`: a household
 * keeps the version of its contract's first day, until a version says `forExistingFrom`.
 */
export type VersionSplit = 'reading-date' | 'day-share' | 'contract';

/** A price list: data, never code with a city's name. Months and days are `MM-DD`, decimals are text. */
export interface Tariff {
  readonly id: string;
  readonly service: FeeService;
  readonly name: Bilingual;
  readonly region?: Bilingual;
  /** What one of the metered quantity is called: 度 / kWh. */
  readonly unit: Bilingual;
  /** ISO 4217; its hundredth is the `fen` of every result. */
  readonly currency: string;
  /** Of days and hours: `+08:00`. */
  readonly timeZone: string;
  readonly versionSplit: VersionSplit;
  /** For conditions with `holidays`; a schedule names its special days itself. */
  readonly holidays?: readonly DayText[];
  readonly sources: readonly TariffSource[];
  readonly versions: readonly TariffVersion[];
}

/** Where a figure comes from. `standing`: the notice itself, a copy or quotation of it, or an example made up by us. */
export interface TariffSource {
  readonly title: string;
  readonly url?: string;
  readonly docRef?: string;
  readonly standing: 'official' | 'second-hand' | 'example';
  readonly note?: string;
}

/** One edition. Days: `effectiveFrom` is its first, `effectiveTo` its last. */
export interface TariffVersion {
  readonly id: string;
  readonly state?: 'draft' | 'active' | 'retired';
  readonly effectiveFrom: DayText;
  readonly effectiveTo?: DayText;
  readonly forExistingFrom?: DayText;
  readonly publishedOn?: DayText;
  readonly docRef?: string;
  readonly components: readonly Component[];
  /** Worked through in this order, each on the lines that stand before it. */
  readonly adjustments?: readonly Adjustment[];
  readonly lateFee?: LateFeeRule;
  readonly rounding?: Rounding;
  /** Quantities that are spread over days are cut to multiples of this; `0.000001` where it is absent. */
  readonly quantityStep?: DecimalText;
  /** Bills with their right result; the version cannot be activated unless they all come out. */
  readonly examples?: readonly TariffExample[];
}

/** A bill with its right result, as a person worked it out. */
export interface TariffExample {
  readonly name: string;
  readonly source?: string;
  readonly input: RateInput;
  readonly expect:
    | { readonly total: DecimalText; readonly lines?: readonly { readonly id: string; readonly amount: DecimalText }[] }
    | { readonly refusal: RateRefusal };
}

/** When a component applies. All that is named must hold. */
export interface When {
  /** Season: first and last day as `MM-DD`, over the year's end too. */
  readonly seasons?: readonly { readonly from: string; readonly to: string }[];
  /** 1 Monday … 7 Sunday; hours need intervals, `to` exclusive. */
  readonly weekdays?: readonly number[];
  readonly hours?: readonly { readonly from: number; readonly to: number }[];
  readonly holidays?: 'only' | 'except';
  readonly customerClass?: readonly string[];
  readonly payerObject?: readonly string[];
}

/**
 * How much. `usage`: of meters of this `kind` (any when absent) and `register` (all when absent), of intervals, or of the
 * named `quantities`. `formula`: of the account's numbers, from the closed list of docs/fees.md.
 */
export type QuantityRule =
  { readonly usage: { readonly kind?: string; readonly register?: string } } | { readonly formula: string };

interface ComponentBase {
  readonly id: string;
  readonly label: Bilingual;
  readonly when?: When;
  readonly invoiceClass?: string;
  /** For the invoice; a tax that comes on top is an adjustment. */
  readonly taxRate?: DecimalText;
}

/** A charge that comes with time. */
export interface FixedComponent extends ComponentBase {
  readonly kind: 'fixed';
  readonly amount: DecimalText;
  readonly per: 'day' | 'month' | 'quarter' | 'year' | 'bill';
  /**
   * `none`: each unit that begins in the bill is charged whole. `actual-days`: days of each calendar unit by its length.
   * `whole-months`: whole units from the bill's first day, and the rest by the days of the unit that it lies in.
   * `fixed-30`: 30 days a month. `365-12`: days × 12 / 365 months. `normal-days`: days by `normalDays` a unit.
   */
  readonly prorate: 'none' | 'actual-days' | 'whole-months' | 'fixed-30' | '365-12' | 'normal-days';
  readonly normalDays?: DecimalText;
  /** Whether the bill's `to` day counts as well. */
  readonly end?: 'exclusive' | 'inclusive';
}

/** Price × quantity. */
export interface PerUnitComponent extends ComponentBase {
  readonly kind: 'per-unit';
  readonly price: DecimalText;
  readonly quantity: QuantityRule;
}

/** One tier: up to where, a price a unit (or a started `block`), and an amount that is due once the tier is reached. */
export interface Tier {
  readonly upTo: DecimalText | null;
  readonly price: DecimalText;
  readonly flat?: DecimalText;
  readonly block?: DecimalText;
}

/** More people, higher bounds. */
export interface HouseholdRule {
  /** `add` once, or for each person, above `countAbove` persons. */
  readonly countAbove: number;
  readonly add: DecimalText;
  readonly each: 'person' | 'once';
  readonly moves: 'first' | 'all';
  /** Instead: each tier's bound as a formula of `persons`; `null` for the last. */
  readonly formulas?: readonly (string | null)[];
  /** Whose count: of the bill's first day, or of the last `MM-DD` on or before the stretch's. */
  readonly asOf: string;
}

/** What tiers of every kind have. */
export interface TierRules {
  /**
   * Within what usage adds up: the bill, the calendar month, the year from `yearStart`, or the year from the version's
   * first day. Beyond the bill a bill costs G(before + now) − G(before).
   */
  readonly window: 'bill' | 'month' | 'year' | 'tariff-year';
  readonly yearStart?: string;
  /** Whose the quantity exactly on a bound is. */
  readonly edge?: 'upper-inclusive' | 'upper-exclusive';
  readonly zeroPaysFirstFlat?: boolean;
  /** Bounds are for a month, for `normalDays` days or for 365 days, and are scaled to the bill. */
  readonly boundScale?: 'none' | 'months' | 'days' | 'days-365';
  readonly normalDays?: DecimalText;
  readonly boundRound?: 'none' | 'whole';
  /** Scales a window's bounds to the part of it in which the household lived here. */
  readonly partYear?: 'none' | 'months' | 'days';
  readonly household?: HouseholdRule;
}

/** Tiers. `graduated`: each unit by its tier. `volume`: all units by the tier of the total. `band`: that tier's flat alone. */
export interface TieredComponent extends ComponentBase, TierRules {
  readonly kind: 'tiered';
  readonly mode: 'graduated' | 'volume' | 'band';
  readonly tiers: readonly Tier[];
  readonly quantity: QuantityRule;
}

/** Which period each part of a day is: rows of 24, 48 or 96 indexes, twelve months of weekdays and of weekends. */
export interface Schedule {
  readonly weekday: readonly (readonly number[])[];
  readonly weekend: readonly (readonly number[])[];
  /** Days that go by the weekend's row, or by a row of their own. */
  readonly exceptions?: readonly { readonly days: readonly DayText[]; readonly row?: readonly number[] }[];
}

/** A price by the hour. Totals by the period's name do as well as intervals. */
export interface TouComponent extends ComponentBase {
  readonly kind: 'tou';
  readonly periods: readonly { readonly name: string; readonly label: Bilingual; readonly price: DecimalText }[];
  readonly schedule?: Schedule;
}

/**
 * A price by the hour and the tier: `prices[period][tier]`, or each period's `price` plus the tier's `add`. How a bound is
 * crossed: interval by interval, by the day's ratio, or by the ratio of the bill's periods.
 */
export interface TouTieredComponent extends ComponentBase, TierRules {
  readonly kind: 'tou-tiered';
  readonly periods: readonly { readonly name: string; readonly label: Bilingual; readonly price?: DecimalText }[];
  readonly schedule?: Schedule;
  readonly bounds: readonly (DecimalText | null)[];
  readonly add?: readonly DecimalText[];
  readonly prices?: readonly (readonly DecimalText[])[];
  readonly split: 'by-interval' | 'by-day-ratio' | 'by-bill-ratio';
}

/** Started packages of `size` units, after `free` units a bill. */
export interface PackageComponent extends ComponentBase {
  readonly kind: 'package';
  readonly size: DecimalText;
  readonly price: DecimalText;
  readonly free?: DecimalText;
  readonly quantity: QuantityRule;
}

/** A share of other lines, as they were calculated or as they were printed. */
export interface PercentComponent extends ComponentBase {
  readonly kind: 'percent-of';
  readonly of: readonly string[];
  readonly ofRounded: boolean;
  readonly percent: DecimalText;
}

/** The total chooses the whole table. */
export interface SelectComponent extends ComponentBase {
  readonly kind: 'select';
  readonly by: QuantityRule;
  readonly edge?: 'upper-inclusive' | 'upper-exclusive';
  readonly boundScale?: 'none' | 'months' | 'days' | 'days-365';
  readonly normalDays?: DecimalText;
  readonly tables: readonly { readonly upTo: DecimalText | null; readonly components: readonly Component[] }[];
}

/** An amount from an expression: + - * /, min, max, round, and the closed list of names. */
export interface FormulaComponent extends ComponentBase {
  readonly kind: 'formula';
  readonly amount: string;
}

/** A part of what all have in common: `common[id]` of the input says how much and who. */
export interface ShareComponent extends ComponentBase {
  readonly kind: 'share';
  readonly of: 'amount' | 'quantity';
  /** Of a quantity: the price of one. */
  readonly price?: DecimalText;
  readonly key: 'area' | 'units' | 'people' | 'coefficient';
  readonly remainder: 'largest-remainder' | 'first';
}

/** One part of a tariff. */
export type Component =
  | FixedComponent
  | PerUnitComponent
  | TieredComponent
  | TouComponent
  | TouTieredComponent
  | PackageComponent
  | PercentComponent
  | SelectComponent
  | FormulaComponent
  | ShareComponent;

interface AdjustmentBase {
  readonly id: string;
  readonly label: Bilingual;
  /** Of which lines, by component or adjustment; of all before it when absent. */
  readonly of?: readonly string[];
  readonly when?: When;
  readonly invoiceClass?: string;
}

/** Less to pay. `free-months`: who is billed at least `fromMonths` months has `free` of them. */
export type DiscountRule =
  | { readonly percent: DecimalText }
  | { readonly amount: DecimalText; readonly per: 'bill' | 'month' }
  | { readonly freeMonths: DecimalText; readonly fromMonths: number };

/** Something that follows from the lines before it. The list's order is the order of working. */
export type Adjustment =
  | (AdjustmentBase & { readonly kind: 'discount'; readonly discount: DiscountRule })
  | (AdjustmentBase & {
      readonly kind: 'minimum' | 'maximum';
      readonly amount: DecimalText;
      readonly per: 'bill' | 'month' | 'day';
      /** `year`: what was billed in the year from `yearStart` counts, and the minimum is asked for at its end. */
      readonly window?: 'bill' | 'year';
      readonly yearStart?: string;
      /** How a part of a month counts: by days of the month, or (`none`) as a whole one. */
      readonly prorate?: 'none' | 'actual-days';
    })
  | (AdjustmentBase & {
      readonly kind: 'tax';
      /** In percent; each line's own `taxRate` when absent. */
      readonly percent?: DecimalText;
      readonly per: 'line' | 'bill';
      readonly ofRounded: boolean;
    });

/** What a day of delay costs. Simple interest: never on a late fee. */
export interface LateFeeRule {
  readonly label: Bilingual;
  /** In percent of what is unpaid, a day. */
  readonly percentPerDay: DecimalText;
  /** From 1 January after the year in which it was due. */
  readonly percentAfterYearEnd?: DecimalText;
  readonly graceDays?: number;
  /** Whether the days of grace count once they are over. */
  readonly graceCounts?: boolean;
  /** The first day that counts. */
  readonly start?: 'day-after-due' | 'due-day';
  /** Whether the day of payment counts. */
  readonly countsPaymentDay?: boolean;
  readonly minTotal?: DecimalText;
  readonly cap?: { readonly percentOfPrincipal?: DecimalText; readonly amount?: DecimalText };
  readonly round?: RoundingMode;
  /** Classes that owe none, and roles that may waive one with a reason. */
  readonly exempt?: readonly string[];
  readonly waivers?: readonly string[];
}

/** How a half goes, and what is not a half. */
export type RoundingMode = 'half-up' | 'half-even' | 'half-down' | 'up' | 'down';

/**
 * Where money is rounded. `line`: every printed line. `component` and `bill`: the sum, and the lines then so that they add
 * up to it. `step`: of the lines, 0.01 when absent. `cash`: the total is brought to a multiple by a line of its own.
 */
export interface Rounding {
  readonly at: 'line' | 'component' | 'bill';
  readonly mode: RoundingMode;
  readonly step?: DecimalText;
  readonly cash?: DecimalText;
  readonly cashMode?: RoundingMode;
}
