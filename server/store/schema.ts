import type { ColumnType, Generated } from 'kysely';
import type { FeeQuoteTables } from './schema-fee-quotes.ts';
import type { FeeTables } from './schema-fees.ts';
import type { IdempotencyTable } from './schema-idempotency.ts';
import type { PaymentTables } from './schema-payments.ts';

type Bytes = ColumnType<Buffer, Uint8Array, Uint8Array>;
type BytesOrNull = ColumnType<Buffer | null, Uint8Array | null | undefined, Uint8Array | null>;
type Json<T> = ColumnType<T, string, string>;
type JsonOrNull<T> = ColumnType<T | null, string | null | undefined, string | null>;

interface UserTable {
  id: string;
  name: string;
  email: string;
  emailVerified: boolean;
  createdAt: Generated<Date>;
  updatedAt: Generated<Date>;
  twoFactorEnabled: boolean | null;
  role: string;
  locale: string;
  state: string;
  merchantId: string | null;
}
interface AccountTable {
  id: string;
  accountId: string;
  providerId: string;
  userId: string;
  password: string | null;
  createdAt: Generated<Date>;
  updatedAt: Date;
}
interface TwoFactorTable {
  id: string;
  secret: string;
  backupCodes: string;
  userId: string;
  verified: boolean | null;
}
interface PasskeyTable {
  id: string;
  publicKey: string;
  userId: string;
  credentialID: string;
  counter: number;
  transports: string | null;
}
interface SessionTable {
  id: string;
  userId: string;
  updatedAt: Date;
}
interface InvitationTable {
  token_hash: Bytes;
  person_id: string;
  expires_at: Date;
  used_at: Date | null;
}
interface FactorStateTable {
  person_id: string;
  totp_step: Generated<number>;
  tries: Generated<number>;
  locked_until: Date | null;
}
interface FactorChallengeTable {
  id: string;
  person_id: string;
  case_id: string;
  challenge: string;
  expires_at: Date;
}
interface MerchantTable {
  id: string;
  name: string;
  contact: string;
  address: string;
  created_at: Date;
}
interface TerminalTable {
  id: string;
  merchant_id: string;
  label: string;
  serial: string;
  model: string;
  place: string;
  seal: string;
  device_id: Bytes;
  identity_public_key: Bytes;
  package_public_key: BytesOrNull;
  revocation_floor: Generated<number>;
  stolen: Generated<boolean>;
  state_wanted: Generated<string>;
  state_confirmed: string | null;
  confirmed_at: Date | null;
  reasons: Generated<number>;
  firmware: Generated<number>;
  last_epoch: Generated<number>;
  last_boot: Generated<number>;
  log_heads: Generated<Buffer[]>;
  keyset_sequence: Generated<number>;
  grant_sequence: Generated<number>;
  order_sequence: Generated<number>;
  unlocks_lifetime: Generated<number>;
  keys_state: Generated<string>;
  key_check: string | null;
  probation_until: Date | null;
  version: Generated<number>;
  registered_at: Date;
}
interface TicketTable {
  id: string;
  number: string;
  terminal_id: string;
  state: string;
  note: string;
  body_hash: Bytes;
  opened_by: string | null;
  opened_at: Date;
  assignee_id: string | null;
  closed_at: Date | null;
  outcome: string | null;
}
/** What `unlock_cases.decision` holds. */
export interface StoredDecision {
  by: 'policy' | 'person' | 'delegation';
  outcome: 'grant' | 'person' | 'depot' | 'refuse';
  rule: number;
  policyVersion: number;
  checks: { code: string; ok: boolean; detail?: string }[];
  approverId?: string;
  reason?: string;
  refusal?: { code: string; next: string };
  at: string;
}
/** What `unlock_cases.inspection` holds. */
export interface StoredInspection {
  sealFound: string;
  sealNew: string;
  screenNumber: string;
  note: string;
  photoIds: string[];
  sealRegistered: string;
  at: string;
}
interface UnlockCaseTable {
  terminal_id: string;
  id: string;
  ticket_id: string;
  technician_id: string;
  state: string;
  body_hash: Bytes;
  lock_epoch: number;
  nonce: Bytes;
  reasons: number;
  tamper: boolean;
  firmware: number;
  boot_count: number;
  flags: number;
  signed: boolean;
  log_head: Bytes;
  log_continues: boolean;
  epoch_continues: boolean;
  size_bytes: number;
  screen_number: string;
  response_secret: Bytes;
  decision: Json<StoredDecision>;
  probation_hours: number;
  probation_limit_fen: number;
  actions: number;
  inspection: JsonOrNull<StoredInspection>;
  abort: BytesOrNull;
  opened_at: Date | null;
  opened_by: string | null;
  commission_key: BytesOrNull;
  request: BytesOrNull;
  device_epoch: number | null;
  receipt: BytesOrNull;
  unlocked_at: Date | null;
  probation_until: Date | null;
  releasable: Generated<boolean>;
  deferred: Generated<boolean>;
  alias_id: ColumnType<string | null, string | null | undefined, string | null>;
  asked_at: Date;
  updated_at: Date;
}
interface GrantTable {
  terminal_id: string;
  case_id: string;
  lock_epoch: number;
  nonce: Bytes;
  grant_sequence: number | null;
  grant_hash: Bytes;
  size_bytes: number;
  sealed: Bytes;
  state: 'PENDING' | 'POSTED' | 'VOID' | 'EXPIRED';
  not_after: Date;
  made_at: Date;
  settled_at: Date | null;
  late: Generated<boolean>;
  alarmed: Generated<boolean>;
}
interface PhotoTable {
  case_id: string;
  id: string;
  uploader_id: string;
  kind: string;
  content_type: string;
  sha256: Bytes;
  bytes: Bytes;
  at: Date;
}
interface OrderTable {
  terminal_id: string;
  order_sequence: number;
  case_id: string | null;
  delegation_sequence: ColumnType<number | null, number | null | undefined, number | null>;
  step: string;
  bytes: Bytes;
  expected: BytesOrNull;
  state: 'kit' | 'sent' | 'done' | 'failed' | 'void';
  detail: JsonOrNull<Record<string, unknown>>;
  report: BytesOrNull;
  not_after: Date;
  sent_at: Date;
  reported_at: Date | null;
}
interface TerminalKeyTable {
  terminal_id: string;
  order_sequence: number;
  slot: string;
  sealed_key: Bytes;
  kcv: Bytes;
  loaded_at: Date | null;
}
interface ApproverKeyTable {
  person_id: string;
  public_key: Bytes;
  sealed_secret: Bytes;
  created_at: Date;
}
interface KeysetTable {
  sequence: number;
  bytes: Bytes;
  content_hash: Bytes;
  created_at: Date;
}
interface FieldKeyTable {
  person_id: string;
  id: string;
  public_key: Bytes;
  label: string;
  protection: string;
  engine: string;
  state: 'active' | 'revoked';
  enrolled_at: Date;
  last_used_at: Date | null;
  revoked_at: Date | null;
  revoked_by: string | null;
  revoked_reason: string | null;
}
interface RevocationCounterTable {
  only_row: Generated<boolean>;
  epoch: number;
}
interface DelegationTable {
  technician_id: string;
  id: string;
  sequence: Generated<number>;
  state: 'waiting' | 'active' | 'refused' | 'revoked' | 'ended';
  field_key_id: string;
  body_hash: Bytes;
  hours: number;
  note: string;
  renews: string | null;
  asked_at: Date;
  checks: Json<StoredDecision['checks']>;
  policy_version: number;
  refusal: JsonOrNull<{ code: string; next: string }>;
  reasons_ok: number;
  uses_max: number;
  uses_per_terminal_max: number;
  probation_hours: number;
  probation_limit_fen: number;
  not_before: Date | null;
  not_after: Date | null;
  revocation_epoch: number | null;
  bytes: BytesOrNull;
  hash: BytesOrNull;
  decided_by: string | null;
  decided_at: Date | null;
  decision_reason: string | null;
  revoked_by: string | null;
  revoked_at: Date | null;
  revoked_reason: string | null;
  ended_at: Date | null;
  fetched_at: Date | null;
  missing_alarmed: Generated<boolean>;
}
interface DelegationTerminalTable {
  terminal_id: string;
  delegation_id: string;
  ticket_id: string;
  place: number;
}
interface DelegationSecondTable {
  delegation_id: string;
  terminal_id: string;
  key_id: string;
}
interface DelegationUseTable {
  terminal_id: string;
  receipt_hash: Bytes;
  delegation_id: string;
  use_index: number;
  case_id: string;
  request_hash: Bytes;
  bundle_hash: Bytes;
  lock_epoch: number;
  second_id: string;
  used_at: Date;
  time_proven: boolean;
  technician_at: Date | null;
  terminal_at: Date | null;
}
interface AlarmTable {
  id: string;
  kind: string;
  severity: string;
  subject: string;
  facts: Json<Record<string, unknown>>;
  raised_at: Date;
  closed_at: Date | null;
  closed_by: string | null;
}
interface AuditTable {
  id: string;
  at: Date;
  act: string;
  actor_id: string | null;
  subject: string;
  facts: Json<Record<string, unknown>>;
  seq: number | null;
  hash: BytesOrNull;
  leaf: BytesOrNull;
  prev: number | null;
}
interface LogCheckpointTable {
  size: number;
  root: Bytes;
  note: string;
  at: Date;
}
interface LogWitnessTable {
  name: string;
  label: string;
  vkey: string;
  added_at: Date;
}
interface LogCosignatureTable {
  size: number;
  witness: string;
  line: string;
  at: Date;
}

/** Every table, as Kysely sees it. Whole numbers beyond 32 bit come as JavaScript numbers (see `database.ts`). */
export interface Database extends PaymentTables, FeeTables, FeeQuoteTables {
  user: UserTable;
  account: AccountTable;
  session: SessionTable;
  twoFactor: TwoFactorTable;
  passkey: PasskeyTable;
  invitations: InvitationTable;
  factor_states: FactorStateTable;
  factor_challenges: FactorChallengeTable;
  merchants: MerchantTable;
  terminals: TerminalTable;
  tickets: TicketTable;
  unlock_cases: UnlockCaseTable;
  grants: GrantTable;
  photos: PhotoTable;
  orders: OrderTable;
  terminal_keys: TerminalKeyTable;
  approver_keys: ApproverKeyTable;
  keysets: KeysetTable;
  field_keys: FieldKeyTable;
  revocation_counter: RevocationCounterTable;
  delegations: DelegationTable;
  delegation_terminals: DelegationTerminalTable;
  delegation_seconds: DelegationSecondTable;
  delegation_uses: DelegationUseTable;
  alarms: AlarmTable;
  idempotency: IdempotencyTable;
  audit: AuditTable;
  log_checkpoints: LogCheckpointTable;
  log_witnesses: LogWitnessTable;
  log_cosignatures: LogCosignatureTable;
}
