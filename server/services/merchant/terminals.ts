import { sql } from 'kysely';
import { shanghaiDay, shanghaiDayStartMs } from '../../../domain/payments/numbers.ts';
import { err, ok } from '../../../domain/result.ts';
import type { MerchantControl, MerchantTerminal } from '../../../protocol/http/merchant-acts.ts';
import type { ControlView } from '../../../protocol/http/control.ts';
import type { Actor, Answer } from '../../answer.ts';
import type { Core } from '../../core.ts';
import { controlOf, controlTerminal } from '../channels/control.ts';

const terminalsMax = 500;

function selectTerminals(core: Core, merchantId: string) {
  const since = new Date(shanghaiDayStartMs(shanghaiDay(core.clock())));
  return core.db
    .selectFrom('terminals as t')
    .leftJoin('terminal_settings as s', 's.terminal_id', 't.id')
    .leftJoin('user as u', 'u.id', 's.by')
    .leftJoin('terminal_apps as a', (join) => join.onRef('a.terminal_id', '=', 't.id').on('a.state', '=', 'active'))
    .leftJoin('payment_orders as o', (join) => join.onRef('o.terminal_id', '=', 't.id').on('o.in_hand', '=', true))
    .leftJoin(
      core.db
        .selectFrom('payment_attempts')
        .select(['terminal_id', sql<number>`sum(amount_fen)::bigint`.as('fen'), sql<number>`count(*)::int`.as('count')])
        .where('merchant_id', '=', merchantId)
        .where(sql<boolean>`state = 'paid'`)
        .where('paid_at', '>=', since)
        .groupBy('terminal_id')
        .as('p'),
      'p.terminal_id',
      't.id',
    )
    .select([
      ...(['t.id', 't.label', 't.serial', 't.place', 't.state_confirmed'] as const),
      ...(['s.state', 's.state_reason', 's.changed_at', 'u.name as by'] as const),
      ...(['a.id as app_id', 'a.last_seen_at', 'p.fen', 'p.count'] as const),
      ...(['o.id as order_id', 'o.order_no', 'o.amount_fen', 'o.created_at as since'] as const),
    ])
    .where('t.merchant_id', '=', merchantId)
    .orderBy('t.label')
    .orderBy('t.id')
    .limit(terminalsMax);
}

type Row = Awaited<ReturnType<ReturnType<typeof selectTerminals>['executeTakeFirstOrThrow']>>;

function terminalOf(row: Row): MerchantTerminal {
  const { id, label, serial, place, state, by, changed_at: changedAt } = row;
  return {
    ...{ id, label, serial, place },
    deviceState: (row.state_confirmed ?? 'unknown') as MerchantTerminal['deviceState'],
    control: controlOf(
      state === null ? undefined : { state, state_reason: row.state_reason ?? '', by, changed_at: changedAt },
    ),
    isPaired: row.app_id !== null,
    ...(row.last_seen_at === null ? {} : { lastSeenAt: row.last_seen_at.toISOString() }),
    today: { amountFen: row.fen ?? 0, payments: row.count ?? 0 },
    ...(row.order_id === null || row.order_no === null || row.amount_fen === null || row.since === null
      ? {}
      : {
          order: {
            id: row.order_id,
            orderNo: row.order_no,
            amountFen: row.amount_fen,
            since: row.since.toISOString(),
          },
        }),
  };
}

/** Terminals of the merchant by label, with what each took today, and how the office holds the whole shop. */
export async function readTerminals(
  core: Core,
  merchantId: string,
): Promise<{ shop: ControlView; items: MerchantTerminal[] }> {
  const [rows, shop] = await Promise.all([
    selectTerminals(core, merchantId).execute(),
    core.db
      .selectFrom('merchant_settings')
      .select(['state', 'state_reason', 'by', 'changed_at'])
      .where('merchant_id', '=', merchantId)
      .executeTakeFirst(),
  ]);
  return { shop: controlOf(shop), items: rows.map(terminalOf) };
}

/**
 * Pauses a terminal of the merchant, or lets it go on. What the office stopped only the office starts again
 * (`not-in-state`).
 */
export async function controlByMerchant(
  core: Core,
  actor: Actor,
  merchantId: string,
  terminalId: string,
  body: MerchantControl,
): Promise<Answer<MerchantTerminal>> {
  const own = await core.db
    .selectFrom('terminals')
    .select('id')
    .where('id', '=', terminalId)
    .where('merchant_id', '=', merchantId)
    .executeTakeFirst();
  if (own === undefined) return err('not-found');
  const reason = body.state === 'paused' ? body.reason : '';
  const done = await controlTerminal(core, actor, terminalId, { state: body.state, reason }, true);
  if (!done.ok) return done;
  const row = await selectTerminals(core, merchantId).where('t.id', '=', terminalId).executeTakeFirst();
  return row === undefined ? err('not-found') : ok(terminalOf(row));
}
