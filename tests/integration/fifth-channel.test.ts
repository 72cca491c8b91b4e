import { afterAll, beforeAll, expect, it } from 'vitest';
import { fen } from '../../domain/money.ts';
import { channelDefinitions } from '../../server/channels/registry.ts';
import { toyChannel, ToyPlatform } from './payments/toy-platform.ts';
import { Cluster, newId, type Person, World } from './server/world.ts';

// One folder and one line of the registry make a channel; here the line is the list, and nothing else is told of it.
const platform: ToyPlatform = new ToyPlatform(() => world.nowMs);
const fifth = { ...toyChannel('fifth', platform), name: { zh: '第五通道', en: 'The fifth' } };
let cluster: Cluster;
let world: World;
let operator: Person;
let merchant: Person;

beforeAll(async () => {
  cluster = await Cluster.start();
  world = await World.start(cluster, { channels: [...channelDefinitions, fifth] });
  operator = await world.person('op', 'operator');
  merchant = await world.person('chen', 'merchant', undefined, world.merchantId);
});
afterAll(async () => {
  await world.close();
  await cluster.stop();
});

it('a fifth channel is offered by the office, taken at the terminal, and in the history, by its own data alone', async () => {
  const offered = (await operator.call('listChannels')).body.items;
  expect(offered.map(({ code }) => code)).toEqual([...channelDefinitions.map(({ code }) => code), 'fifth']);

  const accountId = newId();
  const account = { id: accountId, channel: 'fifth', platformMerchantId: 'toy-merchant', config: {}, feePpm: 3_800 };
  expect((await operator.call('createAccount', { id: world.merchantId }, account)).status).toBe(201);
  const place = { id: world.merchantId, accountId };
  expect((await operator.call('changeAccount', place, { state: 'active' })).body.state).toBe('active');
  const limit = { id: newId(), channel: 'fifth', window: 'day', maxFen: 10_000 };
  expect((await operator.call('createLimit', { id: world.merchantId }, limit)).status).toBe(201);

  const { payments } = world.server.context.services;
  const { merchantId } = world;
  const { terminalId } = await world.site(undefined);
  const { routes, preselected } = await payments.routes(merchantId, terminalId, fen(2_350));
  expect(preselected).toBe('fifth');
  expect(routes.find(({ channel }) => channel === 'fifth')).toMatchObject({
    name: { zh: '第五通道', en: 'The fifth' },
    isAvailable: true,
    leftFen: 10_000,
  });

  const actor = { kind: 'terminal', id: 'app', name: 'T' } as const;
  const id = newId();
  const order = { merchantId, terminalId, id, amountFen: fen(2_350), note: '', source: 'terminal' } as const;
  expect((await payments.createOrder(actor, order)).ok).toBe(true);
  const attempt = { merchantId, orderId: id, id: newId(), channel: 'fifth', kind: 'qr' } as const;
  const started = await payments.startAttempt(actor, attempt);
  const attemptNo = started.ok ? (started.value.attempts[0]?.attemptNo ?? '') : '';
  platform.pay(attemptNo);
  expect((await payments.notified('fifth', accountId, platform.notice(attemptNo))).status).toBe(200);

  const { items } = (await merchant.call('merchantHistory')).body;
  expect(items[0]).toMatchObject({ channel: 'fifth', amountFen: 2_350, state: 'paid' });
  const story = (await merchant.call('merchantStory', { id })).body;
  expect(JSON.stringify(story)).toContain('clearing:fifth');
});
