import { webcrypto } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { emptyProfile, parseProfile, profileLimits, withReceipt } from '../../../src/resident/profile/profile.ts';
import {
  keyOfSecret,
  newPinGuard,
  openByPin,
  openWith,
  parseRecord,
  seal,
  triesMax,
} from '../../../src/resident/profile/vault.ts';
import type { VaultRecord } from '../../../src/resident/profile/vault.ts';
import { DocumentSigner, quoteOf, receiptOf } from './make.ts';

const crypto = webcrypto as unknown as Crypto;
/** Cheap, so that the tests are quick; what is tested does not depend on it. */
const cost = { m: 8, t: 1 };
const profile = {
  ...emptyProfile,
  name: '王阿姨',
  account: '6221558812340000',
  households: [{ label: '家', number: '31761234' }],
};

async function sealed(pin = '246810'): Promise<VaultRecord> {
  return seal(crypto, { profile, ...(await newPinGuard(crypto, pin, cost)) });
}

/** A phone's storage: what was kept last. */
function drawer(record: VaultRecord): {
  kept: VaultRecord | undefined;
  readonly keep: (next: VaultRecord | undefined) => void;
} {
  const place: { kept: VaultRecord | undefined; readonly keep: (next: VaultRecord | undefined) => void } = {
    kept: record,
    keep: (next) => {
      place.kept = next;
    },
  };
  return place;
}

describe('a profile behind a PIN', () => {
  test('opens with the PIN, and nothing of it can be read without', async () => {
    const record = await sealed();
    const text = JSON.stringify(record);
    for (const secret of ['王阿姨', profile.account, '31761234', '246810']) expect(text).not.toContain(secret);
    const opened = await openByPin(crypto, record, '246810', 0, () => undefined);
    expect(opened).toMatchObject({ ok: true, value: { profile } });
  });

  test('survives the way through a file', async () => {
    const again = parseRecord(JSON.stringify(await sealed()));
    expect(again && (await openByPin(crypto, again, '246810', 0, () => undefined))).toMatchObject({ ok: true });
  });

  test('counts a try before it is made, waits ever longer, and wipes at the last', async () => {
    const place = drawer(await sealed());
    let nowMs = 0;
    const outcomes: string[] = [];
    const waits: number[] = [];
    for (let tries = 1; tries <= triesMax; tries++) {
      const record = place.kept;
      if (record?.guard.kind !== 'pin') throw new Error('wiped too early');
      if (record.guard.waitUntilMs > nowMs) {
        const early = await openByPin(crypto, record, '246810', record.guard.waitUntilMs - 1, place.keep);
        expect(early).toMatchObject({ ok: false, error: 'wait' });
        waits.push(record.guard.waitUntilMs - nowMs);
        nowMs = record.guard.waitUntilMs;
      }
      const result = await openByPin(crypto, record, '000000', nowMs, (next) => {
        if (next?.guard.kind === 'pin') expect(next.guard.tries).toBe(tries);
        place.keep(next);
      });
      outcomes.push(result.ok ? 'open' : result.error);
    }
    expect(outcomes).toEqual([...Array.from({ length: triesMax - 1 }, () => 'wrong'), 'wiped']);
    expect(place.kept).toBeUndefined();
    expect(waits).toEqual([30_000, 60_000, 120_000, 240_000, 480_000, 960_000]);
  });

  test('the right PIN forgets the wrong ones', async () => {
    const place = drawer(await sealed());
    for (const pin of ['1', '2', '246810']) await openByPin(crypto, place.kept ?? (await sealed()), pin, 0, place.keep);
    expect(place.kept?.guard).toMatchObject({ tries: 0, waitUntilMs: 0 });
  });

  test.each([
    ['data', (record: VaultRecord) => ({ ...record, data: `A${record.data.slice(1)}B` })],
    ['the nonce', (record: VaultRecord) => ({ ...record, iv: 'AAAAAAAAAAAAAAAA' })],
  ])('a changed record does not open: %s', async (_name, change) => {
    expect(await openByPin(crypto, change(await sealed()), '246810', 0, () => undefined)).toMatchObject({ ok: false });
  });

  test('two seals of the same profile differ', async () => {
    const guard = await newPinGuard(crypto, '246810', cost);
    const [one, two] = [await seal(crypto, { profile, ...guard }), await seal(crypto, { profile, ...guard })];
    expect(one.data).not.toBe(two.data);
  });
});

test('a profile behind a passkey opens with its secret only', async () => {
  const secret = crypto.getRandomValues(new Uint8Array(32));
  const guard = {
    kind: 'passkey' as const,
    salt: 'AA',
    credentialId: 'AA',
    transports: [],
    publicKey: 'AA',
    algorithm: -7,
  };
  const record = await seal(crypto, { profile, key: await keyOfSecret(crypto, secret), guard });
  expect(await openWith(crypto, record, await keyOfSecret(crypto, secret))).toMatchObject({
    ok: true,
    value: { profile },
  });
  expect(await openWith(crypto, record, await keyOfSecret(crypto, new Uint8Array(32)))).toMatchObject({
    error: 'damaged',
  });
});

test.each([null, '', '{}', '[]', '{"form":"tillkeeper-resident-2"}', 'x'.repeat(1_500_001)])(
  'no record: %#',
  (text) => {
    expect(parseRecord(text)).toBeUndefined();
  },
);

test('a profile has limits, and keeps each receipt once, the newest first', () => {
  expect(parseProfile(JSON.stringify({ ...emptyProfile, account: 'abc' }))).toBeUndefined();
  expect(parseProfile(JSON.stringify({ ...emptyProfile, name: 'x'.repeat(41) }))).toBeUndefined();
  const signer = new DocumentSigner();
  let full = emptyProfile;
  const documents = Array.from({ length: profileLimits.receipts + 5 }, (_, at) =>
    signer.sign('receipt', receiptOf(quoteOf(), { receiptNo: `TK-${at}` })),
  );
  for (const document of [...documents, ...documents.slice(-1)]) full = withReceipt(full, document);
  expect(full.receipts).toHaveLength(profileLimits.receipts);
  expect(full.receipts[0]).toEqual(documents.at(-1));
  expect(parseProfile(JSON.stringify(full))).toEqual(full);
});
