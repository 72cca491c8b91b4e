import { err, ok } from '../../domain/result.ts';
import type { Result } from '../../domain/result.ts';

/** `unsupported`: this browser has no passkeys. `cancelled`: the reader closed the dialog, or none fits. */
export type PasskeyError = 'unsupported' | 'cancelled';

type Json = Record<string, unknown>;

/** True where the browser can make and use passkeys with JSON options. */
export function hasPasskeys(): boolean {
  return (
    typeof PublicKeyCredential === 'function' && typeof PublicKeyCredential.parseRequestOptionsFromJSON === 'function'
  );
}

/** Asks the reader for a passkey; `options` and the answer are WebAuthn JSON. */
export async function askPasskey(options: Json): Promise<Result<Json, PasskeyError>> {
  if (!hasPasskeys()) return err('unsupported');
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(
    options as unknown as PublicKeyCredentialRequestOptionsJSON,
  );
  return credentialJson(() => navigator.credentials.get({ publicKey }));
}

/** Makes a new passkey; `options` and the answer are WebAuthn JSON. */
export async function makePasskey(options: Json): Promise<Result<Json, PasskeyError>> {
  if (!hasPasskeys()) return err('unsupported');
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(
    options as unknown as PublicKeyCredentialCreationOptionsJSON,
  );
  return credentialJson(() => navigator.credentials.create({ publicKey }));
}

async function credentialJson(ask: () => Promise<Credential | null>): Promise<Result<Json, PasskeyError>> {
  try {
    const credential = await ask();
    if (!(credential instanceof PublicKeyCredential)) return err('cancelled');
    return ok(credential.toJSON() as unknown as Json);
  } catch (cause) {
    return err('cancelled', String(cause));
  }
}
