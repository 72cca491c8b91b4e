import { describe, expect, it } from 'vitest';
import { makeKeyFile } from '../../../server/keys/key-file.ts';
import { createKeyRing } from '../../../server/keys/key-ring.ts';
import {
  maskedLabel,
  numberHash,
  openNumber,
  sealNumber,
  secretHash,
  tailOf,
  verifySecret,
} from '../../../server/services/fees/secrets.ts';

const keys = createKeyRing(makeKeyFile(0));
const others = createKeyRing(makeKeyFile(0));
const payee = '018f0000-0000-7000-8000-000000000001';

describe('a household number', () => {
  it('is found by one hash, however it is spaced, and by no other payee, service or key', () => {
    const hash = numberHash(keys, payee, 'water', '2026 0003-176');
    expect(numberHash(keys, payee, 'water', '20260003176')).toEqual(hash);
    for (const other of [
      numberHash(keys, payee, 'gas', '20260003176'),
      numberHash(keys, `${payee.slice(0, -1)}2`, 'water', '20260003176'),
      numberHash(others, payee, 'water', '20260003176'),
      numberHash(keys, payee, 'water', '20260003177'),
    ])
      expect(other).not.toEqual(hash);
  });
  it('is sealed to its row', () => {
    const sealed = sealNumber(keys, 'a', '2026 0003 176');
    expect(sealed.includes('20260003176')).toBe(false);
    expect(openNumber(keys, 'a', sealed)).toBe('20260003176');
    expect(() => openNumber(keys, 'b', sealed)).toThrow();
  });
  it.each([
    ['20260003176', '3176'],
    ['13800138000', '8000'],
    ['123456', '456'],
    ['1234', '34'],
  ])('%s shows the tail %s', (number, tail) => {
    expect(tailOf(number)).toBe(tail);
  });
  it.each([
    ['3 号楼 1203 室', '3 号楼 12** 室'],
    ['B1-017', 'B1-0**'],
    ['Unit 7', 'Unit *'],
    ['桂园', '桂园'],
    ['东门岗亭', '东门**'],
  ])('%s is shown to passers-by as %s', (label, masked) => {
    expect(maskedLabel(label)).toBe(masked);
  });
});

describe('agreed digits', () => {
  it('are known by a hash that is never the same twice', async () => {
    const [one, two] = await Promise.all([secretHash(keys, '1203'), secretHash(keys, '1203')]);
    expect(one).not.toEqual(two);
    expect(await verifySecret(keys, '1203', one)).toBe(true);
    expect(await verifySecret(keys, '1 203', two)).toBe(true);
    expect(await verifySecret(keys, '1204', one)).toBe(false);
    expect(await verifySecret(others, '1203', one)).toBe(false);
  });
  it('take the same work when there is no such household', async () => {
    expect(await verifySecret(keys, '1203', null)).toBe(false);
    expect(await verifySecret(keys, '1203', Buffer.alloc(48))).toBe(false);
    expect(await verifySecret(keys, '1203', Buffer.alloc(3))).toBe(false);
  });
});
