import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ApiScope, Delivery, WebhookEvent } from '../../protocol/http/merchant-api.ts';
import { routePath, endpoints, type RouteName } from '../../protocol/http/paths.ts';
import type { OrderView } from '../../protocol/http/payments.ts';
import { forgetMessages } from '../../server/jobs/forget.ts';
import { toyChannel, ToyPlatform } from './payments/toy-platform.ts';
import { WebhookReceiver } from './server/webhook-receiver.ts';
import { Cluster, newId, type Person, totpSecrets, World } from './server/world.ts';

let cluster: Cluster;
let world: World;
let merchant: Person;
let stranger: Person;
let hookUrl: string;
const platform = new ToyPlatform(() => world.nowMs);
const receiver = new WebhookReceiver();
const allScopes: ApiScope[] = ['payments:read', 'payments:write', 'refunds:write', 'terminals:read'];
let accountId: string;
const hourMs = 3_600_000;

beforeAll(async () => {
  cluster = await Cluster.start();
  world = await World.start(cluster, { channels: [toyChannel('toy', platform, {})] });
  const { registry } = world.server.context.services;
  const otherId = newId();
  await registry.createMerchant(undefined, { id: otherId, name: 'Other', contact: '', address: '' });
  merchant = await world.person('chen', 'merchant', totpSecrets.zhou, world.merchantId);
  stranger = await world.person('other', 'merchant', undefined, otherId);
  accountId = newId();
  await world.server.context.store.pool.query(
    `insert into channel_accounts (merchant_id, id, channel, platform_merchant_id, fee_ppm, created_at)
     values ($1, $2, 'toy', 'toy-merchant', 3800, now())`,
    [world.merchantId, accountId],
  );
  hookUrl = await receiver.open();
});
afterAll(async () => {
  receiver.close();
  await world.close();
  await cluster.stop();
});

async function keyWith(scopes: ApiScope[], terminalIds?: string[]): Promise<string> {
  const bound = terminalIds === undefined ? {} : { terminalIds };
  const factor = { kind: 'totp', code: await world.code(merchant) } as const;
  const made = await merchant.call('makeApiKey', {}, { id: newId(), label: 'Till', scopes, ...bound, factor });
  expect(made.status).toBe(201);
  return made.body.secret;
}

interface ApiReply {
  readonly status: number;
  readonly payment: OrderView;
  readonly code: string | undefined;
  readonly field: string | undefined;
}

async function api(secret: string, name: RouteName, id?: string, body?: object, query = ''): Promise<ApiReply> {
  const [method] = endpoints[name];
  const response = await fetch(world.server.url + routePath(name, id === undefined ? {} : { id }) + query, {
    method,
    headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const answer = (await response.json()) as OrderView & { error?: { code: string; field?: string } };
  return { status: response.status, payment: answer, code: answer.error?.code, field: answer.error?.field };
}

async function terminal(): Promise<string> {
  const { terminalId } = await world.site(undefined);
  return terminalId;
}

async function payAtTerminal(orderId: string): Promise<void> {
  const { payments } = world.server.context.services;
  const ref = { merchantId: world.merchantId, orderId };
  const actor = { kind: 'terminal', id: 'app', name: 'T' } as const;
  const started = await payments.startAttempt(actor, { ...ref, id: newId(), channel: 'toy', kind: 'qr' });
  if (!started.ok) throw new Error(started.error);
  const attemptNo = started.value.attempts.at(-1)?.attemptNo ?? '';
  platform.pay(attemptNo);
  await payments.notified('toy', accountId, platform.notice(attemptNo));
}

describe('a merchant’s own system', () => {
  it('creates a payment, waits for it, and refunds it', async () => {
    const secret = await keyWith(allScopes);
    const id = newId();
    const body = { id, terminalId: await terminal(), amountFen: 2_350, reference: 'sale-1', note: 'Bread' };
    const created = await api(secret, 'apiCreatePayment', undefined, body);
    expect(created).toMatchObject({
      status: 201,
      payment: { id, state: 'open', source: 'api', externalRef: 'sale-1' },
    });
    expect((await api(secret, 'apiCreatePayment', undefined, body)).payment.orderNo).toBe(created.payment.orderNo);
    const other = await api(secret, 'apiCreatePayment', undefined, { ...body, amountFen: 2_351 });
    expect(other.code).toBe('exists-with-different-body');
    const query = `?waitSeconds=15&afterVersion=${String(created.payment.version)}`;
    const waiting = api(secret, 'apiPayment', id, undefined, query);
    await payAtTerminal(id);
    expect((await waiting).payment.version).toBeGreaterThan(created.payment.version);
    expect((await api(secret, 'apiFindPayment', undefined, undefined, '?reference=sale-1')).payment).toMatchObject({
      id,
      state: 'paid',
      paidFen: 2_350,
    });
    const refund = { id: newId(), amountFen: 350, reason: 'one piece back' };
    expect((await api(secret, 'apiRefundPayment', id, refund)).payment.refundedFen).toBe(350);
    expect((await api(secret, 'apiRefundPayment', id, refund)).payment.refundedFen).toBe(350);
  });

  it('cancels, and a cancelled payment takes no money', async () => {
    const secret = await keyWith(allScopes);
    const id = newId();
    await api(secret, 'apiCreatePayment', undefined, { id, terminalId: await terminal(), amountFen: 100 });
    expect((await api(secret, 'apiCancelPayment', id)).payment.state).toBe('cancelled');
  });

  it('hears why not', async () => {
    const secret = await keyWith(allScopes);
    const terminalId = await terminal();
    const made = (more: object) =>
      api(secret, 'apiCreatePayment', undefined, { id: newId(), terminalId, amountFen: 1, ...more });
    expect(await made({ amountFen: 0 })).toMatchObject({ status: 400, field: 'amountFen' });
    expect(await made({ amountFen: 1.5 })).toMatchObject({ status: 400, field: 'amountFen' });
    expect(await made({ reference: 'two words' })).toMatchObject({ status: 400, field: 'reference' });
    expect(await made({ terminalId: newId() })).toMatchObject({ status: 404, field: 'terminalId' });
    expect(await made({ reference: 'sale-2', terminalId: await terminal() })).toMatchObject({ status: 201 });
    expect(await made({ reference: 'sale-2' })).toMatchObject({ code: 'already-exists', field: 'reference' });
    expect(await made({})).toMatchObject({ status: 201 });
    expect(await made({})).toMatchObject({ status: 409, code: 'terminal-busy' });
    expect((await api(secret, 'apiPayment', newId())).code).toBe('not-found');
  });
});

describe('keys', () => {
  it('are held to their scopes and terminals', async () => {
    const terminalId = await terminal();
    const reader = await keyWith(['payments:read']);
    const create = { id: newId(), terminalId, amountFen: 100 };
    expect(await api(reader, 'apiCreatePayment', undefined, create)).toMatchObject({ status: 403, field: 'scope' });
    const bound = await keyWith(allScopes, [await terminal()]);
    expect(await api(bound, 'apiCreatePayment', undefined, create)).toMatchObject({ status: 404 });
    const writer = await keyWith(allScopes);
    expect((await api(writer, 'apiCreatePayment', undefined, create)).status).toBe(201);
    expect((await api(bound, 'apiPayment', create.id)).code).toBe('not-found');
    expect((await api(reader, 'apiPayment', create.id)).status).toBe(200);
  });

  it('end when they are revoked, and are nobody else’s business', async () => {
    const id = newId();
    const body = { id, label: 'Till', scopes: allScopes };
    expect(await merchant.call('makeApiKey', {}, body)).toMatchObject({ status: 403, code: 'factor-needed' });
    const wrong = { kind: 'totp', code: '000000' } as const;
    expect((await merchant.call('makeApiKey', {}, { ...body, factor: wrong })).code).toBe('factor-wrong');
    const factor = { kind: 'totp', code: await world.code(merchant) } as const;
    const made = await merchant.call('makeApiKey', {}, { ...body, factor });
    expect((await stranger.call('revokeApiKey', { id })).code).toBe('not-found');
    expect((await stranger.call('listApiKeys')).body.items).toEqual([]);
    expect((await api(made.body.secret, 'apiTerminals')).status).toBe(200);
    expect((await merchant.call('revokeApiKey', { id })).body.revokedAt).toBeDefined();
    expect((await api(made.body.secret, 'apiTerminals')).status).toBe(401);
    const listed = await merchant.call('listApiKeys');
    expect(JSON.stringify(listed.body)).not.toContain(made.body.secret);
    const foreign = { id: newId(), label: 'x', scopes: allScopes, terminalIds: [newId()] };
    expect(await merchant.call('makeApiKey', {}, foreign)).toMatchObject({ status: 400, field: 'terminalIds.0' });
  });
});

describe('terminals', () => {
  it('are not busy with a resident’s bill, which may be another merchant’s, and are listed once', async () => {
    const secret = await keyWith(allScopes);
    const terminalId = await terminal();
    await world.server.context.store.pool.query(
      `insert into payment_orders (merchant_id, id, terminal_id, order_no, amount_fen, state, body_hash, source, in_hand,
         created_at, updated_at, expires_at)
       select gen_random_uuid(), gen_random_uuid(), $1, 'fee-' || n, 100, 'open', '\\x00', 'fee', false, t, t, t
       from generate_series(1, 2) n, lateral (select $2::timestamptz as t) times`,
      [terminalId, new Date(world.nowMs)],
    );
    const response = await fetch(world.server.url + routePath('apiTerminals', {}), {
      headers: { authorization: `Bearer ${secret}` },
    });
    const { items } = (await response.json()) as {
      items: { id: string; currentPaymentId?: string; reason?: string }[];
    };
    const listed = items.filter(({ id }) => id === terminalId);
    expect(listed).toHaveLength(1);
    expect(listed[0]?.currentPaymentId).toBeUndefined();
    expect(listed[0]?.reason).not.toBe('busy');
  });
});

describe('webhooks', () => {
  /** Sends what is due. The server does too, once a second, so what it has in hand may arrive a moment later. */
  async function deliver(): Promise<void> {
    while ((await world.server.context.services.merchantApi.deliver()) > 0);
  }

  async function paidPayment(): Promise<string> {
    const id = newId();
    const secret = await keyWith(allScopes);
    await api(secret, 'apiCreatePayment', undefined, { id, terminalId: await terminal(), amountFen: 500 });
    await payAtTerminal(id);
    return id;
  }

  async function hook(events: WebhookEvent[], url = hookUrl): Promise<{ id: string; key: Buffer }> {
    const made = await merchant.call('makeWebhook', {}, { id: newId(), url, events });
    expect(made.status).toBe(201);
    const key = Buffer.from(made.body.secret.replace('whsec_', ''), 'base64');
    return { id: made.body.webhook.id, key };
  }

  async function turn(id: string, state: 'active' | 'paused'): Promise<void> {
    expect((await merchant.call('changeWebhook', { id }, { state })).status).toBe(200);
  }

  const sentTo = async (id: string): Promise<Delivery[]> => (await merchant.call('listDeliveries', { id })).body.items;

  it('are told once it is true, signed, with the payment as it is', async () => {
    const { id, key } = await hook(['payment.paid']);
    const paymentId = await paidPayment();
    await deliver();
    await expect.poll(() => receiver.messages.some(({ body }) => body.includes(paymentId))).toBe(true);
    const message = receiver.messages.find(({ body }) => body.includes(paymentId));
    const body = message?.body ?? '';
    const { headers = {} } = message ?? {};
    expect(JSON.parse(body)).toMatchObject({ type: 'payment.paid', data: { id: paymentId, state: 'paid' } });
    const signed = `${String(headers['webhook-id'])}.${String(headers['webhook-timestamp'])}.${body}`;
    expect(headers['webhook-signature']).toBe(`v1,${createHmac('sha256', key).update(signed).digest('base64')}`);
    await turn(id, 'paused');
  });

  it('are told again after a failure with the same bytes, then given up, then sent again by hand', async () => {
    const { id } = await hook(['payment.paid', 'payment.refunded']);
    receiver.status = 500;
    const paymentId = await paidPayment();
    await expect
      .poll(async () => {
        await deliver();
        world.nowMs += 6 * hourMs + 60_000;
        return sentTo(id);
      })
      .toMatchObject([{ state: 'given-up', lastStatus: 500, paymentId, event: 'payment.paid' }]);
    const sent = receiver.messages.filter(({ body }) => body.includes(paymentId));
    expect(new Set(sent.map(({ body }) => body)).size).toBe(1);
    expect(new Set(sent.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
    receiver.status = 200;
    const [first] = await sentTo(id);
    expect((await merchant.call('sendAgain', { id: first?.id ?? '' })).body.state).toBe('waiting');
    await deliver();
    await expect.poll(() => sentTo(id)).toMatchObject([{ state: 'done' }]);
    expect((await stranger.call('listDeliveries', { id })).body.items).toEqual([]);
    expect((await stranger.call('sendAgain', { id: first?.id ?? '' })).code).toBe('not-found');
  });

  /** Puts messages into the queue, at once and in this order: to each webhook as many as asked for. */
  async function waitingFor(...queue: readonly (readonly [webhookId: string, count: number])[]): Promise<void> {
    const ids = queue.flatMap(([id, count]) => Array.from({ length: count }, () => id));
    await world.server.context.store.pool.query(
      `insert into webhook_deliveries (merchant_id, id, webhook_id, order_id, event, body, state, next_try_at, made_at)
       select $1, gen_random_uuid(), id, gen_random_uuid(), 'payment.paid', json_build_object('for', id), 'waiting', t, $3
       from unnest($2::uuid[]) with ordinality as queue (id, n), lateral (select $3::timestamptz + n * interval '1 us' as t) times`,
      [world.merchantId, ids, new Date(world.nowMs)],
    );
    world.nowMs += 1;
  }

  const heard = (webhookId: string): number => receiver.messages.filter(({ body }) => body.includes(webhookId)).length;
  const kept = async (id: string): Promise<{ state: string; tries: number }[]> => {
    const query = 'select state, tries from webhook_deliveries where webhook_id = $1';
    return (await world.server.context.store.pool.query<{ state: string; tries: number }>(query, [id])).rows;
  };

  it('to an address that does not answer do not make the others wait', async () => {
    const [dead, good] = [await hook(['payment.review'], 'http://127.0.0.1:9/hook'), await hook(['payment.review'])];
    await waitingFor([dead.id, 65], [good.id, 1]);
    await deliver();
    await expect.poll(() => heard(good.id)).toBe(1);
    // Two rounds at once, ours and the server's, may have tried 20 each.
    expect((await kept(dead.id)).filter(({ tries }) => tries === 0).length).toBeGreaterThanOrEqual(25);
    await turn(dead.id, 'paused');
  });

  it('wait while their webhook is paused, also those of payments made then, and go out when it goes on', async () => {
    const { id } = await hook(['payment.paid']);
    await turn(id, 'paused');
    const paymentId = await paidPayment();
    await deliver();
    expect(await sentTo(id)).toMatchObject([{ state: 'waiting', tries: 0, paymentId, event: 'payment.paid' }]);
    // However long it waited, it is not given up at its first failure.
    world.nowMs += 3 * 24 * hourMs;
    receiver.status = 503;
    await turn(id, 'active');
    await deliver();
    await expect.poll(() => sentTo(id)).toMatchObject([{ state: 'waiting', tries: 1, lastStatus: 503 }]);
    receiver.status = 204;
    world.nowMs += 61_000;
    await deliver();
    await expect.poll(() => sentTo(id)).toMatchObject([{ state: 'done', paymentId }]);
    await turn(id, 'paused');
  });

  it('that many wait for one webhook do not make another wait', async () => {
    const [many, one] = [await hook(['payment.review']), await hook(['payment.review'])];
    const before = receiver.messages.length;
    await waitingFor([many.id, 80], [one.id, 1]);
    await deliver();
    await expect.poll(() => [heard(one.id), heard(many.id)]).toEqual([1, 80]);
    const place = receiver.messages.slice(before).findIndex(({ body }) => body.includes(one.id));
    expect(place).toBeLessThan(40);
    const listed = new Set<string>();
    for (let query = ''; ;) {
      const { items, nextCursor } = (await merchant.call('listDeliveries', { id: many.id }, undefined, query)).body;
      for (const message of items) listed.add(message.id);
      if (nextCursor === undefined) break;
      query = `?cursor=${nextCursor}`;
    }
    expect(listed.size).toBe(80);
  });

  it('are forgotten 90 days after they were made, also when their webhook was paused all the while', async () => {
    const { core } = world.server.context;
    const [over, waits] = [await hook(['payment.review']), await hook(['payment.review'])];
    await turn(waits.id, 'paused');
    await waitingFor([over.id, 2], [waits.id, 2]);
    await deliver();
    await expect.poll(() => kept(over.id)).toMatchObject([{ state: 'done' }, { state: 'done' }]);
    world.nowMs += 89 * 24 * hourMs;
    await forgetMessages(core);
    expect([await kept(over.id), await kept(waits.id)]).toMatchObject([{ length: 2 }, { length: 2 }]);
    const [again] = await sentTo(waits.id);
    await merchant.call('sendAgain', { id: again?.id ?? '' });
    world.nowMs += 2 * 24 * hourMs;
    expect(await forgetMessages(core)).toBeGreaterThanOrEqual(3);
    // The one that was just asked for again stays.
    expect([await kept(over.id), await kept(waits.id)]).toMatchObject([[], [{ state: 'waiting' }]]);
  });

  it('are sent no more once their webhook was removed, which makes room for another', async () => {
    const { id } = await hook(['payment.paid', 'payment.review']);
    await turn(id, 'paused');
    await waitingFor([id, 1]);
    await paidPayment();
    const [first, ...others] = await sentTo(id);
    expect(others).toHaveLength(1);
    expect((await stranger.call('removeWebhook', { id })).code).toBe('not-found');
    expect(await merchant.call('removeWebhook', { id })).toMatchObject({ status: 200, body: { id } });
    expect(await merchant.call('removeWebhook', { id })).toMatchObject({ status: 200, body: { id } });
    expect((await merchant.call('removeWebhook', { id: newId() })).code).toBe('not-found');
    expect((await merchant.call('changeWebhook', { id }, { state: 'active' })).code).toBe('not-found');
    expect((await merchant.call('sendAgain', { id: first?.id ?? '' })).code).toBe('not-found');
    await paidPayment();
    await deliver();
    expect(await sentTo(id)).toMatchObject([{ state: 'waiting' }, { state: 'waiting' }]);
    expect(heard(id)).toBe(0);
    const { items } = (await merchant.call('listWebhooks')).body;
    expect(items.map((item) => item.id)).not.toContain(id);
    const { pool } = world.server.context.store;
    const kept = await pool.query('select sealed_secret from webhooks where id = $1', [id]);
    expect(kept.rows).toEqual([{ sealed_secret: Buffer.alloc(0) }]);
    const noted = await pool.query("select from audit where act = 'webhook.removed' and facts->>'webhookId' = $1", [
      id,
    ]);
    expect(noted.rowCount).toBe(1);
    for (let count = items.length; count < 10; count += 1) await hook(['payment.review']);
    const eleventh = { id: newId(), url: hookUrl, events: ['payment.review'] } as const;
    expect((await merchant.call('makeWebhook', {}, { ...eleventh, events: [...eleventh.events] })).code).toBe(
      'too-many-keys',
    );
    await merchant.call('removeWebhook', { id: items[0]?.id ?? '' });
    await hook(['payment.review']);
  });
});
