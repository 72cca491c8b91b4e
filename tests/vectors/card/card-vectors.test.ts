import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { hexDecode, hexEncode } from '../../../protocol/bytes.ts';
import { encipherCardData, encodeCardData } from '../../../protocol/card/card-data.ts';
import { dukptFromInitialKey, encodeDukpt, decodeDukpt, nextTransaction } from '../../../protocol/card/dukpt.ts';
import type { DukptState } from '../../../protocol/card/dukpt.ts';
import { agreeKbpk, openInitialKey } from '../../../protocol/card/initial-key.ts';
import { unwrapKeyBlock, wrapKeyBlock } from '../../../protocol/card/key-block.ts';
import { encipherPin } from '../../../protocol/card/pin-block.ts';
import { softwareAgreementKey } from '../../../protocol/unlock/v1/hpke.ts';
import { keyCheckValue } from '../../../protocol/unlock/v1/cmac.ts';
import { packageKeyOf } from '../../../protocol/unlock/v1/package-key.ts';
import { hostDerivationKey } from './host-derivation.ts';

function load<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(name, import.meta.url), 'utf8')) as T;
}

function bytesOf(hex: string): Uint8Array {
  const bytes = hexDecode(hex);
  if (bytes === undefined) throw new Error(`vector is not hex: ${hex}`);
  return bytes;
}

interface DukptVectors {
  readonly initialKey: string;
  readonly ikid: string;
  readonly pin: string;
  readonly pan: string;
  readonly pinRandom: string;
  readonly first: readonly Readonly<
    Record<'key' | 'pin' | 'mac' | 'data' | 'pinBlock', string> & { counter: number }
  >[];
  readonly far: readonly { readonly counter: number; readonly key: string }[];
}

const dukpt = load<DukptVectors>('dukpt.json');

/** A terminal's state as it stands before `counter`, made by the host's way: which keys it still holds. */
function stateAt(counter: number): DukptState {
  const ikid = bytesOf(dukpt.ikid);
  const registers = Array.from({ length: 32 }, (_, bit) => {
    const isSet = (Math.floor(counter / 2 ** bit) & 1) === 1;
    const value = isSet ? Math.floor(counter / 2 ** bit) * 2 ** bit : 0;
    return isSet ? hostDerivationKey(bytesOf(dukpt.initialKey), ikid, value) : undefined;
  });
  return { ikid, counter, registers };
}

describe('X9.24-3: AES DUKPT', () => {
  test('the first eight transactions and their PIN blocks', () => {
    let state = dukptFromInitialKey(bytesOf(dukpt.initialKey), bytesOf(dukpt.ikid));
    for (const row of dukpt.first) {
      const step = nextTransaction(state);
      if (step === undefined) throw new Error('ended');
      const { keys, after } = step;
      expect(hexEncode(keys.ksn)).toBe(dukpt.ikid + row.counter.toString(16).padStart(8, '0'));
      expect([hexEncode(keys.pin), hexEncode(keys.mac), hexEncode(keys.data)]).toEqual([row.pin, row.mac, row.data]);
      const block = encipherPin(keys.pin, dukpt.pin, dukpt.pan, bytesOf(dukpt.pinRandom));
      expect(hexEncode(block)).toBe(row.pinBlock);
      state = decodeDukpt(encodeDukpt(after)) ?? after;
    }
  });

  test.each(dukpt.far)('counter $counter', ({ counter, key }) => {
    expect(hexEncode(hostDerivationKey(bytesOf(dukpt.initialKey), bytesOf(dukpt.ikid), counter))).toBe(key);
    const bit = Math.log2(counter & -counter);
    expect(hexEncode(stateAt(counter).registers[bit] ?? new Uint8Array(0))).toBe(key);
    expect(nextTransaction(stateAt(counter))?.keys.ksn).toEqual(
      bytesOf(dukpt.ikid + counter.toString(16).padStart(8, '0')),
    );
  });

  test('counters with more than 16 set bits are passed over, and the last one ends the key', () => {
    expect(nextTransaction(stateAt(0x0001_fffe))?.after.counter).toBe(0x0002_0000);
    const last = nextTransaction(stateAt(0xffff_0000));
    expect(last?.after.counter).toBe(0);
    expect(last?.after.registers.every((key) => key === undefined)).toBe(true);
    expect(last === undefined ? 'missing' : nextTransaction(last.after)).toBeUndefined();
  });
});

interface Block {
  readonly name: string;
  readonly kbpk: string;
  readonly key: string;
  readonly block: string;
}

const blocks = load<{ padding: string; cases: Block[] }>('key-block.json');

describe('X9.143: key blocks of version D', () => {
  test.each(blocks.cases)('opens $name', ({ kbpk, key, block }) => {
    const opened = unwrapKeyBlock(bytesOf(kbpk), block);
    expect(opened.ok && hexEncode(opened.value.key)).toBe(key);
    expect(opened.ok && opened.value.header.optional).toEqual([]);
  });

  test('wraps the example of TR-31, A.7.4', () => {
    const [example] = blocks.cases;
    if (example === undefined) throw new Error('no example');
    const header = { usage: 'P0', algorithm: 'A', mode: 'E', version: '00', exportability: 'E', optional: [] };
    expect(wrapKeyBlock(bytesOf(example.kbpk), header, bytesOf(example.key), bytesOf(blocks.padding))).toBe(
      example.block,
    );
  });

  test.each(blocks.cases)('refuses every change of one character of $name', ({ kbpk, block }) => {
    const key = bytesOf(kbpk);
    for (let at = 0; at < block.length; at++) {
      for (const other of ['0', '1', 'A', 'D', 'F', 'a', ' ', 'é']) {
        if (block[at] === other) continue;
        const changed = block.slice(0, at) + other + block.slice(at + 1);
        expect([at, other, unwrapKeyBlock(key, changed).ok]).toEqual([at, other, false]);
      }
    }
    expect(unwrapKeyBlock(key, block.slice(0, -1)).ok).toBe(false);
    expect(unwrapKeyBlock(key, `${block}0`).ok).toBe(false);
    expect(unwrapKeyBlock(key, '').ok).toBe(false);
  });
});

test.each(load<{ cases: Record<'key' | 'pin' | 'pan' | 'random' | 'block', string>[] }>('pin-block.json').cases)(
  'ISO 9564-1: PIN block of format 4 with PAN $pan',
  ({ key, pin, pan, random, block }) => {
    expect(hexEncode(encipherPin(bytesOf(key), pin, pan, bytesOf(random)))).toBe(block);
  },
);

interface Golden {
  readonly agreement: Record<
    'acquirerSecret' | 'acquirerPublicKey' | 'identitySecret' | 'devicePublicKey' | 'deviceId' | 'kbpk',
    string
  >;
  readonly block: Record<'ikid' | 'initialKey' | 'kcv' | 'header' | 'padding' | 'keyBlock', string>;
  readonly read: Record<
    | 'ksn'
    | 'dataKey'
    | 'pinKey'
    | 'pan'
    | 'expiry'
    | 'track2'
    | 'sequence'
    | 'plain'
    | 'iv'
    | 'data'
    | 'pin'
    | 'pinRandom'
    | 'pinBlock',
    string
  >;
}

describe('card keys end to end', () => {
  const { agreement, block, read } = load<Golden>('kbpk.json');

  test('both sides agree on the KBPK', () => {
    const device = packageKeyOf(bytesOf(agreement.identitySecret));
    const acquirer = softwareAgreementKey(bytesOf(agreement.acquirerSecret));
    expect(hexEncode(device.publicKey)).toBe(agreement.devicePublicKey);
    expect(hexEncode(acquirer.publicKey)).toBe(agreement.acquirerPublicKey);
    const deviceId = bytesOf(agreement.deviceId);
    expect(hexEncode(agreeKbpk(device, acquirer.publicKey, deviceId) ?? new Uint8Array())).toBe(agreement.kbpk);
    expect(hexEncode(agreeKbpk(acquirer, device.publicKey, deviceId) ?? new Uint8Array())).toBe(agreement.kbpk);
    expect(agreeKbpk(device, new Uint8Array(32), deviceId)).toBeUndefined();
  });

  test('the key block brings the initial key and its id', () => {
    const opened = openInitialKey(bytesOf(agreement.kbpk), block.keyBlock);
    if (!opened.ok) throw new Error(opened.error);
    expect(hexEncode(opened.value.ikid)).toBe(block.ikid);
    expect(hexEncode(opened.value.key)).toBe(block.initialKey);
    expect(hexEncode(keyCheckValue(opened.value.key))).toBe(block.kcv);
  });

  test('the first reading has these ciphertexts', () => {
    const step = nextTransaction(dukptFromInitialKey(bytesOf(block.initialKey), bytesOf(block.ikid)));
    if (step === undefined) throw new Error('ended');
    const { keys } = step;
    expect([hexEncode(keys.ksn), hexEncode(keys.data), hexEncode(keys.pin)]).toEqual([
      read.ksn,
      read.dataKey,
      read.pinKey,
    ]);
    const { pan, expiry, track2, sequence } = read;
    const plain = encodeCardData({ pan, expiry, track2, sequence });
    expect(hexEncode(plain)).toBe(read.plain);
    expect(hexEncode(encipherCardData(keys.data, bytesOf(read.iv), plain))).toBe(read.data);
    expect(hexEncode(encipherPin(keys.pin, read.pin, pan, bytesOf(read.pinRandom)))).toBe(read.pinBlock);
  });

  test.each([
    ['another use', 'P0', 'A', 'X', 'N'],
    ['another algorithm', 'B1', 'T', 'X', 'N'],
    ['another mode', 'B1', 'A', 'E', 'N'],
    ['exportable', 'B1', 'A', 'X', 'E'],
  ])('an authentic block for %s is no initial key', (_name, usage, algorithm, mode, exportability) => {
    const optional = [
      { id: 'IK', text: block.ikid.toUpperCase() },
      { id: 'PB', text: '00000000' },
    ];
    const header = { usage, algorithm, mode, version: '00', exportability, optional };
    const wrap = (text: typeof header): string =>
      wrapKeyBlock(bytesOf(agreement.kbpk), text, bytesOf(block.initialKey), bytesOf(block.padding));
    expect(openInitialKey(bytesOf(agreement.kbpk), wrap(header))).toMatchObject({ ok: false, error: 'wrong-key' });
    const right = { ...header, usage: 'B1', algorithm: 'A', mode: 'X', exportability: 'N' };
    expect(wrap(right)).toBe(block.keyBlock);
    expect(openInitialKey(bytesOf(agreement.kbpk), wrap({ ...right, optional: [] }))).toMatchObject({
      ok: false,
      error: 'wrong-key',
    });
  });

  test('an error never holds the number or the PIN', () => {
    const messages = [
      () => encipherPin(bytesOf(read.pinKey), '123', read.pan, bytesOf(read.pinRandom)),
      () => encipherPin(bytesOf(read.pinKey), read.pin, `${read.pan}x`, bytesOf(read.pinRandom)),
      () => encodeCardData({ pan: `${read.pan}x`, expiry: read.expiry, track2: read.track2 }),
      () => encodeCardData({ pan: read.pan, expiry: read.expiry, track2: `${read.track2}x` }),
    ].map((act) => {
      try {
        act();
        return 'nothing was thrown';
      } catch (cause) {
        return cause instanceof RangeError ? cause.message : String(cause);
      }
    });
    expect(messages).toEqual(['pinBlock.pin', 'pinBlock.pan', 'cardData: pan or expiry', 'cardData: track2']);
  });
});
