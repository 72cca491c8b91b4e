import { createHmac } from 'node:crypto';
import { lookup } from 'node:dns';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { LookupFunction } from 'node:net';
import { sql } from 'kysely';
import type { Core } from '../../core.ts';
import type { PaymentService } from '../payments/service.ts';
import { addressFault, isInnerAddress } from './addresses.ts';
import { webhookSecretPurpose } from './webhooks.ts';

const minute = 60_000;
const hour = 60 * minute;
/** Waits between tries, ms; after the last the message is given up: about 25 hours in all. */
const waitsMs = [1, 5, 5, 10, 10, 10, 10, 10, 60, 60, 60, 60, 60, 360, 360, 360].map((minutes) => minutes * minute);
const answerMs = 10_000;
const claimMs = 60_000;
const atOnceMax = 20;
const errorMaxChars = 200;
const waitingMaxMs = 48 * hour;
/** Tries that a message gets however old it is, about an hour: it may have waited while its webhook was paused. */
const triesMin = 8;
/** For how long an address that gave no answer is left alone, so that it does not make the others wait. */
const silentMs = minute;
const silentMax = 1_000;

/** What sending needs to know of the installation. */
export interface DeliverOptions {
  readonly payments: PaymentService;
  /** Webhooks whose address gave no answer, by id, and until when they are left alone, Unix milliseconds. */
  readonly silent: Map<string, number>;
  /** Demo mode: http and loopback are allowed. */
  readonly mayBeInner: boolean;
}

interface Due {
  readonly merchant_id: string;
  readonly id: string;
  readonly webhook_id: string;
  readonly order_id: string;
  readonly event: string;
  readonly body: string | null;
  readonly tries: number;
  readonly made_at: Date;
  readonly url: string;
  readonly sealed_secret: Buffer;
}

/**
 * Sends the messages that are due, at most 20 at once, of each webhook the longest due first; what belongs to a paused
 * webhook, or to an address that just gave no answer, waits. Claims them first, so that several processes share the work;
 * a claim that a crash leaves behind ends by itself. A message may therefore come twice: its id says so.
 * @returns how many were tried.
 */
export async function deliverWebhooks(core: Core, options: DeliverOptions): Promise<number> {
  const due = await claim(core, options.silent);
  await Promise.all(due.map((delivery) => deliver(core, options, delivery)));
  return due.length;
}

async function claim(core: Core, silent: Map<string, number>): Promise<Due[]> {
  const nowMs = core.clock();
  for (const [id, untilMs] of silent) if (untilMs <= nowMs) silent.delete(id);
  const { rows } = await sql<Due>`
    update webhook_deliveries d set next_try_at = ${new Date(nowMs + claimMs)}, tries = d.tries + 1
    from webhooks w
    where w.id = d.webhook_id and (d.merchant_id, d.id) in (
      select next.merchant_id, next.id
      from webhooks a cross join lateral (
        select merchant_id, id, next_try_at from webhook_deliveries
        where webhook_id = a.id and state = 'waiting' and next_try_at <= ${new Date(nowMs)}
        order by next_try_at limit ${atOnceMax} for update skip locked) next
      where a.state = 'active' and a.removed_at is null and a.id <> all(${[...silent.keys()]}::uuid[])
      order by row_number() over (partition by a.id order by next.next_try_at), next.next_try_at limit ${atOnceMax})
    returning d.merchant_id, d.id, d.webhook_id, d.order_id, d.event, d.body, d.tries, d.made_at, w.url, w.sealed_secret`.execute(
    core.db,
  );
  return rows;
}

async function deliver(core: Core, options: DeliverOptions, delivery: Due): Promise<void> {
  const body = delivery.body ?? (await bodyOf(core, options.payments, delivery));
  const outcome = body === undefined ? { error: 'the payment is gone' } : await send(core, options, delivery, body);
  const nowMs = core.clock();
  if (outcome.status === undefined && options.silent.size < silentMax)
    options.silent.set(delivery.webhook_id, nowMs + silentMs);
  const isDone = outcome.status !== undefined && outcome.status >= 200 && outcome.status < 300;
  const waitMs = waitsMs[delivery.tries - 1];
  const isOld = nowMs - delivery.made_at.getTime() > waitingMaxMs;
  const isOver = waitMs === undefined || (isOld && delivery.tries >= triesMin);
  await core.db
    .updateTable('webhook_deliveries')
    .set({
      state: isDone ? 'done' : isOver ? 'given-up' : 'waiting',
      done_at: isDone ? new Date(nowMs) : null,
      next_try_at: isDone || isOver ? null : new Date(nowMs + waitMs),
      last_status: outcome.status ?? null,
      last_error: outcome.error?.slice(0, errorMaxChars) ?? null,
    })
    .where('merchant_id', '=', delivery.merchant_id)
    .where('id', '=', delivery.id)
    .execute();
}

/** The body, made once and kept, so that every repetition carries the same bytes. */
async function bodyOf(core: Core, payments: PaymentService, delivery: Due): Promise<string | undefined> {
  const payment = await payments.order({ merchantId: delivery.merchant_id, orderId: delivery.order_id });
  if (!payment.ok) return undefined;
  const made = { type: delivery.event, timestamp: delivery.made_at.toISOString(), data: payment.value };
  const row = await core.db
    .updateTable('webhook_deliveries')
    .set((eb) => ({ body: eb.fn.coalesce('body', eb.val(JSON.stringify(made))) }))
    .where('merchant_id', '=', delivery.merchant_id)
    .where('id', '=', delivery.id)
    .returning('body')
    .executeTakeFirst();
  return row?.body ?? undefined;
}

interface Outcome {
  readonly status?: number;
  readonly error?: string;
}

/** Signs after Standard Webhooks (standardwebhooks.com, "Signature scheme"): `v1,` + base64 HMAC-SHA256 over `id.time.body`. */
export function signatureOf(secret: Uint8Array, id: string, seconds: number, body: string): string {
  return `v1,${createHmac('sha256', secret)
    .update(`${id}.${String(seconds)}.${body}`)
    .digest('base64')}`;
}

async function send(core: Core, options: DeliverOptions, delivery: Due, body: string): Promise<Outcome> {
  const fault = addressFault(delivery.url, options.mayBeInner);
  if (fault !== undefined) return { error: `url ${fault}` };
  const secret = core.keys().vault.open(delivery.sealed_secret, webhookSecretPurpose(delivery.webhook_id));
  const seconds = Math.floor(core.clock() / 1000);
  const headers = {
    'content-type': 'application/json',
    'user-agent': 'Tillkeeper',
    'webhook-id': delivery.id,
    'webhook-timestamp': String(seconds),
    'webhook-signature': signatureOf(secret, delivery.id, seconds, body),
  };
  return post(new URL(delivery.url), headers, body, options.mayBeInner);
}

/** Refuses names that lead into a private network, at the moment of connecting: a name may change its mind. */
const outerLookup: LookupFunction = (hostname, lookupOptions, done) => {
  lookup(hostname, { ...lookupOptions, all: true }, (error, addresses) => {
    if (error !== null) return done(error, '');
    const inner = addresses.find(({ address }) => isInnerAddress(address));
    if (inner !== undefined) return done(new Error(`${hostname} leads into a private network`), '');
    const [first] = addresses;
    if (lookupOptions.all === true) return done(null, addresses);
    return first === undefined
      ? done(new Error(`${hostname}: no address`), '')
      : done(null, first.address, first.family);
  });
};

/** Redirects are not followed, the answer's body is not read. */
function post(url: URL, headers: Record<string, string>, body: string, mayBeInner: boolean): Promise<Outcome> {
  return new Promise((resolve) => {
    const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
    const call = send(
      url,
      { method: 'POST', headers, timeout: answerMs, agent: false, ...(mayBeInner ? {} : { lookup: outerLookup }) },
      (response) => {
        const status = response.statusCode ?? 0;
        response.destroy();
        resolve(status >= 200 && status < 300 ? { status } : { status, error: `answered ${String(status)}` });
      },
    );
    const timer = setTimeout(() => call.destroy(new Error('no answer within 10 seconds')), answerMs);
    call.on('error', (error) => resolve({ error: error.message }));
    call.on('close', () => clearTimeout(timer));
    call.end(body);
  });
}
