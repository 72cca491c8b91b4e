/**
 * Messages to merchants' systems are written by the database together with the change that they tell, so that none is
 * lost and none told too early. Their bodies are made when they are first sent.
 */
export const webhooksMigration = {
  name: '0007-webhooks',
  sql: `
alter table webhook_deliveries alter column body drop not null;
alter table webhook_deliveries add column order_id uuid not null;
create index webhook_deliveries_recent on webhook_deliveries (webhook_id, made_at desc, id desc);
create function tell_webhooks() returns trigger language plpgsql as $$
declare told text;
begin
  if new.refunded_fen > old.refunded_fen and new.state in ('part-refunded', 'refunded') then told := 'payment.refunded';
  elsif new.state <> old.state and new.state in ('paid', 'part-paid', 'cancelled', 'review') then told := 'payment.' || new.state;
  elsif new.paid_fen > old.paid_fen and new.state = 'part-paid' then told := 'payment.part-paid';
  else return null;
  end if;
  insert into webhook_deliveries (merchant_id, id, webhook_id, order_id, event, state, next_try_at, made_at)
    select new.merchant_id, gen_random_uuid(), w.id, new.id, told, 'waiting', new.updated_at, new.updated_at
    from webhooks w where w.merchant_id = new.merchant_id and w.state = 'active' and told = any (w.events);
  return null;
end $$;
create trigger tell_webhooks after update of state, paid_fen, refunded_fen on payment_orders
  for each row when (old.state is distinct from new.state or old.paid_fen <> new.paid_fen or old.refunded_fen <> new.refunded_fen)
  execute function tell_webhooks();
`,
} as const;
