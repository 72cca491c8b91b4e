import { createHmac, createPublicKey, hkdfSync, timingSafeEqual, verify } from 'node:crypto';
import { err, ok } from '../../../domain/result.ts';
import type { AppSession, AppSignIn } from '../../../protocol/http/terminal-app.ts';
import type { Answer } from '../../answer.ts';
import type { Core } from '../../core.ts';

const challengeMs = 60_000;
const sessionMs = 12 * 3_600_000;
const stampBytes = 6;
const counterBytes = 4;
const stampPartBytes = 2 * stampBytes + counterBytes;
const nonceMacBytes = 16;
const idBytes = 16;
const macBytes = 32;
const pointBytes = 65;

/** Keys that were derived, by the ring they come from: every call of every terminal needs one. */
const derived = new WeakMap<object, Map<string, Buffer>>();

/** A key of this server for one purpose; all processes with the same key file have the same one. */
function keyFor(core: Core, purpose: string): Buffer {
  const ring = core.keys();
  const known = derived.get(ring) ?? new Map<string, Buffer>();
  derived.set(ring, known);
  const found = known.get(purpose);
  if (found !== undefined) return found;
  const info = `tillkeeper terminal app ${purpose}`;
  const made = Buffer.from(hkdfSync('sha256', ring.signInSecret, '', info, macBytes));
  known.set(purpose, made);
  return made;
}

function mac(core: Core, purpose: string, ...parts: readonly Uint8Array[]): Buffer {
  const hmac = createHmac('sha256', keyFor(core, purpose));
  for (const part of parts) hmac.update(part);
  return hmac.digest();
}

function instantBytes(ms: number): Buffer {
  const bytes = Buffer.alloc(stampBytes);
  bytes.writeUIntBE(ms, 0, stampBytes);
  return bytes;
}

let counter = 0;

/**
 * A nonce that needs no row until it is used: end of life ‖ when it was made ‖ count ‖ MAC, which nobody else can guess.
 * It works once because the app's row keeps the last one that was used and only later ones are taken.
 */
export function makeNonce(core: Core): { readonly nonce: string } {
  counter = (counter + 1) % 2 ** 32;
  const count = Buffer.alloc(counterBytes);
  count.writeUInt32BE(counter);
  const stamp = Buffer.concat([instantBytes(core.clock() + challengeMs), instantBytes(Date.now()), count]);
  const tag = mac(core, 'nonce', stamp).subarray(0, nonceMacBytes);
  return { nonce: Buffer.concat([stamp, tag]).toString('base64url') };
}

/** The part of a nonce that orders it; `undefined` when it is not ours or its minute is over. */
function stampOf(core: Core, nonce: string): Buffer | undefined {
  const bytes = Buffer.from(nonce, 'base64url');
  if (bytes.length !== stampPartBytes + nonceMacBytes) return undefined;
  const stamp = bytes.subarray(0, stampPartBytes);
  const tag = mac(core, 'nonce', stamp).subarray(0, nonceMacBytes);
  if (!timingSafeEqual(tag, bytes.subarray(stamp.length))) return undefined;
  return stamp.readUIntBE(0, stampBytes) > core.clock() ? stamp : undefined;
}

/** The text that the app signs. */
function signedText(appId: string, nonce: string): Buffer {
  return Buffer.from(`tillkeeper-app\n${appId}\n${nonce}`);
}

/** True for an uncompressed point of P-256 that node:crypto takes as a key. */
export function isAppKey(publicKey: Uint8Array): boolean {
  return keyOf(publicKey) !== undefined;
}

function keyOf(publicKey: Uint8Array) {
  if (publicKey.length !== pointBytes || publicKey[0] !== 4) return undefined;
  const coordinate = (from: number): string =>
    Buffer.from(publicKey.subarray(from, from + macBytes)).toString('base64url');
  try {
    const jwk = { kty: 'EC', crv: 'P-256', x: coordinate(1), y: coordinate(1 + macBytes) };
    return createPublicKey({ key: jwk, format: 'jwk' });
  } catch {
    return undefined;
  }
}

function isSignedBy(publicKey: Uint8Array, body: AppSignIn): boolean {
  const key = keyOf(publicKey);
  if (key === undefined) return false;
  const signature = Buffer.from(body.signature, 'base64url');
  return verify('sha256', signedText(body.appId, body.nonce), { key, dsaEncoding: 'ieee-p1363' }, signature);
}

/** Signs an app in: its signature over our nonce, once. Every fault is the same `unauthenticated`. */
export async function signIn(core: Core, body: AppSignIn): Promise<Answer<AppSession>> {
  const stamp = stampOf(core, body.nonce);
  if (stamp === undefined) return err('unauthenticated', 'nonce');
  const app = await core.db
    .selectFrom('terminal_apps')
    .select(['public_key', 'state'])
    .where('id', '=', body.appId)
    .executeTakeFirst();
  if (app?.state !== 'active' || !isSignedBy(app.public_key, body)) return err('unauthenticated', 'signature');
  const used = await core.db
    .updateTable('terminal_apps')
    .set({ last_nonce: stamp, last_seen_at: new Date(core.clock()) })
    .where('id', '=', body.appId)
    .where('state', '=', 'active')
    .where((eb) => eb.or([eb('last_nonce', 'is', null), eb('last_nonce', '<', stamp)]))
    .executeTakeFirst();
  if (used.numUpdatedRows !== 1n) return err('unauthenticated', 'nonce');
  return ok(makeToken(core, body.appId));
}

function makeToken(core: Core, appId: string): AppSession {
  const expiresMs = core.clock() + sessionMs;
  const body = Buffer.concat([Buffer.from(appId.replaceAll('-', ''), 'hex'), instantBytes(expiresMs)]);
  const token = Buffer.concat([body, mac(core, 'token', body)]).toString('base64url');
  return { token, expiresAt: new Date(expiresMs).toISOString() };
}

/** The app that a token was made for; `undefined` when it is not ours or is over. Whether the app still counts is another question. */
export function appOfToken(core: Core, token: string): string | undefined {
  const bytes = Buffer.from(token, 'base64url');
  if (bytes.length !== idBytes + stampBytes + macBytes) return undefined;
  const body = bytes.subarray(0, idBytes + stampBytes);
  if (!timingSafeEqual(mac(core, 'token', body), bytes.subarray(body.length))) return undefined;
  if (body.readUIntBE(idBytes, stampBytes) <= core.clock()) return undefined;
  const hex = body.toString('hex', 0, idBytes);
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
