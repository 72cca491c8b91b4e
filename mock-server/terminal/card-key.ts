import { err, ok } from '../../domain/result.ts';
import type { Result } from '../../domain/result.ts';
import { concatBytes, equalBytes, hexEncode } from '../../protocol/bytes.ts';
import { agreeKbpk, openInitialKey } from '../../protocol/card/initial-key.ts';
import type { InitialKey } from '../../protocol/card/initial-key.ts';
import {
  decodeDukpt,
  dukptFromInitialKey,
  encodeDukpt,
  nextTransaction,
  wipeDukpt,
} from '../../protocol/card/dukpt.ts';
import type { DukptState, TransactionKeys } from '../../protocol/card/dukpt.ts';
import type { Reply } from '../../protocol/cable/v1/services/table.ts';
import { keyCheckValue } from '../../protocol/unlock/v1/cmac.ts';
import { packageKeyOf } from '../../protocol/unlock/v1/package-key.ts';
import type { CoreRecord } from './core-record.ts';
import type { Firmware } from './firmware.ts';
import { deviceLimits } from './limits.ts';
import { cardSecrets, secretNames } from './vault.ts';
import type { SecretName } from './vault.ts';

/**
 * The card key's record: key check value (3 bytes) and DUKPT state. Two names take turns: the new state is written under
 * the free name, then the old one is overwritten where it lies, so no key of a finished transaction stays behind.
 */
interface StoredKey {
  readonly name: SecretName;
  readonly kcv: Uint8Array;
  readonly state: DukptState;
}

type KeyRefusal = Exclude<Reply<'card.loadKey'>['refusal'], ''>;

const kcvBytes = 3;
const nothing = new Uint8Array(0);

function readKey(firmware: Firmware, name: SecretName): StoredKey | undefined {
  const bytes = firmware.vault.get(name);
  const state = bytes === undefined ? undefined : decodeDukpt(bytes.subarray(kcvBytes));
  return bytes === undefined || state === undefined ? undefined : { name, kcv: bytes.slice(0, kcvBytes), state };
}

function placeOf(core: CoreRecord, ikid: Uint8Array): number {
  const index = core.cardKeyIds.findIndex((id) => equalBytes(id, ikid));
  return index < 0 ? Infinity : index;
}

/** True when `a` is the newer state: of a key loaded later, or of a later transaction of the same key. */
function isNewer(core: CoreRecord, a: StoredKey, b: StoredKey): boolean {
  const [placeA, placeB] = [placeOf(core, a.state.ikid), placeOf(core, b.state.ikid)];
  if (!equalBytes(a.state.ikid, b.state.ikid)) return placeA > placeB;
  const rank = ({ state }: StoredKey): number => (state.counter === 0 ? Infinity : state.counter);
  return rank(a) > rank(b);
}

function storedKey(firmware: Firmware): StoredKey | undefined {
  const [first, second] = cardSecrets.map((name) => readKey(firmware, name));
  if (first === undefined || second === undefined) return first ?? second;
  const [kept, other] = isNewer(firmware.core, first, second) ? [first, second] : [second, first];
  wipeDukpt(other.state);
  return kept;
}

function freeName(used: SecretName | undefined): SecretName {
  return used === secretNames.cardA ? secretNames.cardB : secretNames.cardA;
}

/** Brings the records together after a power cut: the newer state stays, and its id is known as taken. */
export function tidyCardKey(firmware: Firmware): void {
  const kept = storedKey(firmware);
  firmware.vault.erase(cardSecrets.filter((name) => name !== kept?.name));
  if (kept === undefined) return;
  if (placeOf(firmware.core, kept.state.ikid) === Infinity) noteKeyId(firmware, kept.state.ikid);
  wipeDukpt(kept.state);
}

function noteKeyId(firmware: Firmware, ikid: Uint8Array): void {
  const cardKeyIds = [...firmware.core.cardKeyIds, ikid];
  firmware.commit({ cardKeyIds }, { type: 'card-key', result: hexEncode(ikid), detail: cardKeyIds.length });
}

function openBlock(firmware: Firmware, keyBlock: string): Result<InitialKey, KeyRefusal> {
  const { factory, core, vault } = firmware;
  const identity = vault.get(secretNames.identity);
  if (factory.acquirerPublicKey.length === 0) return err('no-acquirer');
  if (!core.identityAlive || identity === undefined) return err('no-identity');
  const kbpk = agreeKbpk(packageKeyOf(identity), factory.acquirerPublicKey, factory.deviceId);
  if (kbpk === undefined) return err('not-openable');
  const opened = openInitialKey(kbpk, keyBlock);
  kbpk.fill(0);
  return opened;
}

function takeKey(firmware: Firmware, { ikid, key }: InitialKey): Result<Uint8Array, KeyRefusal> {
  const kcv = keyCheckValue(key);
  const present = storedKey(firmware);
  if (present !== undefined && equalBytes(present.state.ikid, ikid) && equalBytes(present.kcv, kcv)) return ok(kcv);
  if (placeOf(firmware.core, ikid) !== Infinity) return err('used-before');
  if (firmware.core.cardKeyIds.length >= deviceLimits.cardKeys) return err('full');
  const state = dukptFromInitialKey(key, ikid);
  const record = concatBytes(kcv, encodeDukpt(state));
  firmware.vault.put(freeName(present?.name), record);
  record.fill(0);
  wipeDukpt(state);
  noteKeyId(firmware, ikid);
  if (present !== undefined) firmware.vault.erase([present.name]);
  return ok(kcv);
}

/**
 * Loads an initial key. The block counts only under the KBPK that this device shares with its acquirer. The key present
 * comes back as accepted and changes nothing; an id that was ever loaded before is refused, because its counter would
 * begin anew and repeat a KSN.
 */
export function loadCardKey(firmware: Firmware, keyBlock: string): Reply<'card.loadKey'> {
  const opened = openBlock(firmware, keyBlock);
  const taken = opened.ok ? takeKey(firmware, opened.value) : opened;
  if (opened.ok) opened.value.key.fill(0);
  return taken.ok
    ? { accepted: true, refusal: '', kcv: taken.value }
    : { accepted: false, refusal: taken.error, kcv: nothing };
}

/** Which card key is here and how far it is used. Gives no secret away. */
export function cardKeyStatus(firmware: Firmware): Reply<'card.keyStatus'> {
  const { factory } = firmware;
  const kept = storedKey(firmware);
  const common = {
    devicePublicKey: factory.packagePublicKey,
    hasAcquirer: factory.acquirerPublicKey.length > 0,
  };
  if (kept === undefined) return { state: 'none', ikid: nothing, kcv: nothing, counter: 0, ...common };
  const { ikid, counter } = kept.state;
  wipeDukpt(kept.state);
  return { state: counter === 0 ? 'ended' : 'ready', ikid, kcv: kept.kcv, counter, ...common };
}

/**
 * The keys of one transaction. The state without them is durable before they are given out, so a power cut may lose a
 * counter but never repeats one. `none`: no key was loaded; `ended`: its counter space is used up.
 */
export function takeTransaction(firmware: Firmware): Result<TransactionKeys, 'none' | 'ended'> {
  const kept = storedKey(firmware);
  if (kept === undefined) return err('none');
  const step = nextTransaction(kept.state);
  if (step === undefined) return err('ended');
  const record = concatBytes(kept.kcv, encodeDukpt(step.after));
  firmware.vault.put(freeName(kept.name), record);
  firmware.vault.erase([kept.name]);
  record.fill(0);
  wipeDukpt(kept.state);
  wipeDukpt(step.after);
  return ok(step.keys);
}
