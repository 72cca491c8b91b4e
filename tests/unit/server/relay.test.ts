import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { relayPath, seatHeader } from '../../../protocol/phone-link/relay-path.ts';
import * as limits from '../../../server/relay/limits.ts';
import { Mailboxes, type Mail, type Seat } from '../../../server/relay/mailboxes.ts';
import { startRelay } from '../../bench/link/yard.ts';

const id = 'L'.repeat(22);
const hello = 'h'.repeat(88);

class TestSeat implements Seat {
  readonly id: string;
  readonly got: number[] = [];
  readonly told: string[] = [];
  isTaking = true;

  constructor(name: string) {
    this.id = name;
  }

  give(mails: readonly Mail[]): boolean {
    if (this.isTaking) this.got.push(...mails.map(({ bytes }) => bytes[0] ?? -1));
    return this.isTaking;
  }

  replaced(): void {
    this.told.push('replaced');
  }

  over(why: string): void {
    this.told.push(why);
  }
}

describe('mailboxes', () => {
  let nowMs = 0;
  let boxes: Mailboxes;
  beforeEach(() => {
    nowMs = 0;
    boxes = new Mailboxes(() => nowMs);
  });
  const key = (linkId = id): string => boxes.open(linkId, 't1', hello)?.key ?? '';

  test('belong to the terminal that opened them', () => {
    const first = key();
    expect(key()).toBe(first);
    expect(boxes.open(id, 't2', hello)).toBeUndefined();
    expect(boxes.open(id, 't1', 'x'.repeat(88))).toBeUndefined();
    expect(boxes.joinAsTerminal(id, new TestSeat('t'), 'wrong')).toEqual({ refused: 'forbidden' });
    expect(boxes.joinAsTerminal(id, new TestSeat('t'), first)).toEqual({ hello });
    expect(boxes.close(id, 'wrong', 'done')).toBe(false);
  });

  test('keep what comes while nobody sits there, the newest 64, and give it in order', () => {
    key();
    for (let i = 0; i < limits.mailsMax + 6; i++) boxes.put(id, 'terminal', Uint8Array.of(i));
    const phone = new TestSeat('p');
    boxes.joinAsPhone(id, phone, '10.0.0.7');
    boxes.flush(id, 'phone');
    expect(phone.got).toEqual(Array.from({ length: limits.mailsMax }, (_, i) => i + 6));
    expect(boxes.counts.storedBytes).toBe(0);
    expect(boxes.phoneAddress(id, 't1')).toBe('10.0.0.7');
    // Another terminal that names the link is told nothing.
    expect(boxes.phoneAddress(id, 't2')).toBeUndefined();
  });

  test('give the seat to the newest phone, and an old one that leaves takes nothing away', () => {
    key();
    const [old, young] = [new TestSeat('a'), new TestSeat('b')];
    boxes.joinAsPhone(id, old, '1');
    boxes.joinAsPhone(id, young, '2');
    expect(old.told).toEqual(['replaced']);
    boxes.leave(id, 'phone', old);
    boxes.put(id, 'terminal', Uint8Array.of(9));
    expect([old.got, young.got]).toEqual([[], [9]]);
  });

  test('say afterwards why they were closed, for ten minutes', () => {
    const phone = new TestSeat('p');
    const own = key();
    boxes.joinAsPhone(id, phone, '1');
    expect(boxes.close(id, own, 'two-phones')).toBe(true);
    expect(phone.told).toEqual(['two-phones']);
    expect(boxes.joinAsPhone(id, phone, '1')).toEqual({ refused: 'two-phones' });
    nowMs += limits.rememberedMs;
    boxes.sweep();
    expect(boxes.joinAsPhone(id, phone, '1')).toEqual({ refused: 'unknown' });
  });

  test.each([
    ['without a phone', false, limits.unjoinedMs],
    ['that nobody uses', true, limits.quietMs],
  ])('%s end', (_name, hasPhone, afterMs) => {
    key();
    if (hasPhone) boxes.joinAsPhone(id, new TestSeat('p'), '1');
    nowMs += afterMs - 1;
    boxes.sweep();
    expect(boxes.counts.boxes).toBe(1);
    nowMs += 1;
    boxes.sweep();
    expect(boxes.counts).toMatchObject({ boxes: 0, remembered: 1 });
  });

  test('have limits: for a terminal, and in bytes', () => {
    const names = Array.from({ length: limits.mailboxesPerTerminalMax + 2 }, (_, i) => `${i}`.padStart(22, 'x'));
    for (const name of names) {
      nowMs += 1;
      key(name);
    }
    expect(boxes.counts.boxes).toBe(limits.mailboxesPerTerminalMax);
    expect(boxes.whyClosed(names[0]!)).toBe('expired');
    const big = new Uint8Array(limits.storedMaxBytes);
    boxes.put(names.at(-1)!, 'phone', big);
    boxes.put(names.at(-1)!, 'phone', Uint8Array.of(1));
    expect(boxes.counts.storedBytes).toBe(limits.storedMaxBytes);
  });

  test('go on between two who sit there while somebody else has filled the memory', () => {
    key();
    boxes.open('Z'.repeat(22), 't2', hello);
    boxes.put('Z'.repeat(22), 'terminal', new Uint8Array(limits.storedMaxBytes));
    const phone = new TestSeat('p');
    boxes.joinAsPhone(id, phone, '1');
    boxes.put(id, 'terminal', Uint8Array.of(5));
    boxes.put(id, 'terminal', Uint8Array.of(6));
    expect(phone.got).toEqual([5, 6]);
    // What nobody takes at this moment cannot be kept; the sender sends it again.
    phone.isTaking = false;
    boxes.put('Z'.repeat(22), 'terminal', Uint8Array.of(1));
    boxes.put(id, 'terminal', Uint8Array.of(7));
    phone.isTaking = true;
    boxes.put(id, 'terminal', Uint8Array.of(8));
    expect(phone.got).toEqual([5, 6, 8]);
  });

  test('are not kept alive by looks at who sits there', () => {
    key();
    boxes.joinAsPhone(id, new TestSeat('p'), '1');
    nowMs += limits.quietMs - 1;
    expect(boxes.isSeated(id, 'phone', 'p')).toBe(true);
    nowMs += 1;
    boxes.sweep();
    expect(boxes.counts.boxes).toBe(0);
  });
});

type Body = Readonly<Record<string, unknown>> & { readonly key: string; readonly seat: string };

describe('the relay on the wire', () => {
  let relay: Awaited<ReturnType<typeof startRelay>>;
  let origin: string;
  beforeEach(async () => {
    relay = await startRelay(10);
    origin = `http://127.0.0.1:${relay.port}`;
  });
  afterEach(() => {
    relay.relay.close();
    relay.http.closeAllConnections();
    relay.http.close();
  });

  async function call(part: Parameters<typeof relayPath>[1], init: RequestInit, query = ''): Promise<[number, Body]> {
    const response = await fetch(origin + relayPath(id, part) + query, init);
    return [response.status, (await response.json()) as Body];
  }
  const open = (headers: Record<string, string> = { authorization: 'Bearer t1' }): Promise<[number, Body]> =>
    call('', { method: 'PUT', headers, body: JSON.stringify({ hello }) });
  const join = (body: object): Promise<[number, Body]> => call('join', { method: 'POST', body: JSON.stringify(body) });
  const socket = (as: string, headers: Record<string, string> = {}): WebSocket =>
    new WebSocket(`${origin.replace('http', 'ws')}${relayPath(id, 'socket')}?as=${as}`, { headers });
  const word = (ws: WebSocket): Promise<unknown> =>
    new Promise((done) => ws.once('message', (data: Buffer, isBinary) => done(isBinary ? [...data] : String(data))));
  const end = (ws: WebSocket): Promise<number> => new Promise((done) => ws.once('close', done));

  test('only a terminal that is signed in opens a mailbox, and only with a hello', async () => {
    expect((await open({}))[0]).toBe(401);
    expect((await call('', { method: 'PUT', headers: { authorization: 'Bearer t1' }, body: '{}' }))[0]).toBe(400);
    expect((await open())[1]).toEqual({ key: expect.stringMatching(/^[\w-]{22}$/) });
    expect((await open({ authorization: 'Bearer t2' }))[0]).toBe(429);
  });

  test('a phone has the hello with the first answer, and envelopes pass both ways, by socket and by calls', async () => {
    const key = (await open())[1].key;
    const phone = socket('phone');
    expect(await word(phone)).toBe(JSON.stringify({ hello }));
    const [, { seat }] = await join({ key });
    phone.send(Uint8Array.of(1, 2, 3));
    const headers = { [seatHeader]: seat };
    const [, first] = await call('mail', { headers }, '?after=0');
    expect(first).toEqual({ mails: [[1, 'AQID']] });
    const next = call('mail', { headers }, '?after=1');
    const heard = word(phone);
    await call('mail', { method: 'POST', headers, body: Uint8Array.of(7) });
    expect(await heard).toEqual([7]);
    phone.send(Uint8Array.of(4));
    expect((await next)[1]).toEqual({ mails: [[3, 'BA']] });
    expect(relay.relay.guestAddress(id, 't1')).toBe('127.0.0.1');
    const over = word(phone);
    const [, closed] = await call('close', { method: 'POST', body: JSON.stringify({ key, why: 'used' }) });
    expect(closed).toEqual({ closed: true });
    expect(await over).toBe(JSON.stringify({ over: 'used' }));
    expect((await join({}))[1]).toEqual({ over: 'used' });
  });

  test('refuses other sites, wrong keys, envelopes that are too large, and too many phones from one address', async () => {
    const key = (await open())[1].key;
    await expect(
      new Promise((_done, fail) => socket('phone', { origin: 'https://evil.example' }).once('error', fail)),
    ).rejects.toThrow('403');
    const liar = socket('terminal');
    liar.once('open', () => liar.send(JSON.stringify({ key: 'k'.repeat(22) })));
    expect(await word(liar)).toBe(JSON.stringify({ over: 'forbidden' }));
    const loud = socket('terminal');
    loud.once('open', () => loud.send(JSON.stringify({ key })));
    await word(loud);
    loud.send(new Uint8Array(17_000));
    expect(await end(loud)).toBe(1009);
    const joins = await Promise.all(Array.from({ length: 12 }, () => join({})));
    expect(joins.filter(([status]) => status === 429)).toHaveLength(2);
  });

  test('cuts off who sends without end, and lets no stranger post', async () => {
    await open();
    const phone = socket('phone');
    await word(phone);
    for (let i = 0; i <= limits.mailsOfSeatMax; i++) phone.send(Uint8Array.of(i & 1));
    expect(await end(phone)).toBe(4008);
    const headers = { [seatHeader]: `phone.${'s'.repeat(22)}` };
    expect((await call('mail', { method: 'POST', headers, body: 'x' }))[1]).toEqual({ over: 'replaced' });
    expect((await call('mail', { method: 'POST', body: 'x' }))[0]).toBe(400);
  });
});
