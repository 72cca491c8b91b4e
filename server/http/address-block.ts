import { isIP } from 'node:net';

const groups = 8;
const blockGroups = 4;

/**
 * Whom a limit takes for one caller. An IPv4 address is one; of IPv6 it is the first 64 bits, because who has one such
 * address has 2^64 of them and could come from another each time.
 */
export function addressBlock(address: string): string {
  const plain = address.split('%')[0] ?? '';
  if (isIP(plain) !== 6) return address;
  const [head = '', tail] = plain.split('::');
  const partsOf = (text: string): string[] => (text === '' ? [] : text.split(':'));
  const [before, behind] = [partsOf(head), partsOf(tail ?? '')];
  // An IPv4 address at the end stands for two groups.
  const length = before.length + behind.length + (plain.includes('.') ? 1 : 0);
  const all = [...before, ...Array<string>(Math.max(0, groups - length)).fill('0'), ...behind];
  const first = all.slice(0, blockGroups).map((part) => Number.parseInt(part, 16).toString(16));
  return `${first.join(':')}::/64`;
}
