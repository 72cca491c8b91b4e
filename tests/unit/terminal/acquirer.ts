import { createCipheriv, createDecipheriv } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { concatBytes, equalBytes, hexDecode, hexEncode, readU32Be, u32Be } from '../../../protocol/bytes.ts';
import type { Reply } from '../../../protocol/cable/v1/services/table.ts';
import { agreeKbpk } from '../../../protocol/card/initial-key.ts';
import { wrapKeyBlock } from '../../../protocol/card/key-block.ts';
import { softwareAgreementKey } from '../../../protocol/unlock/v1/hpke.ts';
import type { SecureDevice } from '../../../mock-server/terminal/secure-device.ts';
import { hostDerivationKey } from '../../vectors/card/host-derivation.ts';

const golden = JSON.parse(readFileSync(new URL('../../vectors/card/kbpk.json', import.meta.url), 'utf8')) as {
  agreement: { acquirerSecret: string };
  block: { initialKey: string; padding: string };
};

function bytesOf(hex: string): Uint8Array {
  const bytes = hexDecode(hex);
  if (bytes === undefined) throw new Error('not hex');
  return bytes;
}

function block(key: Uint8Array, data: Uint8Array, isEncrypting: boolean): Uint8Array {
  const cipher = (isEncrypting ? createCipheriv : createDecipheriv)('aes-128-ecb', key, null).setAutoPadding(false);
  return new Uint8Array(Buffer.concat([cipher.update(data), cipher.final()]));
}

/** What an acquirer reads out of a reading. */
export interface OpenedCard {
  readonly counter: number;
  readonly tags: ReadonlyMap<string, string>;
  readonly pan: string;
  readonly pin: string;
}

/** An acquirer as tests need it: gives initial keys to devices and opens what they encipher, by the host's derivation. */
export class TestAcquirer {
  readonly #key = softwareAgreementKey(bytesOf(golden.agreement.acquirerSecret));
  readonly initialKey = bytesOf(golden.block.initialKey);

  get publicKey(): Uint8Array {
    return this.#key.publicKey;
  }

  /** The initial key id number `number` of this acquirer. */
  ikid(number: number): Uint8Array {
    return concatBytes(bytesOf('54540001'), u32Be(number));
  }

  /** A key block for `device`. */
  keyBlock(device: SecureDevice, number = 1): string {
    const { packagePublicKey, deviceId } = device.factory;
    const kbpk = agreeKbpk(this.#key, packagePublicKey, deviceId);
    if (kbpk === undefined) throw new Error('no agreement');
    const optional = [
      { id: 'IK', text: hexEncode(this.ikid(number)).toUpperCase() },
      { id: 'PB', text: '00000000' },
    ];
    const header = { usage: 'B1', algorithm: 'A', mode: 'X', version: '00', exportability: 'N', optional };
    return wrapKeyBlock(kbpk, header, this.initialKey, bytesOf(golden.block.padding));
  }

  /** Opens a reading. Throws when it does not open. */
  open(reply: Reply<'card.read'>): OpenedCard {
    const ikid = reply.ksn.subarray(0, 8);
    const counter = readU32Be(reply.ksn, 8);
    const cipher = createDecipheriv('aes-128-cbc', this.#working(ikid, counter, 0x3000), reply.data.subarray(0, 16));
    const plain = cipher.setAutoPadding(false);
    const padded = Buffer.concat([plain.update(reply.data.subarray(16)), plain.final()]);
    const end = padded.lastIndexOf(0x80);
    if (end < 0 || padded.subarray(end + 1).some((byte) => byte !== 0)) throw new Error('wrong padding');
    const tags = readTlv(padded.subarray(0, end));
    const pan = (tags.get('5a') ?? '').replace(/f$/, '');
    const pin = reply.pinBlock.length === 0 ? '' : this.#openPin(reply, pan, counter);
    return { counter, tags, pan, pin };
  }

  #openPin(reply: Reply<'card.read'>, pan: string, counter: number): string {
    if (!equalBytes(reply.ksn, reply.pinKsn)) throw new Error('two KSNs');
    const key = this.#working(reply.ksn.subarray(0, 8), counter, 0x1000);
    const panField = bytesOf(`${(pan.length - 12).toString(16)}${pan}`.padEnd(32, '0'));
    const inner = block(key, reply.pinBlock, false).map((byte, index) => byte ^ (panField[index] ?? 0));
    const field = hexEncode(block(key, inner, false));
    const length = Number.parseInt(field.charAt(1), 16);
    if (!field.startsWith('4') || !/^a*$/.test(field.slice(2 + length, 16))) throw new Error('wrong PIN field');
    return field.slice(2, 2 + length);
  }

  #working(ikid: Uint8Array, counter: number, usage: number): Uint8Array {
    const data = Buffer.alloc(16);
    data.writeUInt32BE(0x0101_0000 + usage, 0);
    data.writeUInt32BE(0x0002_0080, 4);
    Buffer.from(ikid).copy(data, 8, 4, 8);
    data.writeUInt32BE(counter, 12);
    return block(hostDerivationKey(this.initialKey, ikid, counter), data, true);
  }
}

function readTlv(bytes: Uint8Array): ReadonlyMap<string, string> {
  const tags = new Map<string, string>();
  for (let at = 0; at < bytes.length;) {
    const tagBytes = ((bytes[at] ?? 0) & 0x1f) === 0x1f ? 2 : 1;
    const length = bytes[at + tagBytes] ?? 0;
    const from = at + tagBytes + 1;
    tags.set(hexEncode(bytes.subarray(at, at + tagBytes)), hexEncode(bytes.subarray(from, from + length)));
    at = from + length;
  }
  return tags;
}
