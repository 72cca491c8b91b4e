import { BlockList, isIP } from 'node:net';
import { getConnInfo } from '@hono/node-server/conninfo';
import type { Context } from 'hono';

const hopsMax = 20;

/** The address of whoever calls; behind trusted proxies the one that the outermost of them saw. */
export type ClientAddress = (c: Context) => string;

/**
 * Reads `X-Forwarded-For` from the right, as long as the hop to the right of an entry is a trusted proxy; whatever a
 * caller writes to the left of that counts for nothing. `trusted`: addresses or CIDR ranges. Throws on a malformed one.
 */
export function createClientAddress(trusted: readonly string[]): ClientAddress {
  const addressOf = createRequestAddress(trusted);
  return (c) => addressOf(getConnInfo(c).remote.address ?? '', c.req.header('x-forwarded-for') ?? '');
}

/** The same for what is no call of the application: who connected, and the header. */
export function createRequestAddress(trusted: readonly string[]): (remote: string, forwardedFor: string) => string {
  const proxies = proxyList(trusted);
  return (remote, forwardedFor) => addressBehind(plain(remote), forwardedFor, (address) => isTrusted(proxies, address));
}

/** The leftmost address that a trusted hop vouches for. `remote` is who connected. */
export function addressBehind(remote: string, forwardedFor: string, isProxy: (address: string) => boolean): string {
  let address = remote;
  const hops = forwardedFor.split(',').slice(-hopsMax).reverse();
  for (const hop of hops) {
    const before = plain(hop.trim());
    if (!isProxy(address) || isIP(before) === 0) return address;
    address = before;
  }
  return address;
}

function proxyList(trusted: readonly string[]): BlockList {
  const list = new BlockList();
  for (const entry of trusted) {
    const [address = '', prefix] = entry.split('/');
    const kind = isIP(address);
    const bits = prefix === undefined ? (kind === 6 ? 128 : 32) : Number(prefix);
    if (kind === 0 || !Number.isInteger(bits) || bits < 0 || bits > (kind === 6 ? 128 : 32))
      throw new Error(`TRUSTED_PROXIES: ${entry} is no address or range`);
    list.addSubnet(address, bits, kind === 6 ? 'ipv6' : 'ipv4');
  }
  return list;
}

function isTrusted(proxies: BlockList, address: string): boolean {
  const kind = isIP(address);
  return kind !== 0 && proxies.check(address, kind === 6 ? 'ipv6' : 'ipv4');
}

/** An IPv4 address that a dual-stack socket wrote as IPv6, as IPv4. */
function plain(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.)/i, '');
}
