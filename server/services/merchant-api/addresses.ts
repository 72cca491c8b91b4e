import { BlockList, isIP } from 'node:net';

const inner = new BlockList();
for (const [network, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['224.0.0.0', 3],
] as const)
  inner.addSubnet(network, prefix, 'ipv4');
for (const [network, prefix] of [
  ['::', 127],
  ['64:ff9b::', 96],
  ['fc00::', 7],
  ['fe80::', 10],
  ['ff00::', 8],
] as const)
  inner.addSubnet(network, prefix, 'ipv6');

/**
 * True for an address inside a network: loopback, private, link-local, shared, multicast. A webhook must not make the
 * server call its own neighbours (OWASP: server-side request forgery). An IPv4 address inside IPv6 counts as IPv4.
 */
export function isInnerAddress(address: string): boolean {
  const kind = isIP(address);
  if (kind === 0) return true;
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined) return inner.check(mapped, 'ipv4');
  return inner.check(address, kind === 4 ? 'ipv4' : 'ipv6');
}

/**
 * The fault of a webhook's address, in words for the `url` field; `undefined` when it will do. `mayBeInner`: in demo
 * mode http and loopback are allowed.
 */
export function addressFault(text: string, mayBeInner: boolean): string | undefined {
  const url = URL.parse(text);
  if (url === null) return 'must be an address';
  if (url.username !== '' || url.password !== '') return 'must not hold a password';
  if (mayBeInner && ['http:', 'https:'].includes(url.protocol)) return undefined;
  if (url.protocol !== 'https:') return 'must begin with https://';
  const host = url.hostname.replace(/^\[|\]$/g, '');
  return isIP(host) !== 0 && isInnerAddress(host) ? 'must not be inside a private network' : undefined;
}
