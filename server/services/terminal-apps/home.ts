import { sql } from 'kysely';
import { err, ok } from '../../../domain/result.ts';
import type { AppHome, AuthCodeChannel, Settled } from '../../../protocol/http/terminal-app.ts';
import type { OrderView } from '../../../protocol/http/payments.ts';
import type { Answer } from '../../answer.ts';
import type { Core } from '../../core.ts';
import { readControls, strictest } from '../channels/control.ts';
import { readSettings } from '../channels/settings.ts';
import { type Page, pageOf, type PageQuery } from '../paging.ts';
import type { PaymentActor, PaymentService } from '../payments/service.ts';
import type { SignedInApp } from './apps.ts';

const endedOrderMs = 15 * 60_000;

/** Everything that the channel list needs. */
export async function readHome(core: Core, payments: PaymentService, app: SignedInApp): Promise<Answer<AppHome>> {
  const { merchantId, terminalId } = app;
  const [row, controls, settings, approvers, routes, last] = await Promise.all([
    core.db
      .selectFrom('terminals as t')
      .innerJoin('merchants as m', 'm.id', 't.merchant_id')
      .select(['t.label', 't.place', 't.serial', 'm.name'])
      .where('t.id', '=', terminalId)
      .executeTakeFirst(),
    readControls(core, merchantId, terminalId),
    readSettings(core, merchantId),
    readApprovers(core, merchantId),
    payments.routes(merchantId, terminalId, undefined),
    payments.lastOrder(terminalId),
  ]);
  if (row === undefined) return err('not-found');
  const { label, place, serial, name } = row;
  const { state, reason } = strictest(controls.control, controls.merchantControl);
  const current = last.ok && isCurrent(core, last.value) ? last.value.id : undefined;
  return ok({
    terminal: { id: terminalId, label, place, serial },
    merchant: { id: merchantId, name },
    control: { state, reason },
    routes,
    ...(current === undefined ? {} : { currentOrderId: current }),
    refundFactorAboveFen: settings.refundFactorAboveFen,
    approvers,
    now: new Date(core.clock()).toISOString(),
  });
}

/** Chosen by number key, so at most nine. */
const approversMax = 9;

/** The merchant's staff who have an authenticator set up; without one nobody can confirm at a terminal. */
async function readApprovers(core: Core, merchantId: string): Promise<{ email: string; name: string }[]> {
  return core.db
    .selectFrom('user as u')
    .select(['u.email', 'u.name'])
    .where('u.merchantId', '=', merchantId)
    .where('u.role', '=', 'merchant')
    .where('u.state', '=', 'active')
    .where(({ exists, selectFrom }) =>
      exists(
        selectFrom('twoFactor as f')
          .whereRef('f.userId', '=', 'u.id')
          .where(sql<boolean>`coalesce(f.verified, true)`)
          .select('f.id'),
      ),
    )
    .orderBy('u.name')
    .orderBy('u.id')
    .limit(approversMax)
    .execute();
}

function isCurrent(core: Core, order: OrderView): boolean {
  if (order.isEnding || order.state === 'open' || order.state === 'part-paid') return true;
  const endedAt = Date.parse(order.paidAt ?? order.expiresAt);
  return core.clock() - endedAt < endedOrderMs;
}

/** The channel whose rule a customer's code fits, among those of the merchant; none when no rule fits. */
export async function channelOfCode(core: Core, app: SignedInApp, authCode: string): Promise<Answer<AuthCodeChannel>> {
  const accounts = await core.db
    .selectFrom('channel_accounts')
    .select('channel')
    .where('merchant_id', '=', app.merchantId)
    .orderBy('priority')
    .execute();
  const own = accounts.flatMap(({ channel }) => core.channels.filter(({ code }) => code === channel));
  // A code of a channel that the merchant does not have is named too, so that the terminal can say why it does nothing.
  const found = [...own, ...core.channels].find(({ capabilities }) => capabilities.authCode?.test(authCode));
  return ok(found === undefined ? {} : { channel: found.code, name: found.name });
}

/** Closes the batches of the merchant's channels that settle; one that fails does not keep the others from theirs. */
export async function settleAll(
  core: Core,
  payments: PaymentService,
  app: SignedInApp,
  actor: PaymentActor,
): Promise<Answer<Settled>> {
  const accounts = await core.db
    .selectFrom('channel_accounts')
    .select('channel')
    .where('merchant_id', '=', app.merchantId)
    .where('state', '=', 'active')
    .orderBy('priority')
    .execute();
  const items: Settled['items'] = [];
  for (const { channel } of accounts) {
    const definition = core.channels.find(({ code }) => code === channel);
    if (definition?.capabilities.settles !== true) continue;
    const answer = await payments.settle(actor, app.merchantId, channel);
    const { kind: said, text } = answer.ok ? answer.value : { kind: 'unknown', text: '' };
    const kind = (['settled', 'differs'] as const).find((name) => name === said) ?? 'unknown';
    items.push({ channel, name: definition.name, kind, text });
  }
  return ok({ items });
}

/** What an order of this terminal is found by: a receipt or order number, whole or its last four digits. */
function searchOf(q: string) {
  const like = `%${q.replace(/[\\%_]/g, String.raw`\$&`)}`;
  return /^\d{4}$/.test(q)
    ? sql<boolean>`order_no like ${like}`
    : sql<boolean>`(order_no = ${q} or receipt_no = ${q.replace(/-(?:[2-9]|R\d{1,3})$/, '')})`;
}

/** One page of the terminal's orders, newest first. */
export async function listOrders(
  core: Core,
  payments: PaymentService,
  app: SignedInApp,
  query: PageQuery & { readonly q?: string | undefined },
): Promise<Page<OrderView>> {
  let rows = core.db
    .selectFrom('payment_orders')
    .select(['id', 'created_at'])
    .where('merchant_id', '=', app.merchantId)
    .where('terminal_id', '=', app.terminalId)
    .orderBy('created_at', 'desc')
    .orderBy('id', 'desc')
    .limit(query.limit + 1);
  if (query.q !== undefined) rows = rows.where(searchOf(query.q));
  const after = /^(\d{1,15})\|([0-9a-f-]{36})$/.exec(query.after ?? '');
  if (after !== null) {
    const at = new Date(Number(after[1]));
    rows = rows.where(sql<boolean>`(created_at, id) < (${at}, ${after[2]}::uuid)`);
  }
  const page = pageOf(await rows.execute(), query.limit, (row) => `${String(row.created_at.getTime())}|${row.id}`);
  const views = await Promise.all(
    page.items.map(({ id }) => payments.order({ merchantId: app.merchantId, orderId: id })),
  );
  const items = views.flatMap((view) => (view.ok ? [view.value] : []));
  return { items, ...(page.nextCursor === undefined ? {} : { nextCursor: page.nextCursor }) };
}
