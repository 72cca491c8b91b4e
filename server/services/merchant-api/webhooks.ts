import { randomBytes } from 'node:crypto';
import { err, ok } from '../../../domain/result.ts';
import type { Delivery, MakeWebhook, Webhook, WebhookEvent } from '../../../protocol/http/merchant-api.ts';
import type { Actor, Answer } from '../../answer.ts';
import { writeAudit } from '../../audit/records.ts';
import type { Core } from '../../core.ts';
import { type Page, pageOf, type PageQuery } from '../paging.ts';
import { addressFault } from './addresses.ts';
import { merchantOf } from './merchant-of.ts';

const webhooksMax = 10;
const secretBytes = 32;

/** Where a merchant's systems want to be told, and what became of each message. */
export interface WebhookService {
  list(actor: Actor): Promise<Answer<{ items: Webhook[] }>>;
  make(actor: Actor, body: MakeWebhook): Promise<Answer<{ webhook: Webhook; secret: string }>>;
  change(actor: Actor, id: string, state: Webhook['state']): Promise<Answer<Webhook>>;
  /** Ends it for good with its secret; what waits for it is not sent. Safe to repeat. */
  remove(actor: Actor, id: string): Promise<Answer<{ id: string }>>;
  deliveries(actor: Actor, id: string, page: PageQuery): Promise<Answer<Page<Delivery>>>;
  /** Puts a message in front of the queue again, also one that was given up. */
  sendAgain(actor: Actor, deliveryId: string): Promise<Answer<Delivery>>;
}

/** Purpose under which a webhook's secret is sealed. */
export function webhookSecretPurpose(webhookId: string): string {
  return `webhook:${webhookId}`;
}

/** Builds the service. `mayBeInner`: demo mode, in which http and loopback addresses are allowed. */
export function createWebhookService(core: Core, mayBeInner: boolean): WebhookService {
  return {
    list: async (actor) => {
      const merchantId = await merchantOf(core, actor);
      return merchantId === undefined ? err('forbidden') : ok({ items: await readWebhooks(core, merchantId) });
    },
    make: (actor, body) => make(core, actor, body, mayBeInner),
    change: (actor, id, state) => change(core, actor, id, state),
    remove: (actor, id) => remove(core, actor, id),
    deliveries: (actor, id, page) => deliveries(core, actor, id, page),
    sendAgain: (actor, id) => sendAgain(core, actor, id),
  };
}

async function readWebhooks(core: Core, merchantId: string, id?: string): Promise<Webhook[]> {
  const base = core.db
    .selectFrom('webhooks as w')
    .select((eb) => {
      const inState = (state: 'waiting' | 'given-up') =>
        eb
          .selectFrom('webhook_deliveries as d')
          .select((inner) => inner.fn.countAll<number>().as('count'))
          .whereRef('d.webhook_id', '=', 'w.id')
          .where('d.state', '=', state);
      return [
        'w.id',
        'w.url',
        'w.events',
        'w.state',
        'w.made_at',
        inState('waiting').as('waiting'),
        inState('given-up').as('given_up'),
      ];
    })
    .where('w.merchant_id', '=', merchantId)
    .where('w.removed_at', 'is', null)
    .orderBy('w.made_at')
    .limit(webhooksMax);
  const rows = await (id === undefined ? base : base.where('w.id', '=', id)).execute();
  return rows.map((row) => ({
    id: row.id,
    url: row.url,
    events: row.events as WebhookEvent[],
    state: row.state,
    madeAt: row.made_at.toISOString(),
    waiting: row.waiting ?? 0,
    givenUp: row.given_up ?? 0,
  }));
}

async function make(
  core: Core,
  actor: Actor,
  body: MakeWebhook,
  mayBeInner: boolean,
): Promise<Answer<{ webhook: Webhook; secret: string }>> {
  const merchantId = await merchantOf(core, actor);
  if (merchantId === undefined) return err('forbidden');
  if (addressFault(body.url, mayBeInner) !== undefined) return err('bad-request', 'url');
  const known = await readWebhooks(core, merchantId);
  if (known.length >= webhooksMax) return err('too-many-keys', 'webhooks');
  const key = randomBytes(secretBytes);
  const nowMs = core.clock();
  const isNew = await core.db.transaction().execute(async (db) => {
    const row = await db
      .insertInto('webhooks')
      .values({
        merchant_id: merchantId,
        id: body.id,
        url: body.url,
        sealed_secret: core.keys().vault.seal(key, webhookSecretPurpose(body.id)),
        events: [...new Set(body.events)],
        made_by: actor.id,
        made_at: new Date(nowMs),
      })
      .onConflict((conflict) => conflict.doNothing())
      .returning('id')
      .executeTakeFirst();
    if (row === undefined) return false;
    const entry = { act: 'webhook.made', actorId: actor.id, subject: `merchant:${merchantId}` };
    await writeAudit(db, nowMs, { ...entry, facts: { webhookId: body.id, host: new URL(body.url).host } });
    return true;
  });
  const [webhook] = await readWebhooks(core, merchantId, body.id);
  if (!isNew || webhook === undefined) return err('already-exists', 'id');
  return ok({ webhook, secret: `whsec_${key.toString('base64')}` });
}

async function change(core: Core, actor: Actor, id: string, state: Webhook['state']): Promise<Answer<Webhook>> {
  const merchantId = await merchantOf(core, actor);
  if (merchantId === undefined) return err('forbidden');
  await core.db
    .updateTable('webhooks')
    .set({ state })
    .where('merchant_id', '=', merchantId)
    .where('id', '=', id)
    .where('removed_at', 'is', null)
    .execute();
  const [webhook] = await readWebhooks(core, merchantId, id);
  return webhook === undefined ? err('not-found') : ok(webhook);
}

async function remove(core: Core, actor: Actor, id: string): Promise<Answer<{ id: string }>> {
  const merchantId = await merchantOf(core, actor);
  if (merchantId === undefined) return err('forbidden');
  const nowMs = core.clock();
  const isKnown = await core.db.transaction().execute(async (db) => {
    const row = await db
      .updateTable('webhooks')
      .set({ removed_at: new Date(nowMs), removed_by: actor.id, sealed_secret: Buffer.alloc(0) })
      .where('merchant_id', '=', merchantId)
      .where('id', '=', id)
      .where('removed_at', 'is', null)
      .returning('url')
      .executeTakeFirst();
    if (row !== undefined) {
      const entry = { act: 'webhook.removed', actorId: actor.id, subject: `merchant:${merchantId}` };
      await writeAudit(db, nowMs, { ...entry, facts: { webhookId: id, host: new URL(row.url).host } });
      return true;
    }
    const known = db.selectFrom('webhooks').select('id').where('merchant_id', '=', merchantId).where('id', '=', id);
    return (await known.executeTakeFirst()) !== undefined;
  });
  return isKnown ? ok({ id }) : err('not-found');
}

const deliveryColumns = [
  'id',
  'event',
  'order_id',
  'state',
  'tries',
  'made_at',
  'done_at',
  'next_try_at',
  'last_status',
  'last_error',
] as const;

interface DeliveryRow {
  readonly id: string;
  readonly event: string;
  readonly order_id: string;
  readonly state: 'waiting' | 'done' | 'given-up';
  readonly tries: number;
  readonly made_at: Date;
  readonly done_at: Date | null;
  readonly next_try_at: Date | null;
  readonly last_status: number | null;
  readonly last_error: string | null;
}

function deliveryOf(row: DeliveryRow): Delivery {
  return {
    id: row.id,
    event: row.event as WebhookEvent,
    paymentId: row.order_id,
    state: row.state,
    tries: row.tries,
    madeAt: row.made_at.toISOString(),
    ...(row.done_at === null ? {} : { doneAt: row.done_at.toISOString() }),
    ...(row.next_try_at === null ? {} : { nextTryAt: row.next_try_at.toISOString() }),
    ...(row.last_status === null ? {} : { lastStatus: row.last_status }),
    ...(row.last_error === null ? {} : { lastError: row.last_error }),
  };
}

async function deliveries(core: Core, actor: Actor, id: string, page: PageQuery): Promise<Answer<Page<Delivery>>> {
  const merchantId = await merchantOf(core, actor);
  if (merchantId === undefined) return err('forbidden');
  const [atMs = '', lastId = ''] = (page.after ?? '').split(' ');
  const base = core.db
    .selectFrom('webhook_deliveries')
    .select(deliveryColumns)
    .where('merchant_id', '=', merchantId)
    .where('webhook_id', '=', id)
    .orderBy('made_at', 'desc')
    .orderBy('id', 'desc')
    .limit(page.limit + 1);
  const after = new Date(Number(atMs));
  const isFirst = lastId === '' || Number.isNaN(after.getTime());
  const behind = base.where((eb) => eb(eb.refTuple('made_at', 'id'), '<', eb.tuple(after, lastId)));
  const rows = await (isFirst ? base : behind).execute();
  const keyOf = (item: Delivery): string => `${String(Date.parse(item.madeAt))} ${item.id}`;
  return ok(pageOf(rows.map(deliveryOf), page.limit, keyOf));
}

async function sendAgain(core: Core, actor: Actor, deliveryId: string): Promise<Answer<Delivery>> {
  const merchantId = await merchantOf(core, actor);
  if (merchantId === undefined) return err('forbidden');
  const row = await core.db
    .updateTable('webhook_deliveries')
    .set({ state: 'waiting', next_try_at: new Date(core.clock()), tries: 0, done_at: null })
    .where('merchant_id', '=', merchantId)
    .where('id', '=', deliveryId)
    .where('webhook_id', 'in', (eb) => eb.selectFrom('webhooks').select('id').where('removed_at', 'is', null))
    .returning(deliveryColumns)
    .executeTakeFirst();
  return row === undefined ? err('not-found') : ok(deliveryOf(row));
}
