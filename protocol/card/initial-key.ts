import { hkdf } from '@noble/hashes/hkdf.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { err, ok, type Result } from '../../domain/result.ts';
import { concatBytes, hexDecode, utf8Encode } from '../bytes.ts';
import { type AgreementKey } from '../unlock/v1/hpke.ts';
import { ikidBytes } from './dukpt.ts';
import { unwrapKeyBlock, type KeyBlockError } from './key-block.ts';

const kbpkInfo = utf8Encode('tillkeeper card kbpk v1');
const kbpkBytes = 32;
const initialKeyBytes = 16;

/**
 * The key block protection key of one device and the acquirer (docs/card-security.md, section 3): X25519 between the
 * device's package key and the acquirer's key-host key, HKDF-SHA256, bound to the device id.
 * @returns `undefined` when the acquirer's key is of small order.
 */
export function agreeKbpk(
  device: AgreementKey,
  acquirerPublicKey: Uint8Array,
  deviceId: Uint8Array,
): Uint8Array | undefined {
  const shared = device.agree(acquirerPublicKey);
  if (shared === undefined) return undefined;
  const kbpk = hkdf(sha256, shared, undefined, concatBytes(kbpkInfo, deviceId), kbpkBytes);
  shared.fill(0);
  return kbpk;
}

/** An initial DUKPT key with its id. The caller zeroes the key. */
export interface InitialKey {
  readonly ikid: Uint8Array;
  readonly key: Uint8Array;
}

/** Why a key block brings no initial key: it does not open, or it opens and holds another kind of key. */
export type InitialKeyError = KeyBlockError | 'wrong-key';

/**
 * Opens a key block that must hold an AES-128 initial DUKPT key: usage B1, algorithm A, mode X, not exportable (N), its
 * initial key id in the optional block IK. Anything else is `wrong-key`: a key must not be put to another use.
 */
export function openInitialKey(kbpk: Uint8Array, block: string): Result<InitialKey, InitialKeyError> {
  const opened = unwrapKeyBlock(kbpk, block);
  if (!opened.ok) return opened;
  const { header, key } = opened.value;
  const isInitial =
    header.usage === 'B1' && header.algorithm === 'A' && header.mode === 'X' && header.exportability === 'N';
  const ids = header.optional.filter(({ id }) => id === 'IK');
  const others = header.optional.filter(({ id }) => id !== 'IK' && id !== 'PB');
  const ikid = ids.length === 1 ? hexDecode(ids[0]?.text ?? '') : undefined;
  if (!isInitial || others.length > 0 || key.length !== initialKeyBytes || ikid?.length !== ikidBytes) {
    key.fill(0);
    return err('wrong-key');
  }
  return ok({ ikid, key });
}
