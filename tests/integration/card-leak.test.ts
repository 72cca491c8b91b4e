import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { encodeCardData } from '../../protocol/card/card-data.ts';
import { factsOf } from '../../mock-server/terminal/cards.ts';
import { needlesOf, search } from './card-leak/needles.ts';
import type { Haystack } from './card-leak/needles.ts';
import { cardCalled, CardShop, taps } from './card-leak/shop.ts';
import { dumpDatabase, filesBelow, tapHttp, tapLog } from './card-leak/taps.ts';
import { Cluster } from './server/world.ts';

const cards = ['debit', 'credit', 'stripe'].map(cardCalled);
const needles = cards.flatMap(needlesOf);

let cluster: Cluster;
let shop: CardShop;
let deviceFolder = '';

beforeAll(async () => {
  tapLog(taps.serverLog);
  tapHttp(taps.http);
  cluster = await Cluster.start();
  deviceFolder = mkdtempSync(join(cluster.folder, 'device-'));
  shop = await CardShop.open(cluster, deviceFolder);
}, 120_000);

afterAll(async () => {
  await shop.close();
  await cluster.stop();
  vi.restoreAllMocks();
});

test('the search finds each spelling where it is planted', () => {
  const card = cardCalled('debit');
  const plain = Buffer.from(
    encodeCardData(factsOf(card, 'magstripe', { amountFen: 1, unpredictable: new Uint8Array(4), counter: 1 })),
  );
  const planted: Record<string, Buffer> = {
    json: Buffer.from(JSON.stringify({ pan: card.pan, pin: card.pin })),
    raw: Buffer.concat([Buffer.from([7]), plain]),
    hex: Buffer.from(`x${plain.toString('hex')}`),
    base64: Buffer.from(Buffer.concat([Buffer.from('abcd'), plain]).toString('base64')),
    url: Buffer.from(Buffer.concat([Buffer.from('abcde'), plain]).toString('base64url')),
    text: Buffer.from(Buffer.from(`card=${card.pan} `).toString('base64')),
    block: Buffer.from('46246810aaaaaaaa0102030405060708', 'hex'),
  };
  for (const [name, bytes] of Object.entries(planted)) {
    expect([name, search([{ name, bytes }], needlesOf(card)).length > 0]).toEqual([name, true]);
  }
  expect(
    search([{ name: 'others', bytes: Buffer.from(`${cardCalled('credit').pan} 46246810ff`) }], needlesOf(card)),
  ).toEqual([]);
});

describe('card payments from the device to the acquirer', () => {
  test('are paid: chip, contactless and stripe, each with a PIN that the issuer found right', async () => {
    for (const [id, entry] of [
      ['debit', 'chip'],
      ['credit', 'contactless'],
      ['stripe', 'magstripe'],
    ] as const) {
      const order = await shop.sell(id, entry, 12_850);
      expect([id, order.state, order.paidFen]).toEqual([id, 'paid', 12_850]);
      expect(JSON.stringify(order)).toContain(cardCalled(id).pan.slice(-4));
      await shop.lookAround(order);
    }
    const bought = shop.standIn.host.books.state.entries.filter(({ kind }) => kind === 'purchase');
    expect(bought.map(({ state }) => state)).toEqual(['approved', 'approved', 'approved']);
  });

  test('leave no number, no track and no PIN on any way between', () => {
    const ways: readonly Haystack[] = Object.values(taps).map((tap) => tap.haystack);
    for (const { name, bytes } of ways) expect([name, bytes.length > 500]).toEqual([name, true]);
    expect(taps.serverLog.haystack.bytes.toString()).toContain('"level":20');
    expect(taps.cable.haystack.bytes.includes(Buffer.from('0426'))).toBe(true);
    expect(search(ways, needles)).toEqual([]);
  });

  test('leave none in any table of the database', async () => {
    const tables = await dumpDatabase(shop.world.databaseUrl);
    const attempts = tables.find(({ name }) => name.endsWith('payment_attempts'));
    expect(attempts?.bytes.toString()).toContain('bank-card');
    expect(tables.length).toBeGreaterThan(30);
    expect(search(tables, needles)).toEqual([]);
  });

  test('leave none in any file of server, database and device, write-ahead log included', { timeout: 120_000 }, () => {
    const files = filesBelow(cluster.folder);
    expect(files.some(({ name }) => name.includes('pg_wal'))).toBe(true);
    expect(files.some(({ name }) => name.startsWith(deviceFolder) && name.includes('key.card'))).toBe(true);
    expect(
      search(
        files,
        needles.filter(({ bytes }) => bytes !== undefined && bytes.length >= 8),
        true,
      ),
    ).toEqual([]);
  });
});
