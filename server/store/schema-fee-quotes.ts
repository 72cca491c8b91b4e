import type { ColumnType, Generated } from 'kysely';
import type { FeeService } from '../../domain/tariffs/rating.ts';

type Bytes = ColumnType<Buffer, Uint8Array, Uint8Array>;
type Json<T> = ColumnType<T, string, string>;
type GeneratedJson<T> = ColumnType<T, string | undefined, string>;
type OrNull<T> = ColumnType<T | null, T | null | undefined, T | null>;

interface Bilingual {
  readonly zh: string;
  readonly en: string;
}
/** What of a bill went into a quote. */
export interface QuotedBill {
  readonly id: string;
  readonly version: number;
  readonly principalFen: number;
  readonly lateFen: number;
}
interface FeeQuoteTable {
  merchant_id: string;
  id: string;
  account_id: string;
  service: FeeService;
  terminal_id: string;
  terminal_merchant_id: string;
  body_hash: Bytes;
  total_fen: number;
  bills: GeneratedJson<QuotedBill[]>;
  top_up_fen: OrNull<number>;
  kid: string;
  document: Bytes;
  signature: Bytes;
  inputs_hash: string;
  computed_at: Date;
  valid_until: Date;
  replaces: OrNull<string>;
  replaced_by: OrNull<string>;
  changed: GeneratedJson<Bilingual[]>;
  given_up_at: OrNull<Date>;
}
interface FeeClaimTable {
  merchant_id: string;
  bill_id: string;
  bill_version: number;
  quote_id: string;
  terminal_id: string;
  claimed_at: Date;
}
interface FeePaymentTable {
  merchant_id: string;
  quote_id: string;
  id: string;
  token_hash: Bytes;
  begun_at: Date;
}
interface FeeReceiptTable {
  merchant_id: string;
  receipt_no: string;
  account_id: string;
  quote_id: string;
  terminal_id: string;
  kind: 'payment' | 'reversal';
  of_receipt_no: OrNull<string>;
  refund_id: OrNull<string>;
  total_fen: number;
  title: Json<Bilingual>;
  kid: string;
  document: Bytes;
  signature: Bytes;
  at: Date;
}
interface FeeReceiptPrintTable {
  merchant_id: string;
  receipt_no: string;
  id: string;
  terminal_id: string;
  at: Date;
}
interface FeeWorkTable {
  merchant_id: string;
  order_id: string;
  refund_id: Generated<string>;
  noted_at: Date;
  tries: Generated<number>;
  next_try_at: Date;
}
interface FeeLookupCountTable {
  scope: string;
  window_start: Date;
  count: number;
}
interface FeeLookupLockTable {
  merchant_id: string;
  service: string;
  number_hash: Bytes;
  wrong: number;
  locked_until: OrNull<Date>;
  began_at: Date;
}

/** The tables of migration 0009, as Kysely sees them. */
export interface FeeQuoteTables {
  fee_quotes: FeeQuoteTable;
  fee_claims: FeeClaimTable;
  fee_payments: FeePaymentTable;
  fee_receipts: FeeReceiptTable;
  fee_receipt_prints: FeeReceiptPrintTable;
  fee_work: FeeWorkTable;
  fee_lookup_counts: FeeLookupCountTable;
  fee_lookup_locks: FeeLookupLockTable;
}
