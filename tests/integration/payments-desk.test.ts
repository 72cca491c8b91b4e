import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { ChannelAccount, ChannelDefinition, ChannelTools } from '../../server/channels/channel.ts';
import { type ChannelDesk, createChannelDesk } from '../../server/services/payments/desk.ts';
import { Shop } from './payments/shop.ts';
import { toyChannel, ToyPlatform } from './payments/toy-platform.ts';
import { Cluster, newId } from './server/world.ts';

let cluster: Cluster;
let shop: Shop;
let desk: ChannelDesk;
let accountId: string;
const opened: { account: ChannelAccount; tools: ChannelTools }[] = [];

beforeAll(async () => {
  cluster = await Cluster.start();
  shop = await Shop.open(cluster);
  accountId = shop.accounts.get('toy-a') ?? '';
  const toy = toyChannel('toy-a', new ToyPlatform(() => shop.nowMs));
  const watched: ChannelDefinition = {
    ...toy,
    open: (account, tools) => {
      opened.push({ account, tools });
      return toy.open(account, tools);
    },
  };
  desk = createChannelDesk(shop.context.core, [watched], 1_000);
});
afterAll(async () => {
  desk.close();
  await shop.close();
  await cluster.stop();
});

async function tools(): Promise<ChannelTools> {
  await desk.open(accountId);
  const last = opened.at(-1);
  if (last === undefined) throw new Error('nothing was opened');
  return last.tools;
}

describe('the desk', () => {
  it('opens an account once, and anew when the bus tells of a change', async () => {
    const first = await desk.open(accountId);
    expect(first).toMatchObject({ accountId, platformMerchantId: 'toy-merchant', feePpm: 3_800 });
    expect(await desk.open(accountId)).toBe(first);
    await shop.sql('update channel_accounts set fee_ppm = 6000 where id = $1', accountId);
    shop.context.core.bus.publish({ name: 'channels', id: shop.merchantId, scope: { merchantId: shop.merchantId } });
    expect(await desk.open(accountId)).toMatchObject({ feePpm: 6_000 });
    expect(await desk.open(newId())).toBeUndefined();
    expect(await desk.open(shop.accounts.get('toy-b') ?? ''), 'a channel that this server has not').toBeUndefined();
  });

  it('keeps a channel open as long as its account is as it was: what it knows and its connections stay', async () => {
    const first = await desk.open(accountId);
    const count = opened.length;
    shop.context.core.bus.publish({ name: 'channels', id: newId(), scope: { merchantId: newId() } });
    expect(await desk.open(accountId)).toBe(first);
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 61_000 });
    expect(await desk.open(accountId)).toBe(first);
    vi.useRealTimers();
    expect(opened).toHaveLength(count);
  });

  it('keeps nothing of accounts that anybody named and that are not there', async () => {
    const asked = vi.spyOn(Map.prototype, 'set');
    const id = newId();
    await desk.open(id);
    const kept = asked.mock.contexts.find((_, index) => asked.mock.calls[index]?.[0] === id);
    asked.mockRestore();
    expect(kept).toBeInstanceOf(Map);
    expect((kept as Map<string, unknown>).has(id)).toBe(false);
  });

  it('keeps a key that a platform handed out, sealed, and opens the account with it', async () => {
    const key = { purpose: 'platform-public', keyId: 'K1', material: 'what the platform gave' };
    await (await tools()).learnKey(key);
    await (await tools()).learnKey(key);
    await tools();
    expect(opened.at(-1)?.account.keys).toEqual([key]);
    const rows = await shop.sql<{ sealed: Buffer }>('select sealed from channel_keys where account_id = $1', accountId);
    expect(rows).toHaveLength(1);
    expect(rows[0]?.sealed.includes('platform gave')).toBe(false);
  });

  it('tells each call’s exchanges apart from those beside it', async () => {
    const { record } = await tools();
    const note = (call: string) => record({ call, request: '', response: '', ms: 0 });
    const heard = await Promise.all(
      ['one', 'two'].map((name) =>
        desk.listen(async () => {
          note(name);
          await Promise.resolve();
          note(name);
        }),
      ),
    );
    expect(heard.map(({ exchanges }) => exchanges.map(({ call }) => call))).toEqual([
      ['one', 'one'],
      ['two', 'two'],
    ]);
  });
});

describe('what a channel keeps', () => {
  it('is sealed, and written only over the version that was read', async () => {
    const { memory } = await tools();
    expect(await memory.get('batch/1')).toBeUndefined();
    expect(await memory.put('batch/1', 'a secret', 0)).toBe(true);
    expect(await memory.put('batch/1', 'another', 0)).toBe(false);
    expect(await memory.put('batch/1', 'newer', 1)).toBe(true);
    expect(await memory.put('batch/1', 'too late', 1)).toBe(false);
    await memory.put('batch/2', 'x', 0);
    await memory.put('other', 'y', 0);
    expect(await memory.list('batch/', 10)).toEqual([
      { key: 'batch/1', value: 'newer', version: 2 },
      { key: 'batch/2', value: 'x', version: 1 },
    ]);
    expect(await memory.list('batch/', 1)).toHaveLength(1);
    expect(await memory.remove('batch/1', 1)).toBe(false);
    expect(await memory.remove('batch/1', 2)).toBe(true);
    const rows = await shop.sql<{ value: Buffer }>(`select value from channel_memory where key = 'other'`);
    expect(rows[0]?.value.length).toBeGreaterThan(20);
  });

  it('counts without giving a number twice, and begins again after the last', async () => {
    const { memory } = await tools();
    const numbers = await Promise.all(Array.from({ length: 9 }, () => memory.next('trace', 9)));
    expect(numbers.sort()).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(await memory.next('trace', 9)).toBe(1);
  });
});
