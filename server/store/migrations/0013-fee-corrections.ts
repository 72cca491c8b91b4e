/**
 * Corrections of many bills at once: a price list that comes into force for days that were billed, or a building's total
 * that was wrong. Such a run goes by the same rules as one that makes bills, and corrects a bill once at most.
 */
export const feeCorrectionsMigration = {
  name: '0013-fee-corrections',
  sql: `
alter table fee_runs add column kind text not null default 'bills' check (kind in ('bills', 'correction')),
  add column tariff_id uuid, -- whose bills are corrected
  add column version_id uuid, -- which version came into force; of a total that was wrong there is none
  add column reason text not null default '',
  add constraint fee_runs_correction check ((kind = 'correction') = (tariff_id is not null)),
  add constraint fee_runs_reason check (kind = 'bills' or length(reason) >= 3);
-- Which correction of its bill one is: the last one says what stands, whatever a clock says. A bill itself is number 0.
alter table fee_bills add column number integer not null default 0;
update fee_bills b set number = n.number from (select merchant_id, id,
    row_number() over (partition by merchant_id, corrects order by made_at, id) as number
  from fee_bills where kind = 'correction') n where n.merchant_id = b.merchant_id and n.id = b.id;
create unique index fee_bills_number on fee_bills (merchant_id, corrects, number) where corrects is not null;
create unique index fee_bills_run_corrects on fee_bills (merchant_id, run_id, corrects) where kind = 'correction' and run_id is not null;
create index fee_runs_days on fee_runs (merchant_id, service, period_from, period_to);
`,
} as const;
