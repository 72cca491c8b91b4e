/** What old notifications' ids and finished messages to merchants' systems are found by when they are forgotten. */
export const forgettingMigration = {
  name: '0014-forgetting',
  sql: `
create index payment_notices_at on payment_notices (at);
create index webhook_deliveries_over on webhook_deliveries (made_at) where state <> 'waiting';
`,
} as const;
