import type { Exact } from './exact.ts';
import type { Formula } from './formula.ts';
import type { DecimalText, FeeService } from './rating.ts';
import type {
  Bilingual,
  Component,
  FixedComponent,
  LateFeeRule,
  RoundingMode,
  SelectComponent,
  ShareComponent,
  TieredComponent,
  TouTieredComponent,
  VersionSplit,
} from './tariff.ts';

/** A condition, read: days as month × 100 + day. */
export interface CompiledWhen {
  readonly seasons?: readonly { readonly from: number; readonly to: number }[];
  /** By weekday (0 Monday) and minute of the day; absent when every hour counts. */
  readonly hours?: {
    readonly weekdays: readonly boolean[];
    readonly spans: readonly { readonly from: number; readonly to: number }[];
    readonly holidays?: 'only' | 'except';
  };
  readonly customerClass?: readonly string[];
  readonly payerObject?: readonly string[];
}

/** A quantity rule, read. */
export type CompiledQuantity =
  { readonly kind?: string; readonly register?: string; readonly formula?: undefined } | { readonly formula: Formula };

/** What every component is printed with. */
export interface Printed {
  readonly id: string;
  readonly label: Bilingual;
  readonly when?: CompiledWhen;
  readonly invoiceClass?: string;
  readonly taxRate?: DecimalText;
}

/** A price as a number and as it stands in the tariff. */
export interface Price {
  readonly value: Exact;
  readonly text: DecimalText;
}

/** One tier, read. */
export interface CompiledTier {
  readonly upTo: Exact | null;
  readonly price: Price;
  readonly flat?: Price;
  readonly block?: Exact;
}

/** Rules of tiers, read. */
export interface CompiledTierRules {
  readonly window: 'bill' | 'month' | 'year' | 'tariff-year';
  /** Month × 100 + day. */
  readonly yearStart: number;
  readonly isUpperInclusive: boolean;
  readonly zeroPaysFirstFlat: boolean;
  readonly boundScale: 'none' | 'months' | 'days' | 'days-365';
  readonly normalDays?: Exact;
  readonly roundsBounds: boolean;
  readonly partYear: 'none' | 'months' | 'days';
  readonly household?: {
    readonly countAbove: number;
    readonly add: Exact;
    readonly each: 'person' | 'once';
    readonly moves: 'first' | 'all';
    readonly formulas?: readonly (Formula | null)[];
    /** Month × 100 + day, or the bill's first day. */
    readonly asOf: number | 'bill-start';
  };
}

/** Rows by day: 24 rows of 24, 48 or 96 period indexes (twelve weekdays, twelve weekends), and special days. */
export interface CompiledSchedule {
  readonly slotMinutes: number;
  readonly rows: readonly (readonly number[])[];
  /** By the day's number; `weekend` where the weekend's row is meant. */
  readonly exceptions: ReadonlyMap<number, readonly number[] | 'weekend'>;
}

/** A period of the day. */
export interface CompiledPeriod {
  readonly name: string;
  readonly label: Bilingual;
}

/** A component, read and checked. */
export type CompiledComponent = Printed &
  (
    | {
        readonly kind: 'fixed';
        readonly amount: Price;
        readonly rule: Pick<FixedComponent, 'per' | 'prorate'>;
        readonly normalDays?: Exact;
        readonly countsLastDay: boolean;
      }
    | { readonly kind: 'per-unit'; readonly price: Price; readonly quantity: CompiledQuantity }
    | {
        readonly kind: 'tiered';
        readonly mode: TieredComponent['mode'];
        readonly tiers: readonly CompiledTier[];
        readonly rules: CompiledTierRules;
        readonly quantity: CompiledQuantity;
      }
    | {
        readonly kind: 'tou';
        readonly periods: readonly CompiledPeriod[];
        readonly prices: readonly Price[];
        readonly schedule?: CompiledSchedule;
      }
    | {
        readonly kind: 'tou-tiered';
        readonly periods: readonly CompiledPeriod[];
        readonly schedule?: CompiledSchedule;
        readonly tiers: readonly CompiledTier[];
        /** By period, then tier. */
        readonly prices: readonly (readonly Price[])[];
        readonly split: TouTieredComponent['split'];
        readonly rules: CompiledTierRules;
      }
    | {
        readonly kind: 'package';
        readonly size: Exact;
        readonly price: Price;
        readonly free: Exact;
        readonly quantity: CompiledQuantity;
      }
    | {
        readonly kind: 'percent-of';
        readonly of: ReadonlySet<string>;
        readonly ofRounded: boolean;
        readonly percent: Price;
      }
    | {
        readonly kind: 'select';
        readonly by: CompiledQuantity;
        readonly isUpperInclusive: boolean;
        readonly scale: Required<Pick<SelectComponent, 'boundScale'>>['boundScale'];
        readonly normalDays?: Exact;
        readonly tables: readonly { readonly upTo: Exact | null; readonly components: readonly CompiledComponent[] }[];
      }
    | { readonly kind: 'formula'; readonly amount: Formula }
    | {
        readonly kind: 'share';
        readonly of: ShareComponent['of'];
        readonly price?: Price;
        readonly remainder: ShareComponent['remainder'];
      }
  );

/** One kind of component, read. */
export type CompiledOf<K extends Component['kind']> = Extract<CompiledComponent, { readonly kind: K }>;

/** An adjustment, read. `of`: `undefined` for all lines before it. */
export type CompiledAdjustment = Printed & { readonly of?: ReadonlySet<string> } & (
    | {
        readonly kind: 'discount';
        readonly rule:
          | { readonly by: 'percent'; readonly percent: Price }
          | { readonly by: 'amount'; readonly amount: Price; readonly per: 'bill' | 'month' }
          | { readonly by: 'free-months'; readonly free: Price; readonly fromMonths: number };
      }
    | {
        readonly kind: 'minimum' | 'maximum';
        readonly amount: Price;
        readonly per: 'bill' | 'month' | 'day';
        readonly isYearly: boolean;
        readonly yearStart: number;
        readonly proratesDays: boolean;
      }
    | {
        readonly kind: 'tax';
        readonly percent?: Price;
        readonly perLine: boolean;
        readonly ofRounded: boolean;
      }
  );

/** The late fee, read. */
export interface CompiledLateFee {
  readonly label: Bilingual;
  readonly percent: Price;
  readonly percentAfterYearEnd?: Price;
  readonly graceDays: number;
  readonly graceCounts: boolean;
  readonly countsDueDay: boolean;
  readonly countsPaymentDay: boolean;
  readonly minTotal?: Exact;
  readonly capPercent?: Price;
  readonly capAmount?: Price;
  readonly mode?: RoundingMode;
  readonly exempt: NonNullable<LateFeeRule['exempt']>;
  readonly waivers: NonNullable<LateFeeRule['waivers']>;
}

/** Rounding, read. */
export interface CompiledRounding {
  readonly at: 'line' | 'component' | 'bill';
  readonly mode: RoundingMode;
  readonly step: Exact;
  readonly cash?: Exact;
  readonly cashMode: RoundingMode;
}

/** A version, read: days as numbers, `to` is the day after its last. */
export interface CompiledVersion {
  readonly id: string;
  readonly from: number;
  readonly to: number;
  readonly existingFrom?: number;
  readonly components: readonly CompiledComponent[];
  readonly adjustments: readonly CompiledAdjustment[];
  readonly lateFee?: CompiledLateFee;
  readonly rounding: CompiledRounding;
  readonly quantityStep: Exact;
}

/** A tariff that was read and checked once, for any number of bills. */
export interface CompiledTariff {
  readonly id: string;
  readonly service: FeeService;
  readonly unit: Bilingual;
  readonly money: Bilingual;
  readonly zoneMinutes: number;
  readonly split: VersionSplit;
  readonly holidays: ReadonlySet<number>;
  /** By first day. */
  readonly versions: readonly CompiledVersion[];
}
