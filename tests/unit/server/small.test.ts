import { describe, expect, it } from 'vitest';
import { canonicalJson } from '../../../protocol/log/entry.ts';
import { chainHash, genesisHash } from '../../../server/audit/records.ts';
import { configFromEnvironment } from '../../../server/config.ts';
import { pageOf, pageQuery } from '../../../server/services/paging.ts';
import { startOfDay } from '../../../server/services/unlocks/facts.ts';
import { ticketBytes } from '../../../server/services/unlocks/grant.ts';
import { pictureType } from '../../../server/services/unlocks/inspect.ts';
import { firmwareText } from '../../../server/services/unlocks/view.ts';
import { uuidv7 } from '../../../server/store/uuid.ts';

describe('configuration from the environment', () => {
  it('has defaults and takes what is set', () => {
    expect(configFromEnvironment({})).toMatchObject({ host: '127.0.0.1', port: 8640, logLevel: 'info' });
    expect(configFromEnvironment({ PORT: '0', DATABASE_URL: 'postgres://x/y', LOG_LEVEL: 'warn' })).toMatchObject({
      ...{ port: 0, databaseUrl: 'postgres://x/y', logLevel: 'warn' },
    });
  });
  it.each([
    ['PORT', '99999'],
    ['PORT', 'http'],
    ['LOG_LEVEL', 'loud'],
  ])('%s=%s is refused by name', (name, value) => {
    expect(() => configFromEnvironment({ [name]: value })).toThrow(name);
  });
});

describe('the audit chain', () => {
  const record = {
    id: 'a',
    at: new Date(0),
    act: 'x',
    actor_id: null,
    subject: 's',
    facts: { b: 1, a: [2, { d: 3, c: 4 }] },
  };
  it('does not depend on the order of keys', () => {
    expect(canonicalJson(record.facts)).toBe('{"a":[2,{"c":4,"d":3}],"b":1}');
    const same = { ...record, facts: { a: [2, { c: 4, d: 3 }], b: 1 } };
    expect(chainHash(genesisHash, 1, record)).toEqual(chainHash(genesisHash, 1, same));
  });
  it.each<[string, object]>([
    ['act', { act: 'y' }],
    ['actor', { actor_id: 'p' }],
    ['time', { at: new Date(1) }],
    ['facts', { facts: {} }],
  ])('depends on %s', (_name, change) => {
    expect(chainHash(genesisHash, 1, { ...record, ...change })).not.toEqual(chainHash(genesisHash, 1, record));
  });
  it('depends on the place and on what came before', () => {
    expect(chainHash(genesisHash, 2, record)).not.toEqual(chainHash(genesisHash, 1, record));
    expect(chainHash(Buffer.alloc(32), 1, record)).not.toEqual(chainHash(genesisHash, 1, record));
  });
});

describe('small rules', () => {
  it('ids sort by time and are version 7', () => {
    const ids = [1, 2, 3_000_000_000_000].map((ms) => uuidv7(ms));
    expect([...ids].sort()).toEqual(ids);
    expect(ids[0]).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });
  it('a page carries a cursor only when there is more', () => {
    expect(pageOf([1, 2], 2, String)).toEqual({ items: [1, 2] });
    const page = pageOf([1, 2, 3], 2, String);
    expect(page.items).toEqual([1, 2]);
    expect(pageQuery({ cursor: page.nextCursor, limit: 2 })).toEqual({ limit: 2, after: '2' });
  });
  it('a technician’s day begins at midnight in China', () => {
    expect(startOfDay(Date.parse('2026-11-23T15:59:59Z')).toISOString()).toBe('2026-11-22T16:00:00.000Z');
    expect(startOfDay(Date.parse('2026-11-23T16:00:00Z')).toISOString()).toBe('2026-11-23T16:00:00.000Z');
  });
  it('pictures are known by their first bytes', () => {
    expect(pictureType(Uint8Array.of(0xff, 0xd8, 0xff, 0xe0))).toBe('image/jpeg');
    expect(pictureType(Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10))).toBe('image/png');
    expect(pictureType(new TextEncoder().encode('<svg onload=alert(1)>'))).toBeUndefined();
    expect(pictureType(new Uint8Array(0))).toBeUndefined();
  });
  it('firmware reads as people write it', () => {
    expect(firmwareText(0x04020100)).toBe('4.2.1');
    expect(firmwareText(0xff020107)).toBe('255.2.1.7');
  });
  it('a ticket inside a credential is the random half of its id', () => {
    expect(Buffer.from(ticketBytes('01890a5d-ac96-774b-bcce-b302099a8057')).toString('hex')).toBe('bcceb302099a8057');
  });
});
