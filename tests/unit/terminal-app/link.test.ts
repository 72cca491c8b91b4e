import { beforeEach, expect, test } from 'vitest';
import { typeCode } from '../../../src/terminal/link/pairing.svelte.ts';
import { makeAppKey, signNonce } from '../../../src/terminal/link/app-key.ts';
import { base64UrlDecode } from '../../../protocol/bytes.ts';
import { Bench } from './bench.ts';

let bench: Bench;
const signIns = (): number => bench.server.calls.filter(({ path }) => path.endsWith('/session')).length;

beforeEach(async () => {
  bench = new Bench();
  await bench.pair();
});

test('calls that come together share one sign-in', async () => {
  bench.link.use(bench.identity);
  const answers = await Promise.all([1, 2, 3].map(() => bench.link.api.call('appHome')));
  expect(answers.every(({ ok }) => ok)).toBe(true);
  expect(signIns()).toBe(2);
});

test('a token that is over is renewed, and the call repeated once', async () => {
  await bench.link.api.call('appHome');
  bench.server.endedTokens.add('token-1');
  expect((await bench.link.api.call('appHome')).ok).toBe(true);
  expect(signIns()).toBe(2);
  expect(bench.revoked).toBe(0);
});

test('a token is renewed before its end', async () => {
  await bench.link.api.call('appHome');
  bench.server.nowMs += 3_590_000;
  await bench.link.api.call('appHome');
  expect(signIns()).toBe(2);
});

test('a device whose clock is hours ahead signs in no oftener', async () => {
  bench.clockAheadMs = 5 * 3_600_000;
  bench.link.use(bench.identity);
  for (let call = 0; call < 5; call += 1) expect((await bench.link.api.call('appHome')).ok).toBe(true);
  expect(signIns()).toBe(2);
});

test('a revoked app is told once, and calls no more', async () => {
  await bench.link.api.call('appHome');
  bench.server.isRevoked = true;
  const [first, second] = await Promise.all([bench.link.api.call('appHome'), bench.link.api.call('appRoutes')]);
  expect([first, second].map((answer) => !answer.ok && answer.error)).toEqual(['unauthenticated', 'unauthenticated']);
  expect(bench.revoked).toBe(1);
});

test('no network while signing in is no network, not a revocation', async () => {
  bench.link.use(bench.identity);
  bench.server.isOffline = true;
  const answer = await bench.link.api.call('appHome');
  expect(answer).toMatchObject({ ok: false, error: 'offline' });
  expect(bench.revoked).toBe(0);
});

test('the key of the app cannot be taken out, and signs what the server checks', async () => {
  const { privateKey, publicKey } = await makeAppKey();
  expect(privateKey.extractable).toBe(false);
  await expect(crypto.subtle.exportKey('pkcs8', privateKey)).rejects.toThrow();
  const signature = base64UrlDecode(await signNonce(privateKey, 'app', 'nonce')) ?? new Uint8Array();
  const key = await crypto.subtle.importKey(
    'raw',
    new Uint8Array(publicKey),
    { name: 'ECDSA', namedCurve: 'P-256' },
    false,
    ['verify'],
  );
  const text = new TextEncoder().encode('tillkeeper-app\napp\nnonce');
  const algorithm = { name: 'ECDSA', hash: 'SHA-256' };
  expect(await crypto.subtle.verify(algorithm, key, new Uint8Array(signature), text)).toBe(true);
});

test.each([
  ['', '7kmq-23 ab', '7KMQ23AB'],
  ['7KMQ', '0O1IL', '7KMQ'],
  ['7KMQ23A', 'BCD', '7KMQ23AB'],
])('an activation code: %s and %s typed give %s', (code, typed, whole) => {
  expect(typeCode(code, typed)).toBe(whole);
});
