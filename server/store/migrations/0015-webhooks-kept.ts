/**
 * A webhook that is paused is told of what happens too, so that nothing is lost while it waits; one that was removed is
 * not. What is due is found webhook by webhook, so that what waits for a paused one, or for one with very much to send,
 * does not stand in front of the others.
 */
export const webhooksKeptMigration = {
  name: '0015-webhooks-kept',
  sql: `
alter table webhooks add column removed_at timestamptz, add column removed_by text;
create index webhook_deliveries_next on webhook_deliveries (webhook_id, next_try_at) where state = 'waiting';
drop index webhook_deliveries_due;
create index webhook_deliveries_made on webhook_deliveries (made_at);
drop index webhook_deliveries_over;
create or replace function tell_webhooks() returns trigger language plpgsql as $$
declare told text;
begin
  if new.refunded_fen > old.refunded_fen and new.state in ('part-refunded', 'refunded') then told := 'payment.refunded';
  elsif new.state <> old.state and new.state in ('paid', 'part-paid', 'cancelled', 'review') then told := 'payment.' || new.state;
  elsif new.paid_fen > old.paid_fen and new.state = 'part-paid' then told := 'payment.part-paid';
  else return null;
  end if;
  insert into webhook_deliveries (merchant_id, id, webhook_id, order_id, event, state, next_try_at, made_at)
    select new.merchant_id, gen_random_uuid(), w.id, new.id, told, 'waiting', new.updated_at, new.updated_at
    from webhooks w where w.merchant_id = new.merchant_id and w.removed_at is null and told = any (w.events);
  return null;
end $$;
`,
} as const;
