import type { ColumnType, Generated } from 'kysely';
import type { AppScreen } from '../../protocol/http/terminal-app.ts';
import type { ReceiptDocument } from '../../protocol/http/receipts.ts';

type Bytes = ColumnType<Buffer, Uint8Array, Uint8Array>;
type BytesOrNull = ColumnType<Buffer | null, Uint8Array | null | undefined, Uint8Array | null>;
type Json<T> = ColumnType<T, string, string>;
type JsonOrNull<T> = ColumnType<T | null, string | null | undefined, string | null>;

interface ChannelAccountTable {
  merchant_id: string;
  id: string;
  channel: string;
  platform_merchant_id: string;
  label: Generated<string>;
  config: ColumnType<Record<string, string>, string | undefined, string>;
  fee_ppm: Generated<number>;
  priority: Generated<number>;
  state: Generated<'active' | 'paused'>;
  created_at: Date;
  version: Generated<number>;
}
interface ChannelKeyTable {
  account_id: string;
  id: string;
  purpose: string;
  key_id: string;
  sealed: Bytes;
  is_secret: boolean;
  not_before: ColumnType<Date | null, Date | null | undefined, Date | null>;
  not_after: ColumnType<Date | null, Date | null | undefined, Date | null>;
  state: Generated<'active' | 'retired'>;
  added_at: Date;
  added_by: ColumnType<string | null, string | null | undefined, string | null>;
  facts: ColumnType<Record<string, string>, string | undefined, string>;
  alarmed_days: ColumnType<number | null, number | null | undefined, number | null>;
  last_used_at: ColumnType<Date | null, Date | null | undefined, Date | null>;
}
interface ChannelMemoryTable {
  account_id: string;
  key: string;
  value: Bytes;
  version: number;
}
interface ChannelCounterTable {
  account_id: string;
  name: string;
  value: number;
}
interface PaymentOrderTable {
  merchant_id: string;
  id: string;
  terminal_id: string;
  order_no: string;
  amount_fen: number;
  currency: Generated<string>;
  state: 'open' | 'part-paid' | 'paid' | 'cancelled' | 'part-refunded' | 'refunded' | 'review';
  channel: ColumnType<string | null, string | null | undefined, string | null>;
  parts: Generated<number>;
  attempts: Generated<number>;
  paid_fen: Generated<number>;
  refunded_fen: Generated<number>;
  receipt_no: ColumnType<string | null, string | null | undefined, string | null>;
  tail: ColumnType<string | null, string | null | undefined, string | null>;
  note: Generated<string>;
  body_hash: Bytes;
  source: Generated<'terminal' | 'api' | 'fee'>;
  external_ref: ColumnType<string | null, string | null | undefined, string | null>;
  api_key_id: ColumnType<string | null, string | null | undefined, string | null>;
  cancel_wanted: Generated<boolean>;
  in_hand: Generated<boolean>;
  next_look_at: ColumnType<Date | null, Date | null | undefined, Date | null>;
  created_at: Date;
  updated_at: Date;
  expires_at: Date;
  paid_at: ColumnType<Date | null, Date | null | undefined, Date | null>;
  version: Generated<number>;
}
interface PaymentAttemptTable {
  merchant_id: string;
  order_id: string;
  id: string;
  account_id: string;
  channel: string;
  kind: 'qr' | 'scan' | 'card' | 'link';
  terminal_id: string;
  number: number;
  attempt_no: string;
  amount_fen: number;
  state: 'created' | 'submitted' | 'pending' | 'unknown' | 'paid' | 'closed' | 'failed' | 'paid-late' | 'review';
  wanted: ColumnType<'close' | 'reverse' | null, 'close' | 'reverse' | null | undefined, 'close' | 'reverse' | null>;
  body_hash: Bytes;
  memo: ColumnType<Record<string, string>, string | undefined, string>;
  qr: ColumnType<string | null, string | null | undefined, string | null>;
  link: ColumnType<string | null, string | null | undefined, string | null>;
  transaction_id: ColumnType<string | null, string | null | undefined, string | null>;
  payer: ColumnType<string | null, string | null | undefined, string | null>;
  fee_fen: ColumnType<number | null, number | null | undefined, number | null>;
  reason: ColumnType<string | null, string | null | undefined, string | null>;
  platform_code: ColumnType<string | null, string | null | undefined, string | null>;
  tries: Generated<number>;
  next_look_at: ColumnType<Date | null, Date | null | undefined, Date | null>;
  created_at: Date;
  expires_at: Date;
  updated_at: Date;
  paid_at: ColumnType<Date | null, Date | null | undefined, Date | null>;
  refunded_fen: Generated<number>;
}
interface PaymentEventTable {
  merchant_id: string;
  order_id: string;
  id: string;
  attempt_id: ColumnType<string | null, string | null | undefined, string | null>;
  refund_id: ColumnType<string | null, string | null | undefined, string | null>;
  at: Date;
  kind: string;
  by: ColumnType<string | null, string | null | undefined, string | null>;
  facts: ColumnType<Record<string, unknown>, string | undefined, string>;
  raw: ColumnType<string | null, string | null | undefined, string | null>;
  raw_sha256: BytesOrNull;
}
interface PaymentNoticeTable {
  account_id: string;
  id: string;
  at: Date;
}
interface PaymentRefundTable {
  merchant_id: string;
  order_id: string;
  id: string;
  attempt_id: string;
  terminal_id: string;
  channel: string;
  refund_no: string;
  number: Generated<number>;
  order_no: string;
  amount_fen: number;
  state: 'created' | 'submitted' | 'processing' | 'unknown' | 'done' | 'failed';
  cause: 'merchant' | 'late' | 'part' | 'api' | 'reconciliation' | 'surplus';
  transaction_id: ColumnType<string | null, string | null | undefined, string | null>;
  reason: Generated<string>;
  asked_by: ColumnType<string | null, string | null | undefined, string | null>;
  body_hash: Bytes;
  memo: ColumnType<Record<string, string>, string | undefined, string>;
  platform_refund_id: ColumnType<string | null, string | null | undefined, string | null>;
  platform_code: ColumnType<string | null, string | null | undefined, string | null>;
  tries: Generated<number>;
  next_look_at: ColumnType<Date | null, Date | null | undefined, Date | null>;
  created_at: Date;
  updated_at: Date;
  done_at: ColumnType<Date | null, Date | null | undefined, Date | null>;
}
interface LimitRuleTable {
  merchant_id: string;
  id: string;
  channel: string;
  terminal_id: ColumnType<string | null, string | null | undefined, string | null>;
  window_kind: 'transaction' | 'day' | 'month';
  max_fen: ColumnType<number | null, number | null | undefined, number | null>;
  max_count: ColumnType<number | null, number | null | undefined, number | null>;
  is_active: Generated<boolean>;
  created_at: Date;
}
interface LimitBucketTable {
  rule_id: string;
  window_start: string;
  reserved_fen: Generated<number>;
  committed_fen: Generated<number>;
  reserved_count: Generated<number>;
  committed_count: Generated<number>;
}
interface LimitReservationTable {
  attempt_id: string;
  rule_id: string;
  window_start: string;
  amount_fen: number;
  state: 'reserved' | 'committed' | 'released';
}
interface LedgerPostingTable {
  merchant_id: string;
  id: string;
  at: Date;
  kind: 'payment' | 'refund' | 'late' | 'surplus' | 'reversal' | 'settlement' | 'difference';
  order_id: ColumnType<string | null, string | null | undefined, string | null>;
  attempt_id: ColumnType<string | null, string | null | undefined, string | null>;
  refund_id: ColumnType<string | null, string | null | undefined, string | null>;
  reverses: ColumnType<string | null, string | null | undefined, string | null>;
  note: Generated<string>;
}
interface LedgerEntrieTable {
  merchant_id: string;
  posting_id: string;
  line: number;
  account: string;
  amount_fen: number;
  at: Date;
}
interface LedgerSnapshotTable {
  merchant_id: string;
  until: Date;
  account: string;
  amount_fen: number;
}
interface ReceiptTable {
  merchant_id: string;
  order_id: string;
  id: string;
  attempt_id: ColumnType<string | null, string | null | undefined, string | null>;
  refund_id: ColumnType<string | null, string | null | undefined, string | null>;
  receipt_no: string;
  document: Json<ReceiptDocument>;
  at: Date;
}
interface ReceiptPrintTable {
  receipt_id: string;
  id: string;
  copy: 'merchant' | 'customer';
  duplicate: boolean;
  printer: string;
  at: Date;
  by: ColumnType<string | null, string | null | undefined, string | null>;
}
interface MerchantSettingTable {
  merchant_id: string;
  receipt_title: Generated<string>;
  receipt_footer: Generated<string>;
  refund_factor_above_fen: Generated<number>;
  state: Generated<'active' | 'paused' | 'stopped'>;
  state_reason: Generated<string>;
  by: ColumnType<string | null, string | null | undefined, string | null>;
  changed_at: ColumnType<Date | null, Date | null | undefined, Date | null>;
  version: Generated<number>;
}
interface TerminalSettingTable {
  terminal_id: string;
  state: Generated<'active' | 'paused' | 'stopped'>;
  state_reason: Generated<string>;
  by: ColumnType<string | null, string | null | undefined, string | null>;
  changed_at: ColumnType<Date | null, Date | null | undefined, Date | null>;
}
interface TerminalAppTable {
  terminal_id: string;
  id: string;
  public_key: Bytes;
  statement: Bytes;
  signature: Bytes;
  state: Generated<'active' | 'replaced' | 'revoked'>;
  paired_at: Date;
  last_seen_at: ColumnType<Date | null, Date | null | undefined, Date | null>;
  screen: JsonOrNull<AppScreen>;
  last_nonce: BytesOrNull;
}
interface ActivationCodeTable {
  terminal_id: string;
  code_hash: Bytes;
  made_by: ColumnType<string | null, string | null | undefined, string | null>;
  made_at: Date;
  expires_at: Date;
  used_at: ColumnType<Date | null, Date | null | undefined, Date | null>;
  tries: Generated<number>;
}
interface ApiKeyTable {
  merchant_id: string;
  id: string;
  label: string;
  secret_hash: Bytes;
  scopes: string[];
  terminal_ids: ColumnType<string[] | null, string[] | null | undefined, string[] | null>;
  made_by: ColumnType<string | null, string | null | undefined, string | null>;
  made_at: Date;
  last_used_at: ColumnType<Date | null, Date | null | undefined, Date | null>;
  revoked_at: ColumnType<Date | null, Date | null | undefined, Date | null>;
  revoked_by: ColumnType<string | null, string | null | undefined, string | null>;
}
interface WebhookTable {
  merchant_id: string;
  id: string;
  url: string;
  sealed_secret: Bytes;
  events: string[];
  state: Generated<'active' | 'paused'>;
  made_by: ColumnType<string | null, string | null | undefined, string | null>;
  made_at: Date;
  removed_at: ColumnType<Date | null, Date | null | undefined, Date | null>;
  removed_by: ColumnType<string | null, string | null | undefined, string | null>;
}
interface WebhookDeliveryTable {
  merchant_id: string;
  id: string;
  webhook_id: string;
  event: string;
  body: ColumnType<string | null, string | null | undefined, string | null>;
  order_id: string;
  state: 'waiting' | 'done' | 'given-up';
  tries: Generated<number>;
  next_try_at: ColumnType<Date | null, Date | null | undefined, Date | null>;
  last_status: ColumnType<number | null, number | null | undefined, number | null>;
  last_error: ColumnType<string | null, string | null | undefined, string | null>;
  made_at: Date;
  done_at: ColumnType<Date | null, Date | null | undefined, Date | null>;
}

/** The tables of migration 0006, as Kysely sees them. */
export interface PaymentTables {
  channel_accounts: ChannelAccountTable;
  channel_keys: ChannelKeyTable;
  channel_memory: ChannelMemoryTable;
  channel_counters: ChannelCounterTable;
  payment_orders: PaymentOrderTable;
  payment_attempts: PaymentAttemptTable;
  payment_events: PaymentEventTable;
  payment_notices: PaymentNoticeTable;
  payment_refunds: PaymentRefundTable;
  limit_rules: LimitRuleTable;
  limit_buckets: LimitBucketTable;
  limit_reservations: LimitReservationTable;
  ledger_postings: LedgerPostingTable;
  ledger_entries: LedgerEntrieTable;
  ledger_snapshots: LedgerSnapshotTable;
  receipts: ReceiptTable;
  receipt_prints: ReceiptPrintTable;
  merchant_settings: MerchantSettingTable;
  terminal_settings: TerminalSettingTable;
  terminal_apps: TerminalAppTable;
  activation_codes: ActivationCodeTable;
  api_keys: ApiKeyTable;
  webhooks: WebhookTable;
  webhook_deliveries: WebhookDeliveryTable;
}
