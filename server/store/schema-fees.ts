import type { ColumnType, Generated } from 'kysely';
import type { FeeService, MeterReading, RatedAccount, RatedBill } from '../../domain/tariffs/rating.ts';
import type { Bilingual, Tariff, TariffExample, TariffVersion } from '../../domain/tariffs/tariff.ts';

type Bytes = ColumnType<Buffer, Uint8Array, Uint8Array>;
type BytesOrNull = ColumnType<Buffer | null, Uint8Array | null | undefined, Uint8Array | null>;
type Json<T> = ColumnType<T, string, string>;
type GeneratedJson<T> = ColumnType<T, string | undefined, string>;
type JsonOrNull<T> = ColumnType<T | null, string | null | undefined, string | null>;
type OrNull<T> = ColumnType<T | null, T | null | undefined, T | null>;
type Never<T> = ColumnType<T, never, never>;

/** What all versions of a tariff share. */
export type TariffDetails = Omit<Tariff, 'id' | 'service' | 'name' | 'versions'>;
/** A version's rules, without what the row says of it. */
export type VersionBody = Omit<TariffVersion, 'id' | 'state' | 'effectiveFrom' | 'effectiveTo' | 'examples'>;

interface FeePayeeTable {
  merchant_id: string;
  is_active: Generated<boolean>;
  digits_above_fen: Generated<number>;
  allocation: Generated<'oldest-first' | 'late-fee-first'>;
  receipt_title: Generated<string>;
  receipt_footer: Generated<string>;
  version: Generated<number>;
  changed_at: Date;
}
interface FeeServiceTable {
  merchant_id: string;
  service: FeeService;
  is_active: Generated<boolean>;
  number_min: number;
  number_max: number;
  number_name: Json<Bilingual>;
  secret_digits: number;
  secret_name: Json<Bilingual>;
  due_days: number;
  top_up_min_fen: OrNull<number>;
  top_up_max_fen: OrNull<number>;
  top_up_usual: Generated<number[]>;
  tariff_id: OrNull<string>;
  version: Generated<number>;
  changed_at: Date;
}
interface FeePayeeTerminalTable {
  merchant_id: string;
  terminal_id: string;
  added_at: Date;
  added_by: OrNull<string>;
}
interface FeeTariffTable {
  merchant_id: string;
  id: string;
  service: FeeService;
  name: Json<Bilingual>;
  details: Json<TariffDetails>;
  created_at: Date;
  created_by: OrNull<string>;
  version: Generated<number>;
}
interface FeeTariffVersionTable {
  merchant_id: string;
  tariff_id: string;
  id: string;
  number: number;
  state: Generated<'draft' | 'active' | 'retired'>;
  /** `yyyy-mm-dd`, like every day below. */
  effective_from: string;
  effective_to: OrNull<string>;
  body: Json<VersionBody>;
  examples: GeneratedJson<TariffExample[]>;
  note: Generated<string>;
  created_at: Date;
  created_by: OrNull<string>;
  activated_at: OrNull<Date>;
  activated_by: OrNull<string>;
  checked: JsonOrNull<unknown>;
  retired_at: OrNull<Date>;
  retired_by: OrNull<string>;
  version: Generated<number>;
}
interface FeeAccountTable {
  merchant_id: string;
  id: string;
  service: FeeService;
  number_hash: Bytes;
  number_sealed: Bytes;
  tail: string;
  secret_hash: BytesOrNull;
  label: string;
  label_masked: string;
  tariff_id: OrNull<string>;
  area_m2: OrNull<string>;
  inner_area_m2: OrNull<string>;
  customer_class: Generated<string>;
  payer_object: Generated<'home' | 'parking-space' | 'shop' | 'line'>;
  amounts: GeneratedJson<Record<string, string>>;
  moved_in: OrNull<string>;
  moved_out: OrNull<string>;
  state: Generated<'open' | 'closed'>;
  body_hash: Bytes;
  created_at: Date;
  created_by: OrNull<string>;
  closed_at: OrNull<Date>;
  version: Generated<number>;
}
interface FeePersonTable {
  merchant_id: string;
  account_id: string;
  id: string;
  from_on: string;
  count: number;
  entered_at: Date;
  entered_by: OrNull<string>;
}
interface FeeMeterTable {
  merchant_id: string;
  id: string;
  account_id: string;
  kind: string;
  serial: Generated<string>;
  max_dial: OrNull<string>;
  multiplier: Generated<string>;
  replaces: OrNull<string>;
  from_on: string;
  to_on: OrNull<string>;
  version: Generated<number>;
}
interface FeeReadingTable {
  merchant_id: string;
  id: string;
  meter_id: string;
  account_id: string;
  register: Generated<string>;
  read_on: string;
  value: string;
  quality: MeterReading['quality'];
  /** The reading that this one takes the place of. */
  supersedes: OrNull<string>;
  reason: Generated<string>;
  source: 'office' | 'import' | 'merchant';
  import_id: OrNull<string>;
  entered_at: Date;
  entered_by: OrNull<string>;
}
interface FeeRunTable {
  merchant_id: string;
  id: string;
  service: FeeService;
  period_from: string;
  period_to: string;
  due_on: string;
  state: Generated<'running' | 'done' | 'cancelled'>;
  total: number;
  made: Generated<number>;
  kept: Generated<number>;
  refused: Generated<number>;
  behind: OrNull<string>;
  cancel_wanted: Generated<boolean>;
  working_until: OrNull<Date>;
  started_at: Date;
  started_by: OrNull<string>;
  finished_at: OrNull<Date>;
  kind: Generated<'bills' | 'correction'>;
  /** Of a correction: whose bills, and the version that came into force. */
  tariff_id: OrNull<string>;
  version_id: OrNull<string>;
  reason: Generated<string>;
}
interface FeeRunRefusalTable {
  merchant_id: string;
  run_id: string;
  account_id: string;
  reason: string;
  detail: Generated<string>;
  at: Date;
}
/** Readings of a common meter. */
export interface CommonReadings {
  readonly before: string;
  readonly after: string;
  readonly multiplier?: string | undefined;
}
interface FeeRunShareTable {
  merchant_id: string;
  run_id: string;
  tariff_id: string;
  component_id: string;
  total: string;
  whole_fen: number;
  readings: JsonOrNull<CommonReadings>;
  members: Json<readonly { readonly id: string; readonly key: string }[]>;
}
/** What a bill was made of, kept beside it: the household as it was, and what was read. */
export interface BillSnapshot {
  readonly account: RatedAccount;
  /** Readings by id, so that a correction of one finds the bills that used it. */
  readonly readingIds: readonly string[];
  /** The bill whose state this one went on from. */
  readonly previousBillId?: string;
  /** Of a correction: the whole bill as it stands now; its own lines are only the difference. */
  readonly whole?: RatedBill;
}
interface FeeBillTable {
  merchant_id: string;
  id: string;
  account_id: string;
  service: FeeService;
  kind: 'bill' | 'correction';
  corrects: OrNull<string>;
  /** Which correction of its bill it is, from 1; 0 for a bill. */
  number: Generated<number>;
  reason: Generated<string>;
  period_from: string;
  period_to: string;
  due_on: string;
  tariff_id: string;
  run_id: OrNull<string>;
  rated: Json<RatedBill>;
  snapshot: Json<BillSnapshot>;
  principal_fen: number;
  /** Follows from the allocations, with `late_paid_fen`, `state` and `version`. */
  paid_fen: Generated<number>;
  late_paid_fen: Generated<number>;
  left_fen: Never<number>;
  state: 'open' | 'paid' | 'void';
  is_corrected: Generated<boolean>;
  void_reason: OrNull<string>;
  version: Generated<number>;
  made_at: Date;
  made_by: OrNull<string>;
  changed_at: Date;
  paid_at: OrNull<Date>;
}
interface FeeBalanceEntryTable {
  merchant_id: string;
  account_id: string;
  /** Given by the database, like `after_fen`. */
  number: Never<number>;
  id: string;
  kind: 'top-up' | 'credit' | 'use' | 'reversal' | 'adjustment';
  amount_fen: number;
  after_fen: Never<number>;
  order_id: OrNull<string>;
  quote_id: OrNull<string>;
  bill_id: OrNull<string>;
  reverses: OrNull<string>;
  /** The refund for which it is taken back; several refunds may take back one entry in parts. */
  refund_id: OrNull<string>;
  note: Generated<string>;
  at: Date;
  by: OrNull<string>;
}
interface FeeAllocationTable {
  merchant_id: string;
  id: string;
  account_id: string;
  bill_id: string;
  bill_version: number;
  principal_fen: number;
  late_fen: Generated<number>;
  source: 'payment' | 'balance' | 'credit' | 'office' | 'reversal';
  order_id: OrNull<string>;
  quote_id: OrNull<string>;
  balance_entry_id: OrNull<string>;
  reverses: OrNull<string>;
  refund_id: OrNull<string>;
  note: Generated<string>;
  at: Date;
  by: OrNull<string>;
}
interface FeeImportTable {
  merchant_id: string;
  id: string;
  kind: 'accounts' | 'readings';
  service: FeeService;
  sha256: Bytes;
  rows_hash: Bytes;
  rows: number;
  done: number;
  result: Json<unknown>;
  at: Date;
  by: OrNull<string>;
}

/** The tables of migration 0008, as Kysely sees them. */
export interface FeeTables {
  fee_payees: FeePayeeTable;
  fee_services: FeeServiceTable;
  fee_payee_terminals: FeePayeeTerminalTable;
  fee_tariffs: FeeTariffTable;
  fee_tariff_versions: FeeTariffVersionTable;
  fee_accounts: FeeAccountTable;
  fee_persons: FeePersonTable;
  fee_meters: FeeMeterTable;
  fee_readings: FeeReadingTable;
  fee_runs: FeeRunTable;
  fee_run_refusals: FeeRunRefusalTable;
  fee_run_shares: FeeRunShareTable;
  fee_bills: FeeBillTable;
  fee_balance_entries: FeeBalanceEntryTable;
  fee_allocations: FeeAllocationTable;
  fee_imports: FeeImportTable;
}
