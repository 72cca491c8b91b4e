import { concatBytes, utf8Encode } from '../../bytes.ts';

/**
 * What a person signs with a new field key to show that they hold it: tag, account id, public key. Binding the account
 * keeps a key from being enrolled under somebody else's name. `publicKey`: Ed25519, 32 bytes.
 */
export function fieldKeyProofBytes(personId: string, publicKey: Uint8Array): Uint8Array {
  const separator = Uint8Array.of(0);
  return concatBytes(utf8Encode('TK-FIELD-KEY/1'), separator, utf8Encode(personId), separator, publicKey);
}
