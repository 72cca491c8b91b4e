import { describe, expect, it } from 'vitest';
import { addressFault, isInnerAddress } from '../../../server/services/merchant-api/addresses.ts';

describe('addresses inside a network', () => {
  it.each([
    '127.0.0.1',
    '10.1.2.3',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.1.1',
    '169.254.169.254',
    '100.64.0.1',
    '0.0.0.0',
    '224.0.0.1',
    '255.255.255.255',
    '::1',
    '::',
    'fe80::1',
    'fd00::1',
    '::ffff:10.0.0.1',
    '64:ff9b::a00:1',
    'not an address',
  ])('%s', (address) => {
    expect(isInnerAddress(address)).toBe(true);
  });
  it.each(['8.8.8.8', '172.32.0.1', '100.63.255.255', '2001:4860:4860::8888', '::ffff:8.8.8.8'])(
    'not %s',
    (address) => {
      expect(isInnerAddress(address)).toBe(false);
    },
  );
});

describe('a webhook’s address', () => {
  it.each([
    ['https://till.example/hook', undefined],
    ['https://8.8.8.8/hook', undefined],
    ['http://till.example/hook', 'must begin with https://'],
    ['ftp://till.example', 'must begin with https://'],
    ['https://user:secret@till.example/', 'must not hold a password'],
    ['https://127.0.0.1/hook', 'must not be inside a private network'],
    ['https://[::1]/hook', 'must not be inside a private network'],
    // The URL parser writes such numbers out, so that no other spelling slips through.
    ['https://2130706433/hook', 'must not be inside a private network'],
    ['nonsense', 'must be an address'],
  ])('%s', (url, fault) => {
    expect(addressFault(url, false)).toBe(fault);
  });
  it('may be on this machine in the demo, but never without http', () => {
    expect(addressFault('http://localhost:8650/webhook', true)).toBeUndefined();
    expect(addressFault('file:///etc/passwd', true)).toBe('must begin with https://');
  });
});
