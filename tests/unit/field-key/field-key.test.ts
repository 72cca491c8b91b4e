import 'fake-indexeddb/auto';
import { webcrypto } from 'node:crypto';
import { openDB } from 'idb';
import { beforeEach, describe, expect, test } from 'vitest';
import { hexEncode, utf8Encode } from '../../../protocol/bytes.ts';
import { verifyStrict } from '../../../protocol/unlock/v1/ed25519.ts';
import { fieldKeyProofBytes } from '../../../protocol/unlock/v1/field-key.ts';
import type { ApiClient } from '../../../src/api/client.ts';
import type { FieldKeyEnvironment } from '../../../src/field-key/environment.ts';
import {
  createFieldKey,
  enrolFieldKey,
  openFieldKey,
  removeFieldKey,
  tryOffline,
} from '../../../src/field-key/field-key.ts';
import type { FieldKeyRecord } from '../../../src/field-key/record.ts';
import { BrowserFieldKeyStore, fieldKeyDatabase } from '../../../src/field-key/store.ts';
import { FakePasskeys } from './fake-passkeys.ts';
import type { Spoil } from './fake-passkeys.ts';

const origin = 'https://till.example';
const person = { id: 'p-1', name: 'Wang Wei' };
const message = utf8Encode('open the till');

/** Web Crypto of a browser that has not heard of Ed25519. */
const withoutEd25519 = {
  getRandomValues: <T extends ArrayBufferView>(array: T): T =>
    webcrypto.getRandomValues(array as unknown as Uint8Array) as unknown as T,
  subtle: new Proxy(webcrypto.subtle, {
    get(target, name: keyof SubtleCrypto) {
      const method: unknown = target[name as keyof typeof target];
      if (name !== 'generateKey') return typeof method === 'function' ? (method.bind(target) as unknown) : method;
      return (how: { name: string }, extractable: boolean, use: KeyUsage[]) => {
        if (how.name === 'Ed25519') throw new DOMException('Unrecognized name', 'NotSupportedError');
        return target.generateKey(how, extractable, use);
      };
    },
  }) as unknown as SubtleCrypto,
} as unknown as FieldKeyEnvironment['crypto'];

interface Options {
  readonly prf?: boolean;
  readonly prfWhenMade?: boolean;
  readonly crypto?: FieldKeyEnvironment['crypto'];
}

interface Bench {
  readonly environment: FieldKeyEnvironment;
  readonly passkeys: FakePasskeys;
  online: boolean;
  nowMs: number;
}

function bench({ prf = true, prfWhenMade = false, crypto }: Options = {}): Bench {
  const passkeys = new FakePasskeys({ prf, prfWhenMade, origin });
  const state: Bench = {
    passkeys,
    online: true,
    nowMs: 1_795_500_000_000,
    environment: {
      credentials: passkeys,
      crypto: crypto ?? (webcrypto as unknown as Crypto),
      origin,
      host: 'till.example',
      store: new BrowserFieldKeyStore(),
      now: () => state.nowMs,
      isOnline: () => state.online,
    },
  };
  return state;
}

function valueOf<T>(result: { readonly ok: boolean; readonly value?: T }): T {
  if (!result.ok || result.value === undefined) throw new Error(`a success was expected: ${JSON.stringify(result)}`);
  return result.value;
}

async function recordOf(): Promise<FieldKeyRecord> {
  const database = await openDB(fieldKeyDatabase);
  const record = (await database.get('keys', person.id)) as FieldKeyRecord;
  database.close();
  return record;
}

beforeEach(async () => {
  await removeFieldKey(person.id, bench().environment);
});

const kinds = [
  { name: 'PRF and Web Crypto', options: {}, protection: 'passkey-prf', engine: 'web-crypto', at: 'prf' },
  {
    name: 'PRF already at creation',
    options: { prfWhenMade: true },
    protection: 'passkey-prf',
    engine: 'web-crypto',
    at: 'prf',
  },
  {
    name: 'gate and Web Crypto',
    options: { prf: false },
    protection: 'passkey-gate',
    engine: 'web-crypto',
    at: 'kept',
  },
  {
    name: 'PRF and library',
    options: { crypto: withoutEd25519 },
    protection: 'passkey-prf',
    engine: 'library',
    at: 'prf',
  },
  {
    name: 'gate and library',
    options: { prf: false, crypto: withoutEd25519 },
    protection: 'passkey-gate',
    engine: 'library',
    at: 'boxed',
  },
] as const;

describe.each(kinds)('a field key by $name', ({ options, protection, engine, at }) => {
  test('signs after the passkey, in this page and in the next', async () => {
    const { environment, passkeys } = bench(options);
    const made = valueOf(await createFieldKey(person, 'Phone', environment));
    expect(made).toMatchObject({ protection, engine, label: 'Phone', enrolledAtMs: undefined });
    expect(passkeys.asked).toBe(protection === 'passkey-prf' && !('prfWhenMade' in options) ? 2 : 1);
    const before = passkeys.asked;
    const key = valueOf(await openFieldKey(person.id, environment));
    expect(passkeys.asked).toBe(before);
    const signature = valueOf(await key.sign(message));
    expect(verifyStrict(made.publicKey, message, signature)).toBe(true);
    expect(passkeys.asked).toBe(before + 1);
  });

  test('lies on the device so that nothing in storage gives the private key away', async () => {
    const { environment } = bench(options);
    valueOf(await createFieldKey(person, 'Phone', environment));
    const { secret } = await recordOf();
    expect(secret.at).toBe(at);
    const keys = Object.values(secret).filter((value) => value instanceof CryptoKey);
    for (const key of keys) {
      expect(key.extractable).toBe(false);
      await expect(
        webcrypto.subtle.exportKey(key.algorithm.name === 'Ed25519' ? 'pkcs8' : 'raw', key),
      ).rejects.toThrow();
    }
  });

  test('gives nothing when the person says no', async () => {
    const { environment, passkeys } = bench(options);
    const key = valueOf(await createFieldKey(person, 'Phone', environment));
    passkeys.spoil = { refuses: true };
    expect(await key.sign(message)).toMatchObject({ ok: false, error: 'cancelled' });
  });

  const spoils: readonly (readonly [string, Spoil])[] = [
    ['another challenge', { challenge: 'AAAA' }],
    ['another origin', { origin: 'https://till.example.evil' }],
    ['an answer for making a passkey', { type: 'webauthn.create' }],
    ['another host', { host: 'evil.example' }],
    ['no user verification', { flags: 1 }],
    ['no user presence', { flags: 4 }],
    ['a signature that does not hold', { signature: 'other' }],
    ['another credential', { credential: 'other' }],
  ];
  test.each(spoils)('refuses %s', async (_name, spoil) => {
    const { environment, passkeys } = bench(options);
    const key = valueOf(await createFieldKey(person, 'Phone', environment));
    passkeys.spoil = spoil;
    expect(await key.sign(message)).toMatchObject({ ok: false, error: 'wrong-passkey' });
  });
});

describe('a field key under a passkey’s own secret', () => {
  test.each(['other', 'none'] as const)('does not open with %s secret', async (secret) => {
    const { environment, passkeys } = bench();
    const key = valueOf(await createFieldKey(person, 'Phone', environment));
    passkeys.spoil = { secret };
    expect(await key.sign(message)).toMatchObject({ ok: false, error: 'wrong-passkey' });
  });

  test('is gated when the passkey promised a secret and gave none', async () => {
    const { environment, passkeys } = bench();
    passkeys.spoil = { secret: 'none' };
    expect(valueOf(await createFieldKey(person, 'Phone', environment)).protection).toBe('passkey-gate');
  });

  test('whose stored bytes were changed gives no signature', async () => {
    const { environment } = bench();
    const key = valueOf(await createFieldKey(person, 'Phone', environment));
    const record = await recordOf();
    if (record.secret.at !== 'prf') throw new Error('expected prf');
    const data = Uint8Array.from(record.secret.wrapped.data);
    data[9] = (data[9] ?? 0) ^ 1;
    const secret = { ...record.secret, wrapped: { ...record.secret.wrapped, data } };
    await environment.store.write({ ...record, secret });
    const again = valueOf(await openFieldKey(person.id, environment));
    expect(await again.sign(message)).toMatchObject({ ok: false, error: 'wrong-passkey' });
    expect((await key.sign(message)).ok).toBe(true);
  });

  test('whose stored public key was exchanged gives no signature', async () => {
    const { environment } = bench({ prf: false });
    valueOf(await createFieldKey(person, 'Phone', environment));
    const record = await recordOf();
    await environment.store.write({ ...record, publicKey: new Uint8Array(32).fill(9) });
    const again = valueOf(await openFieldKey(person.id, environment));
    expect(await again.sign(message)).toMatchObject({ ok: false, error: 'sign-failed' });
  });
});

describe('setting up and taking away', () => {
  test('a second key for the same person is refused, before the passkey is asked', async () => {
    const { environment, passkeys } = bench();
    valueOf(await createFieldKey(person, 'Phone', environment));
    const { asked } = passkeys;
    expect(await createFieldKey(person, 'Phone', environment)).toMatchObject({ ok: false, error: 'has-key' });
    expect(passkeys.asked).toBe(asked);
  });

  test('a key that is taken away is gone', async () => {
    const { environment } = bench();
    valueOf(await createFieldKey(person, 'Phone', environment));
    await removeFieldKey(person.id, environment);
    expect(await openFieldKey(person.id, environment)).toEqual({ ok: false, error: 'no-key' });
  });

  test('two people on one device have a key each', async () => {
    const { environment } = bench();
    const first = valueOf(await createFieldKey(person, 'Phone', environment));
    const other = { id: 'p-2', name: 'Li Na' };
    const second = valueOf(await createFieldKey(other, 'Phone', environment));
    expect(hexEncode(first.publicKey)).not.toBe(hexEncode(second.publicKey));
    await removeFieldKey(other.id, environment);
    expect((await openFieldKey(person.id, environment)).ok).toBe(true);
  });

  test('without passkeys there is no key', async () => {
    const environment = { ...bench().environment, credentials: undefined };
    expect(await createFieldKey(person, 'Phone', environment)).toEqual({ ok: false, error: 'no-passkey-support' });
  });

  test('nothing is kept when the person says no', async () => {
    const { environment, passkeys } = bench();
    passkeys.spoil = { refuses: true };
    expect(await createFieldKey(person, 'Phone', environment)).toMatchObject({ error: 'cancelled' });
    expect(await openFieldKey(person.id, environment)).toMatchObject({ error: 'no-key' });
  });

  test('a storage that fails is said, not thrown', async () => {
    const broken = { ...bench().environment, store: new BrowserFieldKeyStore() };
    broken.store.read = () => Promise.reject(new DOMException('no', 'UnknownError'));
    expect(await openFieldKey(person.id, broken)).toMatchObject({ ok: false, error: 'storage' });
    expect(await createFieldKey(person, 'Phone', broken)).toMatchObject({ ok: false, error: 'storage' });
  });

  test('a dry run notes when it worked, and whether the network was away', async () => {
    const state = bench();
    valueOf(await createFieldKey(person, 'Phone', state.environment));
    state.nowMs += 1000;
    expect(valueOf(await tryOffline(person.id, state.environment))).toMatchObject({
      workedAtMs: state.nowMs,
      workedOfflineAtMs: undefined,
    });
    state.nowMs += 1000;
    state.online = false;
    expect(valueOf(await tryOffline(person.id, state.environment))).toMatchObject({ workedOfflineAtMs: state.nowMs });
  });
});

describe('telling the server', () => {
  const answering = (answer: object, calls: unknown[]): ApiClient =>
    ({ call: (...args: unknown[]) => (calls.push(args), Promise.resolve(answer)) }) as unknown as ApiClient;

  test('sends a proof by the new key over the person and the key, with the same id each time', async () => {
    const { environment } = bench();
    const key = valueOf(await createFieldKey(person, 'Phone', environment));
    const calls: unknown[] = [];
    const offline = await enrolFieldKey(person.id, answering({ ok: false, error: 'offline' }, calls), environment);
    expect(offline).toMatchObject({ ok: false, error: 'offline' });
    expect(valueOf(await openFieldKey(person.id, environment)).enrolledAtMs).toBeUndefined();
    const done = await enrolFieldKey(person.id, answering({ ok: true, value: {} }, calls), environment);
    expect(valueOf(done).enrolledAtMs).toBeDefined();
    const [first, second] = calls as [string, { body: Record<string, string> }][];
    expect(first).toEqual(second);
    expect(first?.[1].body).toMatchObject({ id: key.id, protection: 'passkey-prf', engine: 'web-crypto' });
    const { proof } = await recordOf();
    expect(verifyStrict(key.publicKey, fieldKeyProofBytes(person.id, key.publicKey), proof)).toBe(true);
    expect(verifyStrict(key.publicKey, fieldKeyProofBytes('p-2', key.publicKey), proof)).toBe(false);
  });
});
