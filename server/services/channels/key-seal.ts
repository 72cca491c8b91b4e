import type { Vault } from '../../keys/vault.ts';

/** Where a key of an account lives; binds its ciphertext to this row. */
export interface KeyPlace {
  readonly accountId: string;
  readonly id: string;
}

const purposeOf = (place: KeyPlace): string => `channel-key:${place.accountId}:${place.id}`;

/** A key's material as the table `channel_keys` holds it, secret or not. */
export function sealChannelKey(vault: Vault, place: KeyPlace, material: string): Buffer {
  return vault.seal(Buffer.from(material, 'utf8'), purposeOf(place));
}

/** The material again. Throws when the row was changed or moved. */
export function openChannelKey(vault: Vault, place: KeyPlace, sealed: Uint8Array): string {
  return vault.open(sealed, purposeOf(place)).toString('utf8');
}
