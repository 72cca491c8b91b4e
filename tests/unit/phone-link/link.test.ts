import { describe, expect, test } from 'vitest';
import { LinkWorld, type WorldPhone } from './link-world.ts';
import { quickSubtle } from './quick-subtle.ts';

const bill = JSON.stringify({ type: 'bill', quote: 'the bill', confirm: false });
const seen = JSON.stringify({ type: 'seen', quoteId: 'q' });

async function joined(): Promise<{ world: LinkWorld; phone: WorldPhone }> {
  const world = new LinkWorld(quickSubtle(), 7);
  await world.start();
  world.sendFromHost(bill);
  const phone = (await world.scan())!;
  await world.deliverAll();
  return { world, phone };
}

describe('a link', () => {
  test.each([
    ['Web Crypto', crypto.subtle],
    ['the quick stand-in', quickSubtle()],
  ])('over %s brings the bill with the first answer', async (_name, subtle) => {
    const world = new LinkWorld(subtle, 3);
    await world.start();
    world.sendFromHost(bill);
    expect(world.host.view).toMatchObject({ phase: 'showing', carrier: 'relay' });
    expect(world.host.view.code).toMatch(/^https:\/\/till\.example\/l#[A-Za-z0-9_-]{64}$/);
    const phone = (await world.scan())!;
    expect(world.onTheWay).toHaveLength(1);
    world.hand(world.onTheWay.shift()!);
    await world.settle();
    expect(world.host.view).toMatchObject({ phase: 'joined' });
    world.hand(world.onTheWay.shift()!);
    await world.settle();
    expect(phone.got).toEqual([bill]);
    expect(phone.engine.view).toMatchObject({ phase: 'joined', carrier: 'relay' });
    expect(phone.engine.view.digits).toMatch(/^[1-9]\d$/);
    expect(phone.engine.view.digits).toBe(world.host.view.digits);
    expect(phone.wantsRtc).toBe(true);
  });

  test('says the same after a reload, and loses nothing of what was sent meanwhile', async () => {
    const { world, phone } = await joined();
    const { digits } = phone.engine.view;
    world.sendFromHost(seen);
    world.onTheWay.length = 0;
    expect(await phone.reload()).toBe(true);
    await world.deliverAll();
    expect(phone.got).toEqual([bill, seen]);
    phone.send(bill);
    await world.settle();
    await world.deliverAll();
    expect(world.hostGot).toEqual([bill]);
    expect(phone.engine.view).toMatchObject({ phase: 'joined', digits });
  });
});
