import { maskOf } from '../../../domain/unlock/states.ts';
import { err, ok } from '../../../domain/result.ts';
import type { Result } from '../../../domain/result.ts';
import { base64UrlDecode, base64UrlEncode, equalBytes } from '../../../protocol/bytes.ts';
import type { DelegationPackage, DelegationView } from '../../../protocol/http/field.ts';
import { checkAuthority, verifyKeyset } from '../../../protocol/unlock/v1/authority.ts';
import { decodeDelegation } from '../../../protocol/unlock/v1/codec.ts';
import { actionBits } from '../../../protocol/unlock/v1/constants.ts';
import type { Delegation } from '../../../protocol/unlock/v1/messages.ts';

/** What can be wrong with a package. */
export const packageFaults = [
  /** A message in it is no message of ours. */
  'malformed',
  /** The keyset is not signed by the root, or the delegation not by an issuer and an approver of the keyset. */
  'untrusted',
  /** It is for another field key than the one on this device. */
  'other-key',
  /** What is signed is not what the list says. */
  'differs',
] as const;
/** What can be wrong with a package. */
export type PackageFault = (typeof packageFaults)[number];

/**
 * Checks a package before anybody relies on it far from the office: signatures up to the root key, the technician's
 * own key, and that the signed lists are those that the screen shows. `nowSeconds`: Unix seconds.
 */
export function checkPackage(
  pack: DelegationPackage,
  myKey: Uint8Array,
  nowSeconds: number,
): Result<Delegation, PackageFault> {
  const root = base64UrlDecode(pack.rootPublicKey);
  const keysetBytes = base64UrlDecode(pack.keyset.bytes);
  const bytes = base64UrlDecode(pack.bytes);
  if (root === undefined || keysetBytes === undefined || bytes === undefined) return err('malformed', 'base64url');
  const keyset = verifyKeyset(keysetBytes, [root], undefined);
  if (!keyset.ok) return err('untrusted', `keyset: ${keyset.error}`);
  const signed = decodeDelegation(bytes);
  if (!signed.ok) return err('malformed', signed.error);
  const clock = { trusted: true, nowSeconds, floorSeconds: 0 };
  const authority = checkAuthority('delegation', signed.value, ['issuer', 'approver'], keyset.value.keyset, clock);
  if (!authority.ok) return err('untrusted', authority.error);
  const delegation = signed.value.message;
  if (!equalBytes(delegation.technicianKey, myKey)) return err('other-key');
  const difference = differenceTo(pack, delegation);
  return difference === undefined ? ok(delegation) : err('differs', difference);
}

/** The first thing in which the signed delegation differs from what the list and the package say of it. */
function differenceTo({ delegation: view, terminals }: DelegationPackage, signed: Delegation): string | undefined {
  const devices = signed.devices.map(base64UrlEncode);
  if (`D-${String(signed.sequence)}` !== view.number) return 'number';
  if (
    !isSameSet(
      devices,
      view.terminals.map(({ deviceId }) => deviceId),
    )
  )
    return 'terminals';
  if (
    !isSameSet(
      devices,
      terminals.map(({ deviceId }) => deviceId),
    )
  )
    return 'package';
  if (!sameSeconds(view, signed, devices)) return 'seconds';
  if (!isSameTime(view.notBefore, signed.notBeforeSeconds) || !isSameTime(view.notAfter, signed.notAfterSeconds)) {
    return 'time';
  }
  if (signed.usesMax !== view.usesMax || signed.usesPerDeviceMax !== view.usesPerTerminalMax) return 'uses';
  const actions = view.actions.reduce((mask, action) => mask | actionBits[action], 0);
  if (actions !== signed.actions) return 'actions';
  return signed.reasonsOk === maskOf(view.reasonsOk) ? undefined : 'reasons';
}

function isSameSet(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((one) => b.includes(one));
}

/** The view names keys by id and the message by hash; what both say is how many may confirm on each terminal. */
function sameSeconds(view: DelegationView, signed: Delegation, devices: readonly string[]): boolean {
  return view.terminals.every(({ deviceId, secondKeyIds }) => {
    const bit = 1 << devices.indexOf(deviceId);
    return signed.seconds.filter(({ deviceMask }) => (deviceMask & bit) !== 0).length === secondKeyIds.length;
  });
}

/** The view's instants may carry milliseconds; the message has whole seconds. */
function isSameTime(instant: string | undefined, seconds: number): boolean {
  return instant !== undefined && Math.abs(Date.parse(instant) / 1000 - seconds) <= 1;
}
