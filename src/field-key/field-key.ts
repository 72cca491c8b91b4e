import { err, ok } from '../../domain/result.ts';
import type { Result } from '../../domain/result.ts';
import { base64UrlEncode, concatBytes, utf8Encode } from '../../protocol/bytes.ts';
import { verifyStrict } from '../../protocol/unlock/v1/ed25519.ts';
import { fieldKeyProofBytes } from '../../protocol/unlock/v1/field-key.ts';
import type { ApiClient } from '../api/client.ts';
import type { ApiFailureCode } from '../api/failures.ts';
import { newId } from '../api/uuid.ts';
import { boxKeyOf, makeKey, signKept, signWrapped } from './engine.ts';
import type { NewKey } from './engine.ts';
import { browserEnvironment } from './environment.ts';
import type { FieldKeyEnvironment } from './environment.ts';
import type { FieldKeyError } from './errors.ts';
import { askGuard, guardName, makeGuard } from './passkey.ts';
import type { MadePasskey } from './passkey.ts';
import type { FieldKeyRecord, KeyEngine, KeyProtection, KeySecret } from './record.ts';

type Bytes = Uint8Array<ArrayBuffer>;

const saltBytes = 32;
/** What a dry run signs; no message of ours begins like it. */
const trialTag = 'TK-FIELD-KEY/1 trial';

/** A person's field key on this device. Opening it asks nothing; each signature asks for the passkey. */
export interface OpenFieldKey {
  readonly id: string;
  readonly label: string;
  readonly publicKey: Uint8Array;
  readonly protection: KeyProtection;
  readonly engine: KeyEngine;
  readonly createdAtMs: number;
  /** When the server took it; absent until then, and nobody can be asked to count on it. */
  readonly enrolledAtMs: number | undefined;
  /** When a signature last worked here; `offline`: with the network away. */
  readonly workedAtMs: number | undefined;
  readonly workedOfflineAtMs: number | undefined;
  /** Ed25519 over `bytes`, 64 bytes, checked before it is given out. Works without a network. */
  sign(bytes: Uint8Array): Promise<Result<Uint8Array, FieldKeyError>>;
}

/** Who the key is for. */
export interface KeyPerson {
  readonly id: string;
  readonly name: string;
}

/**
 * Makes a key for `person` on this device and the passkey that guards it; the person is asked once or twice. The server
 * does not know it yet (`enrolFieldKey`). `has-key` when there is one already.
 */
export async function createFieldKey(
  person: KeyPerson,
  label: string,
  environment: FieldKeyEnvironment = browserEnvironment(),
): Promise<Result<OpenFieldKey, FieldKeyError>> {
  const { crypto, now } = environment;
  const known = await stored(() => environment.store.read(person.id));
  if (!known.ok) return known;
  if (known.value !== undefined) return err('has-key');
  const salt = crypto.getRandomValues(new Uint8Array(saltBytes));
  const guard = await makeGuard(environment, guardName(person.name, label), salt);
  if (!guard.ok) return guard;
  const key = await makeKey(crypto);
  const secret = await putAway(environment, key, guard.value, salt);
  if (!secret.ok) return secret;
  const record: FieldKeyRecord = {
    personId: person.id,
    id: newId(now(), (bytes) => crypto.getRandomValues(bytes)),
    label,
    publicKey: key.publicKey,
    protection: secret.value.at === 'prf' ? 'passkey-prf' : 'passkey-gate',
    engine: key.engine,
    passkey: guard.value.passkey,
    secret: secret.value,
    proof: await key.sign(Uint8Array.from(fieldKeyProofBytes(person.id, key.publicKey))),
    createdAtMs: now(),
  };
  const written = await stored(() => environment.store.write(record));
  return written.ok ? ok(opened(record, environment)) : written;
}

/** The person's key on this device; `no-key` when there is none. Asks nothing of the person. */
export async function openFieldKey(
  personId: string,
  environment: FieldKeyEnvironment = browserEnvironment(),
): Promise<Result<OpenFieldKey, FieldKeyError>> {
  const record = await readRecord(personId, environment);
  return record.ok ? ok(opened(record.value, environment)) : record;
}

/** Forgets the person's key on this device. The server is told apart, by revoking it. */
export function removeFieldKey(
  personId: string,
  environment: FieldKeyEnvironment = browserEnvironment(),
): Promise<Result<void, FieldKeyError>> {
  return stored(() => environment.store.remove(personId));
}

/** A dry run: signs something worthless and notes when it worked. */
export async function tryOffline(
  personId: string,
  environment: FieldKeyEnvironment = browserEnvironment(),
): Promise<Result<OpenFieldKey, FieldKeyError>> {
  const key = await openFieldKey(personId, environment);
  if (!key.ok) return key;
  const trial = environment.crypto.getRandomValues(new Uint8Array(16));
  const signed = await key.value.sign(concatBytes(utf8Encode(trialTag), trial));
  return signed.ok ? openFieldKey(personId, environment) : signed;
}

/** Hands the key's public half to the server. The same call may be made again: the key keeps its id. */
export async function enrolFieldKey(
  personId: string,
  api: ApiClient,
  environment: FieldKeyEnvironment = browserEnvironment(),
): Promise<Result<OpenFieldKey, FieldKeyError | ApiFailureCode>> {
  const record = await readRecord(personId, environment);
  if (!record.ok) return record;
  const { id, label, protection, engine, publicKey, proof } = record.value;
  const text = { publicKey: base64UrlEncode(publicKey), proof: base64UrlEncode(proof) };
  const answer = await api.call('enrolFieldKey', { body: { id, label, protection, engine, ...text } });
  if (!answer.ok) return answer;
  const enrolled = { ...record.value, enrolledAtMs: environment.now() };
  const written = await stored(() => environment.store.write(enrolled));
  return written.ok ? ok(opened(enrolled, environment)) : written;
}

/** Encrypts the new key under the passkey's secret, or leaves it with the browser where the passkey has none. */
async function putAway(
  environment: FieldKeyEnvironment,
  key: NewKey,
  { passkey, hasPrf, secret: early }: MadePasskey,
  salt: Bytes,
): Promise<Result<KeySecret, FieldKeyError>> {
  let secret = early;
  if (hasPrf && secret === undefined) {
    const asked = await askGuard(environment, passkey, salt);
    if (!asked.ok) return asked;
    secret = asked.value.secret;
  }
  if (secret === undefined) return ok(await key.keep());
  const wrapped = await key.wrap(await boxKeyOf(environment.crypto, secret, salt));
  return ok({ at: 'prf', salt, wrapped });
}

function opened(record: FieldKeyRecord, environment: FieldKeyEnvironment): OpenFieldKey {
  const { id, label, publicKey, protection, engine, createdAtMs, enrolledAtMs, workedAtMs, workedOfflineAtMs } = record;
  return {
    ...{ id, label, publicKey, protection, engine, createdAtMs, enrolledAtMs, workedAtMs, workedOfflineAtMs },
    sign: (bytes) => sign(record, Uint8Array.from(bytes), environment),
  };
}

async function sign(
  record: FieldKeyRecord,
  bytes: Bytes,
  environment: FieldKeyEnvironment,
): Promise<Result<Uint8Array, FieldKeyError>> {
  const salt = record.secret.at === 'prf' ? record.secret.salt : undefined;
  const asked = await askGuard(environment, record.passkey, salt);
  if (!asked.ok) return asked;
  const signed = await signWith(record, asked.value.secret, bytes, environment);
  if (!signed.ok) return signed;
  if (!verifyStrict(record.publicKey, bytes, signed.value)) return err('sign-failed');
  await noteThatItWorked(record, environment);
  return signed;
}

async function signWith(
  { secret, engine, publicKey }: FieldKeyRecord,
  passkeySecret: Bytes | undefined,
  bytes: Bytes,
  { crypto }: FieldKeyEnvironment,
): Promise<Result<Bytes, FieldKeyError>> {
  try {
    if (secret.at === 'kept') return ok(await signKept(crypto, secret.privateKey, bytes));
    const key = { engine, publicKey, wrapped: secret.wrapped };
    if (secret.at === 'boxed') return ok(await signWrapped(crypto, key, secret.boxKey, bytes));
    if (passkeySecret === undefined) return err('wrong-passkey', 'no secret');
    return ok(await signWrapped(crypto, key, await boxKeyOf(crypto, passkeySecret, secret.salt), bytes));
  } catch (cause) {
    const isUndecryptable = cause instanceof Error && cause.name === 'OperationError';
    return err(isUndecryptable && secret.at === 'prf' ? 'wrong-passkey' : 'sign-failed', String(cause));
  }
}

/** A note that cannot be kept must not spoil a signature that is there. */
async function noteThatItWorked(record: FieldKeyRecord, { store, now, isOnline }: FieldKeyEnvironment): Promise<void> {
  await stored(async () => {
    const kept = await store.read(record.personId);
    if (kept?.id !== record.id) return;
    const atMs = now();
    await store.write({ ...kept, workedAtMs: atMs, ...(isOnline() ? {} : { workedOfflineAtMs: atMs }) });
  });
}

async function readRecord(
  personId: string,
  { store }: FieldKeyEnvironment,
): Promise<Result<FieldKeyRecord, FieldKeyError>> {
  const record = await stored(() => store.read(personId));
  if (!record.ok) return record;
  return record.value === undefined ? err('no-key') : ok(record.value);
}

async function stored<T>(act: () => Promise<T>): Promise<Result<T, FieldKeyError>> {
  try {
    return ok(await act());
  } catch (cause) {
    return err('storage', String(cause));
  }
}
