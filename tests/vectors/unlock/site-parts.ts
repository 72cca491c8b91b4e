import { sha256 } from '@noble/hashes/sha2.js';
import { encodeDelegation } from '../../../protocol/unlock/v1/codec.ts';
import { signingPublicKey, softwareSigner } from '../../../protocol/unlock/v1/ed25519.ts';
import type { Delegation, SiteResponse } from '../../../protocol/unlock/v1/messages.ts';
import type { Signer } from '../../../protocol/unlock/v1/signer.ts';
import * as site from '../../../protocol/unlock/v1/site.ts';

const counting = (length: number, first: number) => Uint8Array.from({ length }, (_, i) => first + i);

function person(name: string, first: number) {
  const secret = counting(32, first);
  return { name, secret, publicKey: signingPublicKey(secret), signer: softwareSigner(secret) };
}

/** Somebody with a field key. */
export type SitePerson = ReturnType<typeof person>;

/** Technician, second person, and one whom no delegation names. */
export const sitePeople = [person('technician', 0x15), person('second', 0x35), person('passer-by', 0x55)] as const;
const [technician, second] = sitePeople;

const time = 1_782_950_400;

/** Lists three devices; the second person confirms on the one in the middle. */
export const siteDelegation: Delegation = {
  ...{ sequence: 3391, technicianKey: technician.publicKey },
  devices: [counting(8, 0xc0), counting(8, 0xd0), counting(8, 0xe0)],
  seconds: [{ keyHash: site.secondKeyHash(second.publicKey), deviceMask: 0b010 }],
  ...{ actions: 6, reasonsOk: 257, notBeforeSeconds: time - 3600, notAfterSeconds: time + 7200 },
  ...{ usesMax: 6, usesPerDeviceMax: 2, revocationEpoch: 5, keysetFloor: 7 },
};

/** One use; the hash of the delegation is put in when it is signed. */
export const siteResponse: Omit<SiteResponse, 'delegationHash'> = {
  ...{ deviceId: counting(8, 0xd0), lockEpoch: 41, nonce: counting(16, 0x10) },
  ...{ actions: 4, useIndex: 1, madeAtSeconds: time + 20 },
};

/** Signs delegation and response and puts them together. */
export function signedBundle(
  delegation: Delegation,
  response: Omit<SiteResponse, 'delegationHash'> & Partial<SiteResponse>,
  issuers: readonly [Signer, Signer],
  persons: readonly [Signer, SitePerson] = [technician.signer, second],
): Uint8Array {
  const signed = encodeDelegation(delegation, ...issuers);
  const payload = site.encodeResponsePayload({ delegationHash: sha256(signed), ...response });
  const bytes = site.responseSignedBytes(payload);
  const [first, other] = persons;
  const whole = site.assembleResponse({
    ...{ payload, technicianSignature: first.sign(bytes) },
    ...{ secondKey: other.publicKey, secondSignature: other.signer.sign(bytes) },
  });
  return site.encodeSiteBundle({ delegation: signed, response: whole });
}
