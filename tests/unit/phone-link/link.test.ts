import { describe, expect, test } from 'vitest';
import { saidMax } from '../../../protocol/phone-link/limits.ts';
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

describe('a code', () => {
  test('is followed by the next after 45 s, is good for 60 s, and the phone of the old one is let in meanwhile', async () => {
    const world = new LinkWorld(quickSubtle(), 5);
    await world.start();
    const first = world.host.view.code;
    await world.pass(44_900);
    expect(world.host.view.code).toBe(first);
    const late = await world.scan();
    await world.pass(200);
    expect(world.host.view.code).not.toBe(first);
    expect(world.hellos.size).toBe(2);
    await world.deliverAll();
    expect(late?.engine.view.phase).toBe('joined');
    expect([...world.shut.values()]).toEqual(['used']);
  });

  test('that is too old is refused by the terminal itself, whatever the relay still passes on', async () => {
    const world = new LinkWorld(quickSubtle(), 5);
    await world.start();
    const phone = (await world.scan())!;
    const first = world.onTheWay.splice(0);
    await world.pass(60_100);
    expect([...world.shut.values()]).toEqual(['expired']);
    for (const parcel of first) world.hand(parcel);
    await world.settle();
    expect(world.host.view).toMatchObject({ phase: 'showing' });
    expect(phone.engine.view).toMatchObject({ phase: 'over', failure: 'no-connection' });
  });

  test('is renewed forty times and no more', async () => {
    const world = new LinkWorld(quickSubtle(2), 5);
    await world.start();
    for (let i = 0; i < 45; i++) await world.pass(45_000);
    expect(world.host.view).toMatchObject({ phase: 'over', failure: 'expired' });
    expect(world.shut.size).toBe(40);
  });

  test('that two phones have ends the link within its life, and says "used" afterwards', async () => {
    const { world, phone } = await joined();
    const second = new URL(world.hosted).hash;
    await world.pass(61_000);
    const late = await world.scanCode(second);
    await world.deliverAll();
    expect(late.engine.view).toMatchObject({ phase: 'over', failure: 'used' });
    expect(world.host.view.phase).toBe('joined');
    expect(phone.engine.view.phase).toBe('joined');
  });
});

describe('a terminal whose relay is gone', () => {
  async function kindOf(world: LinkWorld, kind: 'relay' | undefined): Promise<void> {
    world.host.post({ on: 'mailbox', linkId: [...world.hellos.keys()][0] ?? '', kind });
    await world.settle();
  }

  test('says so after 8 s and not for a line that breaks and is there again, however old the code is', async () => {
    const world = new LinkWorld(quickSubtle(), 5);
    await world.start();
    await world.pass(20_000);
    await kindOf(world, undefined);
    await world.pass(3_000);
    expect(world.host.view).toMatchObject({ phase: 'showing', failure: undefined });
    await kindOf(world, 'relay');
    await world.pass(1_000);
    await kindOf(world, undefined);
    await world.pass(7_900);
    expect(world.host.view.failure).toBeUndefined();
    expect(world.hostWakeAtMs).toBeLessThanOrEqual(world.nowMs + 100);
    await world.pass(100);
    expect(world.host.view.failure).toBe('no-connection');
    await kindOf(world, 'relay');
    expect(world.host.view.failure).toBeUndefined();
  });
});

describe('silence', () => {
  test('of a phone at its wallet is counted for the screen, and after eight minutes ends the link', async () => {
    const { world, phone } = await joined();
    phone.wakeAtMs = Infinity;
    world.phones.length = 0;
    await world.pass(5_900);
    expect(world.host.view.silentMs).toBeUndefined();
    await world.pass(295_000, 400);
    expect(world.host.view).toMatchObject({ phase: 'joined', failure: undefined });
    expect(world.host.view.silentMs).toBeGreaterThan(290_000);
    await world.pass(185_000, 400);
    expect(world.host.view).toMatchObject({ phase: 'over', failure: 'ended' });
  });

  test('of the terminal has a word after 8 s and an end after two minutes', async () => {
    const { world, phone } = await joined();
    await world.pass(8_100, 100);
    world.onTheWay.length = 0;
    expect(phone.engine.view).toMatchObject({ phase: 'joined', failure: 'no-connection' });
    await world.pass(125_000, 400);
    expect(phone.engine.view).toMatchObject({ phase: 'over', failure: 'no-connection' });
    expect(phone.kept).toBeUndefined();
  });

  test('of a page that was frozen is not the terminal’s', async () => {
    const { world, phone } = await joined();
    world.onTheWay.length = 0;
    world.nowMs += 300_000;
    phone.engine.post({ on: 'tick' });
    await world.settle();
    expect(phone.engine.view).toMatchObject({ phase: 'joined', failure: undefined });
    await world.deliverAll();
    expect(world.host.view.silentMs).toBeUndefined();
  });

  test('before the first answer: asked once more after 5 s, then said', async () => {
    const world = new LinkWorld(quickSubtle(), 5);
    await world.start();
    const phone = (await world.scan())!;
    const [first] = world.onTheWay.splice(0);
    await world.pass(5_000);
    expect(world.onTheWay.map(({ frame }) => frame)).toEqual([first!.frame]);
    await world.pass(5_000);
    expect(phone.engine.view).toMatchObject({ phase: 'over', failure: 'no-connection' });
  });
});

describe('the direct way', () => {
  test('that swallows a message has the relay carry it after 400 ms', async () => {
    const { world, phone } = await joined();
    world.openRtc();
    await world.settle();
    await world.deliverAll();
    phone.send(seen);
    await world.settle();
    expect(world.onTheWay.splice(0).map(({ way }) => way)).toEqual(['rtc']);
    await world.pass(399);
    expect(world.onTheWay).toEqual([]);
    await world.pass(1);
    expect(world.onTheWay.map(({ way }) => way)).toEqual(['relay']);
    await world.deliverAll();
    expect(world.hostGot).toEqual([seen]);
  });

  test('without a sign of life for 6 s is over, and is begun anew', async () => {
    const { world, phone } = await joined();
    world.openRtc();
    await world.settle();
    await world.deliverAll();
    phone.wantsRtc = false;
    await world.pass(6_100);
    expect(phone.engine.view.carrier).toBe('relay');
    expect(phone.wantsRtc).toBe(true);
    expect(world.host.view.carrier).toBe('relay');
  });
});

describe('a phone that is no person’s', () => {
  test('says so much that the link ends: the terminal is not kept busy', async () => {
    const { world, phone } = await joined();
    for (let round = 0; round < saidMax / 20 + 2; round += 1) {
      for (let i = 0; i < 20; i += 1) phone.send(seen);
      await world.settle();
      await world.deliverAll();
    }
    expect(world.hostGot).toHaveLength(saidMax);
    expect(world.host.view).toMatchObject({ phase: 'over', failure: 'ended' });
    expect(phone.engine.view).toMatchObject({ phase: 'over', failure: 'ended' });
  });

  test('says something after the end: nobody is told', async () => {
    const { world, phone } = await joined();
    phone.send(seen);
    await world.settle();
    world.host.post({ on: 'close', reason: 'done', text: JSON.stringify({ type: 'bye', reason: 'done' }) });
    await world.settle();
    await world.deliverAll();
    expect(world.hostGot).toEqual([]);
  });
});

test('a goodbye ends both sides, ordinary or not, and the mailbox with them', async () => {
  const { world, phone } = await joined();
  world.host.post({ on: 'close', reason: 'not-same', text: JSON.stringify({ type: 'bye', reason: 'not-same' }) });
  await world.settle();
  expect(world.host.view).toMatchObject({ phase: 'over', failure: 'not-same' });
  await world.deliverAll();
  expect(phone.engine.view).toMatchObject({ phase: 'over', failure: 'not-same' });
  expect([...world.shut.values()]).toEqual(['done']);
  expect(phone.kept).toBeUndefined();
  const other = await joined();
  other.phone.engine.post({ on: 'close', text: JSON.stringify({ type: 'bye', reason: 'done' }) });
  await other.world.settle();
  await other.world.deliverAll();
  expect(other.world.host.view).toMatchObject({ phase: 'over', failure: undefined });
});
