import { err, ok } from '../../domain/result.ts';
import type { Result } from '../../domain/result.ts';
import { base64UrlEncode, equalBytes, hexEncode } from '../../protocol/bytes.ts';
import { decodeSiteAsk, encodeSiteAnswer, siteAskPayload, sitePayloadHash } from '../../protocol/codes/site.ts';
import type { ReadSiteAsk } from '../../protocol/codes/site.ts';
import type { DelegationView } from '../../protocol/http/field.ts';
import { checkAuthority, verifyKeyset } from '../../protocol/unlock/v1/authority.ts';
import { actionBits } from '../../protocol/unlock/v1/constants.ts';
import type { UnlockAction } from '../../protocol/unlock/v1/constants.ts';
import { unlockLimits } from '../../protocol/unlock/v1/limits.ts';
import type { Delegation } from '../../protocol/unlock/v1/messages.ts';
import { screenNumber } from '../../protocol/unlock/v1/screen-number.ts';
import { responseSignedBytes, secondKeyHash } from '../../protocol/unlock/v1/site.ts';
import type { FieldKeyError } from './errors.ts';
import type { OpenFieldKey } from './field-key.ts';
import type { SiteKnowledge } from './knowledge.ts';

/** Why the second person is not even asked: code → meaning. Each has words and a next step on the screen. */
export const secondRefusals = {
  damaged: 'The code cannot be read, or asks for something that no delegation can allow.',
  'later-version': 'The code is of a later version of the app.',
  'nothing-known': 'This device has never heard the root key and the keyset.',
  'not-genuine': 'The delegation is not signed by issuer and approver of our keyset.',
  'keys-too-old': 'The delegation is signed by keys that this device does not know yet.',
  'own-ask': 'The person who asks and the person who confirms are the same.',
  'wrong-terminal': 'The terminal is not on the delegation’s list.',
  'not-listed': 'The delegation does not name this device’s key.',
  'not-here': 'The delegation names this key, but for other terminals.',
  'not-yet': 'The delegation’s time has not begun.',
  expired: 'The delegation’s time is over.',
  'wrong-time': 'The technician’s clock is outside of the delegation’s time.',
  'too-much': 'The technician asks for more than the delegation allows.',
  'used-up': 'The use number is beyond what the delegation allows.',
  revoked: 'The server has said that this delegation is revoked, or replaced.',
} as const;
/** Why the second person is not asked. */
export type SecondRefusal = keyof typeof secondRefusals;

/** Who judges: this person, their key, and what this device knows. */
export interface SecondSide {
  readonly personId: string;
  readonly publicKey: Uint8Array;
  readonly knowledge: SiteKnowledge | undefined;
  readonly nowMs: number;
}

/** What would be signed, in the second person's words. What it says was checked on this device. */
export interface SecondView {
  readonly read: ReadSiteAsk;
  /** What people say, such as `D-3391`. */
  readonly number: string;
  /** The delegation as this device last heard of it; absent when it never did. */
  readonly known: DelegationView | undefined;
  readonly terminal: DelegationView['terminals'][number]['terminal'] | undefined;
  readonly deviceId: string;
  readonly actions: readonly UnlockAction[];
  /** Mask of lock reasons, as the terminal's request says. */
  readonly reasons: number;
  readonly screenNumber: string;
  readonly notAfterMs: number;
  readonly madeAtMs: number;
  readonly useIndex: number;
  readonly usesMax: number;
  /** The technician's name as the server gave it, otherwise what the code says. */
  readonly technicianName: string;
  readonly isNameKnown: boolean;
}

/** Judges an ask (the bytes of a `siteAsk` code) before anything is signed. */
export function judgeAsk(bytes: Uint8Array, side: SecondSide): Result<SecondView, SecondRefusal> {
  const ask = decodeSiteAsk(bytes);
  const read = ask.ok ? siteAskPayload(ask.value) : ask;
  if (!read.ok) return err(read.error === 'unsupported-version' ? 'later-version' : 'damaged', read.detail);
  const refusal = problemOfDelegation(read.value, side) ?? problemOfUse(read.value, side);
  return refusal === undefined ? ok(viewOf(read.value, side)) : err(refusal);
}

function problemOfDelegation({ delegation }: ReadSiteAsk, side: SecondSide): SecondRefusal | undefined {
  const { knowledge, nowMs } = side;
  if (knowledge === undefined) return 'nothing-known';
  const keyset = verifyKeyset(knowledge.keyset, [knowledge.rootPublicKey], undefined);
  if (!keyset.ok) return 'nothing-known';
  const clock = { trusted: true, nowSeconds: Math.floor(nowMs / 1000), floorSeconds: 0 };
  const held = keyset.value.keyset;
  const signers = checkAuthority('delegation', delegation, ['issuer', 'approver'], held, clock);
  if (signers.ok) return undefined;
  const mayBeNewer = signers.error === 'unknown-key' && delegation.message.keysetFloor > held.sequence;
  return mayBeNewer ? 'keys-too-old' : 'not-genuine';
}

function problemOfUse({ ask, delegation, response }: ReadSiteAsk, side: SecondSide): SecondRefusal | undefined {
  const { message } = delegation;
  const known = knownDelegation(message, side);
  if (equalBytes(message.technicianKey, side.publicKey) || known?.technician.id === side.personId) return 'own-ask';
  const place = message.devices.findIndex((device) => equalBytes(device, response.deviceId));
  if (place === -1) return 'wrong-terminal';
  const mine = message.seconds.find(({ keyHash }) => equalBytes(keyHash, secondKeyHash(side.publicKey)));
  if (mine === undefined) return 'not-listed';
  if ((mine.deviceMask & (1 << place)) === 0) return 'not-here';
  if (known !== undefined && (known.state === 'revoked' || known.state === 'ended')) return 'revoked';
  if ((ask.actions & ~message.actions) !== 0) return 'too-much';
  return ask.useIndex > message.usesMax ? 'used-up' : problemOfTime(message, ask.madeAtSeconds, side.nowMs);
}

function problemOfTime(message: Delegation, madeAtSeconds: number, nowMs: number): SecondRefusal | undefined {
  const skew = unlockLimits.clockSkewSeconds;
  const isBefore = (seconds: number): boolean => seconds < message.notBeforeSeconds - skew;
  const isAfter = (seconds: number): boolean => seconds > message.notAfterSeconds + skew;
  const nowSeconds = Math.floor(nowMs / 1000);
  if (isAfter(nowSeconds)) return 'expired';
  if (isBefore(nowSeconds)) return 'not-yet';
  return isBefore(madeAtSeconds) || isAfter(madeAtSeconds) ? 'wrong-time' : undefined;
}

/** The delegation is signed, so its number is the server's own and names one delegation only. */
function knownDelegation({ sequence }: Delegation, { knowledge }: SecondSide): DelegationView | undefined {
  return knowledge?.delegations.find(({ number }) => number === `D-${sequence}`);
}

function viewOf(read: ReadSiteAsk, side: SecondSide): SecondView {
  const { ask, delegation, request, response } = read;
  const known = knownDelegation(delegation.message, side);
  const listed = known?.terminals.find(({ deviceId }) => deviceId === base64UrlEncode(response.deviceId));
  const names = Object.keys(actionBits) as UnlockAction[];
  return {
    read,
    number: `D-${delegation.message.sequence}`,
    known,
    terminal: listed?.terminal,
    deviceId: hexEncode(response.deviceId),
    actions: names.filter((name) => (ask.actions & actionBits[name]) !== 0),
    reasons: request.message.reasons,
    screenNumber: screenNumber(ask.request),
    notAfterMs: delegation.message.notAfterSeconds * 1000,
    madeAtMs: ask.madeAtSeconds * 1000,
    useIndex: ask.useIndex,
    usesMax: delegation.message.usesMax,
    technicianName: known?.technician.name ?? ask.technicianName,
    isNameKnown: known !== undefined,
  };
}

/** Signs what was judged, and gives the bytes of the `siteAnswer` code. */
export async function answerAsk(view: SecondView, key: OpenFieldKey): Promise<Result<Uint8Array, FieldKeyError>> {
  const { payload } = view.read;
  const signed = await key.sign(responseSignedBytes(payload));
  if (!signed.ok) return signed;
  const payloadHash = sitePayloadHash(payload);
  return ok(encodeSiteAnswer({ payloadHash, secondKey: key.publicKey, signature: signed.value }));
}
