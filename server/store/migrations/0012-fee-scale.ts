/**
 * What a payee with a hundred thousand households needs: indexes for questions that otherwise read every bill, reading or
 * receipt. And a number's count of wrong tries begins with the first of them, so that a right one in between does not show.
 */
export const feeScaleMigration = {
  name: '0012-fee-scale',
  sql: `
alter table fee_lookup_locks rename column last_at to began_at;
alter index fee_lookup_locks_last rename to fee_lookup_locks_began;
-- What a run came to, without a look at its bills' lines.
create index fee_bills_run on fee_bills (merchant_id, run_id) include (principal_fen, state) where run_id is not null;
create index fee_bills_corrects on fee_bills (merchant_id, corrects) where corrects is not null;
create index fee_bills_tariff on fee_bills (merchant_id, tariff_id, period_to);
create index fee_readings_meter on fee_readings (merchant_id, meter_id, read_on);
create index fee_receipts_quote on fee_receipts (merchant_id, quote_id);
create index fee_receipts_of_receipt on fee_receipts (merchant_id, of_receipt_no) where of_receipt_no is not null;
-- A terminal prints what came about at it, whoever the payee is.
create index fee_receipts_terminal on fee_receipts (terminal_id, at);
`,
} as const;
