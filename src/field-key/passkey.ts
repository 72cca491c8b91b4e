import { err, ok } from '../../domain/result.ts';
import type { Result } from '../../domain/result.ts';
import { equalBytes, utf8Encode } from '../../protocol/bytes.ts';
import type { FieldKeyEnvironment } from './environment.ts';
import type { FieldKeyError } from './errors.ts';
import { checkAnswer, gateAlgorithms } from './gate.ts';
import type { GuardPasskey } from './record.ts';

const challengeBytes = 32;
const userIdBytes = 32;
/** How long the passkey's dialog may stand open. */
const dialogTimeoutMs = 120_000;

/** A new passkey. `hasPrf`: it says that it can give a secret of its own. */
export interface MadePasskey {
  readonly passkey: GuardPasskey;
  readonly hasPrf: boolean;
  /** The secret for the salt, where the authenticator gives it already when the passkey is made. */
  readonly secret?: Uint8Array<ArrayBuffer>;
}

/** What came of asking a passkey: its answer was checked, and with a salt here is its secret, where it gives one. */
export interface AskedPasskey {
  readonly secret?: Uint8Array<ArrayBuffer>;
}

function copy(source: BufferSource): Uint8Array<ArrayBuffer> {
  const bytes =
    source instanceof ArrayBuffer
      ? new Uint8Array(source)
      : new Uint8Array(source.buffer, source.byteOffset, source.byteLength);
  return Uint8Array.from(bytes);
}

function randomBytes({ crypto }: FieldKeyEnvironment, length: number): Uint8Array<ArrayBuffer> {
  return crypto.getRandomValues(new Uint8Array(length));
}

function secretOf(credential: PublicKeyCredential): Uint8Array<ArrayBuffer> | undefined {
  const first = credential.getClientExtensionResults().prf?.results?.first;
  return first === undefined ? undefined : copy(first);
}

/**
 * Makes a passkey only for this field key, so that it never takes the place of one for signing in: it is not listed
 * among those (no resident key where the device can do without), and its user id is random.
 */
export async function makeGuard(
  environment: FieldKeyEnvironment,
  name: string,
  salt: Uint8Array<ArrayBuffer>,
): Promise<Result<MadePasskey, FieldKeyError>> {
  if (environment.credentials === undefined) return err('no-passkey-support');
  const publicKey: PublicKeyCredentialCreationOptions = {
    rp: { id: environment.host, name: 'Tillkeeper' },
    user: { id: randomBytes(environment, userIdBytes), name, displayName: name },
    challenge: randomBytes(environment, challengeBytes),
    pubKeyCredParams: gateAlgorithms.map((alg) => ({ type: 'public-key', alg })),
    authenticatorSelection: { residentKey: 'discouraged', userVerification: 'required' },
    attestation: 'none',
    timeout: dialogTimeoutMs,
    extensions: { prf: { eval: { first: salt } } },
  };
  const made = await quietly(() => environment.credentials?.create({ publicKey }));
  if (!made.ok) return made;
  const response = made.value.response as AuthenticatorAttestationResponse;
  const key = response.getPublicKey();
  if (key === null) return err('no-passkey-support', 'algorithm');
  const secret = secretOf(made.value);
  return ok({
    passkey: {
      credentialId: copy(made.value.rawId),
      transports: response.getTransports(),
      publicKey: copy(key),
      algorithm: response.getPublicKeyAlgorithm(),
    },
    hasPrf: made.value.getClientExtensionResults().prf?.enabled === true || secret !== undefined,
    ...(secret === undefined ? {} : { secret }),
  });
}

/** Asks the person for the key's passkey and checks the answer on this device; needs no network. */
export async function askGuard(
  environment: FieldKeyEnvironment,
  passkey: GuardPasskey,
  salt?: Uint8Array<ArrayBuffer>,
): Promise<Result<AskedPasskey, FieldKeyError>> {
  const { credentials, origin, host, crypto } = environment;
  if (credentials === undefined) return err('no-passkey-support');
  const challenge = randomBytes(environment, challengeBytes);
  const transports = passkey.transports as AuthenticatorTransport[];
  const publicKey: PublicKeyCredentialRequestOptions = {
    rpId: host,
    challenge,
    allowCredentials: [{ type: 'public-key', id: passkey.credentialId, transports }],
    userVerification: 'required',
    timeout: dialogTimeoutMs,
    ...(salt === undefined ? {} : { extensions: { prf: { eval: { first: salt } } } }),
  };
  const asked = await quietly(() => credentials.get({ publicKey }));
  if (!asked.ok) return asked;
  if (!equalBytes(copy(asked.value.rawId), passkey.credentialId)) return err('wrong-passkey', 'credential');
  const response = asked.value.response as AuthenticatorAssertionResponse;
  const answer = {
    clientData: copy(response.clientDataJSON),
    authenticatorData: copy(response.authenticatorData),
    signature: copy(response.signature),
  };
  const problem = await checkAnswer(answer, { challenge, origin, host }, passkey, crypto.subtle);
  if (problem !== undefined) return err('wrong-passkey', problem);
  const secret = secretOf(asked.value);
  return ok(secret === undefined ? {} : { secret });
}

/** The name under which the person finds the passkey in their device's own list. */
export function guardName(personName: string, label: string): string {
  const name = `${personName} · ${label}`;
  return utf8Encode(name).length <= 64 ? name : label.slice(0, 20);
}

async function quietly(
  ask: () => Promise<Credential | null> | undefined,
): Promise<Result<PublicKeyCredential, FieldKeyError>> {
  try {
    const credential = await ask();
    return credential === null || credential === undefined ? err('cancelled') : ok(credential as PublicKeyCredential);
  } catch (cause) {
    const isUnsupported = cause instanceof Error && cause.name === 'NotSupportedError';
    return err(isUnsupported ? 'no-passkey-support' : 'cancelled', String(cause));
  }
}
