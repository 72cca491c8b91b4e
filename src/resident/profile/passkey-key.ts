import { err, ok } from '../../../domain/result.ts';
import type { Result } from '../../../domain/result.ts';
import { base64UrlDecode, base64UrlEncode } from '../../../protocol/bytes.ts';
import { browserEnvironment } from '../../field-key/environment.ts';
import { askGuard, makeGuard } from '../../field-key/passkey.ts';
import { keyOfSecret } from './vault.ts';
import type { Guard, OpenVault } from './vault.ts';

type PasskeyGuard = Extract<Guard, { kind: 'passkey' }>;

const saltBytes = 32;

/**
 * True where the phone has a lock that a page may ask, and the browser does not say that it keeps the lock's secrets to
 * itself. Whether this lock gives one is known only when it is asked.
 */
export async function mayUseLock(): Promise<boolean> {
  if (browserEnvironment().credentials === undefined) return false;
  try {
    if (!(await PublicKeyCredential.isUserVerifyingPlatformAuthenticatorAvailable())) return false;
    // Not in every browser yet that has passkeys.
    const known = await (PublicKeyCredential as Partial<typeof PublicKeyCredential>).getClientCapabilities?.();
    return known?.['extension:prf'] !== false;
  } catch {
    return false;
  }
}

/** A new guard by the phone's lock, and its key. `no-prf`: the lock verifies people but gives no secret. */
export async function newPasskeyGuard(
  name: string,
): Promise<Result<Pick<OpenVault, 'guard' | 'key'>, 'passkey' | 'no-prf'>> {
  const environment = browserEnvironment();
  const salt = crypto.getRandomValues(new Uint8Array(saltBytes));
  const made = await makeGuard(environment, name, salt);
  if (!made.ok) return err('passkey');
  if (!made.value.hasPrf) return err('no-prf');
  const { passkey } = made.value;
  const secret = made.value.secret ?? (await secretOf(environment, passkey, salt));
  if (secret === undefined) return err('no-prf');
  const guard: PasskeyGuard = {
    kind: 'passkey',
    salt: base64UrlEncode(salt),
    credentialId: base64UrlEncode(passkey.credentialId),
    transports: [...passkey.transports],
    publicKey: base64UrlEncode(passkey.publicKey),
    algorithm: passkey.algorithm,
  };
  return ok({ guard, key: await keyOfSecret(crypto, secret) });
}

/** Asks the phone's lock for the key of a record. */
export async function keyOfGuard(guard: PasskeyGuard): Promise<CryptoKey | undefined> {
  const [salt, credentialId, publicKey] = [guard.salt, guard.credentialId, guard.publicKey].map(base64UrlDecode);
  if (salt === undefined || credentialId === undefined || publicKey === undefined) return undefined;
  const { transports, algorithm } = guard;
  const passkey = { credentialId, publicKey, transports, algorithm };
  const secret = await secretOf(browserEnvironment(), passkey, salt);
  return secret && keyOfSecret(crypto, secret);
}

async function secretOf(
  environment: Parameters<typeof askGuard>[0],
  passkey: Parameters<typeof askGuard>[1],
  salt: Uint8Array<ArrayBuffer>,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const asked = await askGuard(environment, passkey, salt);
  return asked.ok ? asked.value.secret : undefined;
}
