import { concatBytes, readU32Be, u16Be, u32Be } from '../bytes.ts';
import { aesBlock } from './aes.ts';

/**
 * AES DUKPT with 128-bit keys, the terminal's side (ANSI X9.24-3:2017, section 6): every transaction has a key of its
 * own, and what the terminal keeps after it does not lead back to it.
 */

/** What a derived key is for: the number of the standard (X9.24-3, table 2). */
export const dukptUsages = {
  pinEncryption: 0x1000,
  macGeneration: 0x2000,
  dataEncryption: 0x3000,
  keyDerivation: 0x8000,
} as const;
/** One use of a working key. */
export type DukptUsage = keyof typeof dukptUsages;

/** Bytes of an initial key id: base key id (4) and derivation id (4). */
export const ikidBytes = 8;

const keyBytes = 16;
const registerCount = 32;
/** Set bits of a counter at most: bounds the work of the host for one key. */
const oneBitsMax = 16;
const aes128 = 2;

/** What a terminal keeps between transactions. Every array in it is secret but the id. */
export interface DukptState {
  readonly ikid: Uint8Array;
  /** The counter of the next transaction; 0 when the space is used up and there will be none. */
  readonly counter: number;
  /** Intermediate derivation keys by the bit of the counter to which they belong. */
  readonly registers: readonly (Uint8Array | undefined)[];
}

/** The keys of one transaction. The caller zeroes them after use. */
export interface TransactionKeys {
  /** Initial key id and counter, 12 bytes: goes along with every ciphertext. */
  readonly ksn: Uint8Array;
  readonly data: Uint8Array;
  readonly pin: Uint8Array;
  readonly mac: Uint8Array;
}

function oneBits(value: number): number {
  let count = 0;
  for (let rest = value; rest !== 0; rest = (rest & (rest - 1)) >>> 0) count++;
  return count;
}

/** The index of the lowest bit that is set. `value` must not be 0. */
function lowestBit(value: number): number {
  return 31 - Math.clz32(value & -value);
}

/** One derivation (X9.24-3, section 6.3): version 1, first block, use, AES-128, 128 bits, derivation id, counter. */
function derive(key: Uint8Array, usage: number, ikid: Uint8Array, counter: number): Uint8Array {
  const head = concatBytes(Uint8Array.of(1, 1), u16Be(usage), u16Be(aes128), u16Be(8 * keyBytes));
  return aesBlock(key, concatBytes(head, ikid.subarray(4), u32Be(counter)));
}

/** The keys of all counters that extend `counter` by one bit below `bits`. */
function childKeys(key: Uint8Array, ikid: Uint8Array, counter: number, bits: number): Uint8Array[] {
  const keys: Uint8Array[] = [];
  for (let bit = 0; bit < bits; bit++) {
    keys.push(derive(key, dukptUsages.keyDerivation, ikid, (counter | (1 << bit)) >>> 0));
  }
  return keys;
}

/** The state after loading an initial key; the key itself is no longer needed and must be zeroed. Throws on wrong sizes. */
export function dukptFromInitialKey(initialKey: Uint8Array, ikid: Uint8Array): DukptState {
  if (initialKey.length !== keyBytes) throw new RangeError('dukpt.initialKey: not 16 bytes');
  if (ikid.length !== ikidBytes) throw new RangeError('dukpt.ikid: not 8 bytes');
  return { ikid: ikid.slice(), counter: 1, registers: childKeys(initialKey, ikid, 0, registerCount) };
}

/**
 * The keys of the next transaction and the state that must be durable before any of them is used. `undefined` when the
 * counter space has ended. Counters with more than 16 set bits are passed over.
 */
export function nextTransaction(
  state: DukptState,
): { readonly keys: TransactionKeys; readonly after: DukptState } | undefined {
  const { ikid, counter } = state;
  if (counter === 0) return undefined;
  const bit = lowestBit(counter);
  const key = state.registers[bit];
  if (key === undefined) throw new Error('dukpt: the register of this counter is empty');
  const keys = {
    ksn: concatBytes(ikid, u32Be(counter)),
    data: derive(key, dukptUsages.dataEncryption, ikid, counter),
    pin: derive(key, dukptUsages.pinEncryption, ikid, counter),
    mac: derive(key, dukptUsages.macGeneration, ikid, counter),
  };
  const hasChildren = oneBits(counter) < oneBitsMax;
  const children = hasChildren ? childKeys(key, ikid, counter, bit) : [];
  const registers = state.registers.map((kept, index) => (index === bit ? undefined : (children[index] ?? kept)));
  // 2^32 wraps to 0, which means: ended.
  const next = (counter + (hasChildren ? 1 : 2 ** bit)) >>> 0;
  return { keys, after: { ikid, counter: next, registers: next === 0 ? registers.map(() => undefined) : registers } };
}

/** Fills every key of `state` with zeros. */
export function wipeDukpt(state: DukptState): void {
  for (const key of state.registers) key?.fill(0);
}

/** The state as one record: id, counter, mask of the registers in use, their keys from the lowest bit. */
export function encodeDukpt(state: DukptState): Uint8Array {
  let mask = 0;
  const keys: Uint8Array[] = [];
  for (const [bit, key] of state.registers.entries()) {
    if (key === undefined) continue;
    mask |= 1 << bit;
    keys.push(key);
  }
  return concatBytes(state.ikid, u32Be(state.counter), u32Be(mask >>> 0), ...keys);
}

/** Reads such a record; `undefined` when it is none. The keys are copies. */
export function decodeDukpt(bytes: Uint8Array): DukptState | undefined {
  const headBytes = ikidBytes + 8;
  if (bytes.length < headBytes) return undefined;
  const counter = readU32Be(bytes, ikidBytes);
  const mask = readU32Be(bytes, ikidBytes + 4);
  if (bytes.length !== headBytes + keyBytes * oneBits(mask) || oneBits(counter) > oneBitsMax) return undefined;
  if (counter !== 0 && (mask & (counter & -counter)) === 0) return undefined;
  let at = headBytes;
  const registers = Array.from({ length: registerCount }, (_, bit) => {
    if ((mask & (1 << bit)) === 0) return undefined;
    const key = bytes.slice(at, at + keyBytes);
    at += keyBytes;
    return key;
  });
  return { ikid: bytes.slice(0, ikidBytes), counter, registers };
}
