/**
 * Money that a platform took twice under one number goes back by the platform's own number of it; a person decides about
 * payments in review; keys of channels say when they were last used.
 */
export const moneyBackMigration = {
  name: '0010-money-back',
  sql: `
alter table payment_refunds add column transaction_id text; -- of 'surplus': the payment that goes back
alter table payment_refunds drop constraint payment_refunds_cause_check;
alter table payment_refunds add constraint payment_refunds_cause_check
  check (cause in ('merchant', 'late', 'part', 'api', 'reconciliation', 'surplus'));
alter table ledger_postings drop constraint ledger_postings_kind_check;
alter table ledger_postings add constraint ledger_postings_kind_check
  check (kind in ('payment', 'refund', 'late', 'surplus', 'reversal', 'settlement', 'difference'));
create unique index ledger_postings_surplus on ledger_postings (refund_id) where kind = 'surplus';
alter table channel_keys add column last_used_at timestamptz;
`,
} as const;
