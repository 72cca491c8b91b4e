import { describe, expect, it } from 'vitest';
import { addressBehind, createClientAddress } from '../../../server/http/client-address.ts';

const isProxy = (address: string): boolean => address === '127.0.0.1' || address.startsWith('10.');

describe('the caller’s address behind proxies', () => {
  it.each([
    ['no proxy, header made up', '203.0.113.9', '1.1.1.1', '203.0.113.9'],
    ['one proxy', '127.0.0.1', '203.0.113.9', '203.0.113.9'],
    ['one proxy, and an entry that the caller wrote', '127.0.0.1', '1.1.1.1, 203.0.113.9', '203.0.113.9'],
    ['two proxies', '127.0.0.1', '203.0.113.9, 10.0.0.7', '203.0.113.9'],
    ['proxies only', '127.0.0.1', '10.0.0.8, 10.0.0.7', '10.0.0.8'],
    ['no header', '127.0.0.1', '', '127.0.0.1'],
    ['nonsense in the header', '127.0.0.1', 'unknown', '127.0.0.1'],
    ['IPv6', '127.0.0.1', '2001:db8::1', '2001:db8::1'],
    ['IPv4 as a dual-stack socket writes it', '127.0.0.1', '::ffff:203.0.113.9', '203.0.113.9'],
  ])('%s', (_name, remote, header, address) => {
    expect(addressBehind(remote, header, isProxy)).toBe(address);
  });
  it.each(['localhost', '10.0.0.0/33', '10.0.0.0/x', '2001:db8::/129'])('refuses %s as a proxy', (entry) => {
    expect(() => createClientAddress([entry])).toThrow('TRUSTED_PROXIES');
  });
});
