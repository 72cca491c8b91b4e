import { cmac } from '@noble/ciphers/aes.js';
import { err, ok, type Result } from '../../domain/result.ts';
import { concatBytes, equalBytes, hexDecode, hexEncode, u16Be, utf8Encode } from '../bytes.ts';
import { aesBlockBytes, cbcDecrypt, cbcEncrypt } from './aes.ts';

/**
 * Key blocks of version D (ANSI X9.143:2021, before that ASC X9 TR-31:2018, section 5.3.3): AES-CMAC over header and
 * plain key, AES-CBC with that CMAC as IV, both keys derived from the key block protection key (KBPK).
 */

const fixedHeaderLength = 16;
const macBytes = 16;
/** Longest block taken, in characters: a header of several optional blocks and a 256-bit key. */
const blockMaxLength = 512;
const optionalBlocksMax = 8;

/** One optional block of the header: two characters of id and its text. */
export interface OptionalBlock {
  readonly id: string;
  readonly text: string;
}

/** The header's fields, each as its characters in the standard. */
export interface KeyBlockHeader {
  /** Two characters, such as B1: initial DUKPT key. */
  readonly usage: string;
  /** A: AES. */
  readonly algorithm: string;
  /** X: derives other keys. */
  readonly mode: string;
  /** Two characters; 00: not counted. */
  readonly version: string;
  /** N: must not be exported again. */
  readonly exportability: string;
  readonly optional: readonly OptionalBlock[];
}

/** A key block, open. The caller zeroes the key. */
export interface OpenKeyBlock {
  readonly header: KeyBlockHeader;
  readonly key: Uint8Array;
}

/** Why a key block does not open. */
export type KeyBlockError =
  /** Not a block of version D, or one that contradicts itself. */
  | 'malformed'
  /** Not authentic under this KBPK: another key, or a changed character. */
  | 'not-openable';

/** Derivation of the two keys (TR-31:2018, section 5.3.3.1): CMAC in counter mode over counter, use, algorithm, length. */
function blockKeys(kbpk: Uint8Array): { readonly encryption: Uint8Array; readonly mac: Uint8Array } {
  const algorithm = { 16: 2, 24: 3, 32: 4 }[kbpk.length];
  if (algorithm === undefined) throw new RangeError('keyBlock.kbpk: not an AES key');
  const derived = (use: number): Uint8Array => {
    const parts = [];
    for (let counter = 1; (counter - 1) * aesBlockBytes < kbpk.length; counter++) {
      const head = concatBytes(Uint8Array.of(counter), u16Be(use), Uint8Array.of(0));
      parts.push(cmac(concatBytes(head, u16Be(algorithm), u16Be(8 * kbpk.length)), kbpk));
    }
    return concatBytes(...parts).slice(0, kbpk.length);
  };
  return { encryption: derived(0), mac: derived(1) };
}

const decimal = (value: number, digits: number): string => String(value).padStart(digits, '0');
const hexLength = (value: number): string => value.toString(16).toUpperCase().padStart(2, '0');

function headerText(header: KeyBlockHeader, payloadLength: number): string {
  const optional = header.optional.map(({ id, text }) => `${id}${hexLength(text.length + 4)}${text}`).join('');
  const length = fixedHeaderLength + optional.length + payloadLength;
  const { usage, algorithm, mode, version, exportability } = header;
  const counts = `${decimal(header.optional.length, 2)}00`;
  return `D${decimal(length, 4)}${usage}${algorithm}${mode}${version}${exportability}${counts}${optional}`;
}

/**
 * Wraps `key`. `padding` must be random and fill its two bytes of length and the key to whole AES blocks; the optional
 * blocks must fill the header likewise (block PB). Throws a RangeError otherwise.
 */
export function wrapKeyBlock(kbpk: Uint8Array, header: KeyBlockHeader, key: Uint8Array, padding: Uint8Array): string {
  const plain = concatBytes(u16Be(8 * key.length), key, padding);
  if (plain.length % aesBlockBytes !== 0) throw new RangeError('keyBlock.padding: no whole blocks');
  const text = headerText(header, 2 * (plain.length + macBytes));
  if (text.length % aesBlockBytes !== 0) throw new RangeError('keyBlock.header: no whole blocks');
  const keys = blockKeys(kbpk);
  const mac = cmac(concatBytes(utf8Encode(text), plain), keys.mac);
  const sealed = cbcEncrypt(keys.encryption, mac, plain);
  plain.fill(0);
  return text + hexEncode(concatBytes(sealed, mac)).toUpperCase();
}

function readOptional(
  text: string,
  count: number,
): { readonly blocks: OptionalBlock[]; readonly end: number } | undefined {
  const blocks: OptionalBlock[] = [];
  let at = fixedHeaderLength;
  for (let i = 0; i < count; i++) {
    const match = /^([A-Z0-9]{2})([0-9A-F]{2})/.exec(text.slice(at, at + 4));
    const length = Number.parseInt(match?.[2] ?? '0', 16);
    if (match === null || length < 4 || at + length > text.length) return undefined;
    blocks.push({ id: match[1] ?? '', text: text.slice(at + 4, at + length) });
    at += length;
  }
  return { blocks, end: at };
}

function readHeader(text: string): { readonly header: KeyBlockHeader; readonly end: number } | undefined {
  const match = /^D(\d{4})([A-Z0-9]{2})([A-Z0-9])([A-Z0-9])([A-Za-z0-9]{2})([A-Z])(\d{2})00/.exec(text);
  if (match === null || text.length > blockMaxLength || !/^[\x20-\x7e]*$/.test(text)) return undefined;
  const [, length, usage = '', algorithm = '', mode = '', version = '', exportability = '', count] = match;
  if (Number(length) !== text.length || Number(count) > optionalBlocksMax) return undefined;
  const optional = readOptional(text, Number(count));
  if (optional === undefined || optional.end % aesBlockBytes !== 0) return undefined;
  return {
    header: { usage, algorithm, mode, version, exportability, optional: optional.blocks },
    end: optional.end,
  };
}

/** Opens a key block. Nothing of the header may be believed before it has opened. Never throws on what it is given. */
export function unwrapKeyBlock(kbpk: Uint8Array, block: string): Result<OpenKeyBlock, KeyBlockError> {
  const read = readHeader(block);
  if (read === undefined) return err('malformed', 'header');
  const digits = block.slice(read.end);
  const bytes = /^[0-9A-F]*$/.test(digits) ? hexDecode(digits) : undefined;
  const sealedBytes = (bytes?.length ?? 0) - macBytes;
  if (bytes === undefined || sealedBytes < aesBlockBytes || sealedBytes % aesBlockBytes !== 0) {
    return err('malformed', 'key');
  }
  const keys = blockKeys(kbpk);
  const mac = bytes.subarray(sealedBytes);
  const plain = cbcDecrypt(keys.encryption, mac, bytes.subarray(0, sealedBytes));
  const expected = cmac(concatBytes(utf8Encode(block.slice(0, read.end)), plain), keys.mac);
  if (!equalBytes(expected, mac)) return err('not-openable');
  const bits = ((plain[0] ?? 0) << 8) | (plain[1] ?? 0);
  if (bits === 0 || bits % 8 !== 0 || 2 + bits / 8 > plain.length) return err('malformed', 'key length');
  const key = plain.slice(2, 2 + bits / 8);
  plain.fill(0);
  return ok({ header: read.header, key });
}
