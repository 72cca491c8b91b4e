import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** What udev tells its listeners about a device: the action, and the device's properties. */
export interface UdevMessage {
  readonly action: 'add' | 'remove';
  readonly subsystem: string;
  /** The path below /sys. */
  readonly devicePath: string;
  readonly properties: Readonly<Record<string, string>>;
}

const headerBytes = 40;
const magic = 0xfeedcafe;
const udevGroup = 2;

function murmurHash2(text: string): number {
  const data = Buffer.from(text);
  const factor = 0x5bd1e995;
  let hash = data.length;
  let at = 0;
  for (; data.length - at >= 4; at += 4) {
    let word = Math.imul(data.readUInt32LE(at), factor);
    word ^= word >>> 24;
    hash = Math.imul(hash, factor) ^ Math.imul(word, factor);
  }
  const rest = data.subarray(at);
  if (rest.length > 0) {
    hash ^= rest.reduce((sum, byte, index) => sum | (byte << (8 * index)), 0);
    hash = Math.imul(hash, factor);
  }
  hash = Math.imul(hash ^ (hash >>> 13), factor);
  return (hash ^ (hash >>> 15)) >>> 0;
}

/** The bytes of a message in the form that libudev's monitor reads: a header of 40 bytes, then NAME=VALUE strings. */
export function encodeUdevMessage(message: UdevMessage): Buffer {
  const all = {
    ACTION: message.action,
    DEVPATH: message.devicePath,
    SUBSYSTEM: message.subsystem,
    ...message.properties,
  };
  const properties = Buffer.from(
    Object.entries(all)
      .map(([name, value]) => `${name}=${value}\0`)
      .join(''),
  );
  const header = Buffer.alloc(headerBytes);
  header.write('libudev\0', 0, 'latin1');
  header.writeUInt32BE(magic, 8);
  header.writeUInt32LE(headerBytes, 12);
  header.writeUInt32LE(headerBytes, 16);
  header.writeUInt32LE(properties.length, 20);
  header.writeUInt32BE(murmurHash2(message.subsystem), 24);
  return Buffer.concat([header, properties]);
}

// Node has no netlink sockets; perl-base, which every Debian has, does. 16 is AF_NETLINK, 15 NETLINK_KOBJECT_UEVENT.
const perlSender = `
socket(my $socket, 16, 3, 15) or die "socket: $!";
bind($socket, pack("SSLL", 16, 0, 0, 0)) or die "bind: $!";
defined(send($socket, pack("H*", $ARGV[0]), 0, pack("SSLL", 16, 0, 0, ${udevGroup}))) or die "send: $!";
`;

/** Sends `message` to all udev listeners of this machine. Needs root. Rejects with perl's reason when refused. */
export async function sendUdevMessage(message: UdevMessage): Promise<void> {
  await run('perl', ['-e', perlSender, encodeUdevMessage(message).toString('hex')]);
}
