/** What a building has in common is given to a billing run as a whole, with everybody's key as it was then. */
export const feeSharesMigration = {
  name: '0011-fee-shares',
  sql: `
create table fee_run_shares (
  merchant_id uuid not null, run_id uuid not null, tariff_id uuid not null, component_id text not null,
  total text not null, -- yuan or a quantity, as the component says
  whole_fen bigint not null check (whole_fen >= 0), -- what all shares sum to
  readings jsonb, -- of the common meter, where the total comes from them
  members jsonb not null, -- households and their keys; never changed, so that shares sum to the whole for good
  primary key (merchant_id, run_id, tariff_id, component_id),
  foreign key (merchant_id, run_id) references fee_runs (merchant_id, id));
create function fee_run_share_fixed() returns trigger language plpgsql as $$
begin
  raise exception 'shares of a billing run are never changed';
end $$;
create trigger fee_run_shares_fixed before update or delete on fee_run_shares
  for each row execute function fee_run_share_fixed();
`,
} as const;
