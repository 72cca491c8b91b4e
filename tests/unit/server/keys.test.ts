import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { hexDecode } from '../../../protocol/bytes.ts';
import { keyIdOf, softwareSigner, verifyStrict } from '../../../protocol/unlock/v1/ed25519.ts';
import { softwareAgreementKey } from '../../../protocol/unlock/v1/hpke.ts';
import {
  makeKeyFile,
  parseKeyFile,
  readOrMakeKeyFile,
  rotateKey,
  writeKeyFile,
} from '../../../server/keys/key-file.ts';
import { createKeyRing } from '../../../server/keys/key-ring.ts';
import { nodeAgreementKey, nodeSigner, publicKeyOf, verifyByNode } from '../../../server/keys/node-keys.ts';
import { p256PublicKey, p256Secret } from '../../../server/keys/p256.ts';
import { createVault } from '../../../server/keys/vault.ts';
import speccheck from '../../vectors/ed25519/speccheck.json' with { type: 'json' };
import wycheproof from '../../vectors/ed25519/wycheproof.json' with { type: 'json' };

const nowMs = Date.parse('2026-11-23T00:00:00Z');
const hex = (text: string): Uint8Array => hexDecode(text) ?? new Uint8Array(0);
const folders: string[] = [];
const folder = (): string => {
  const made = mkdtempSync(join(tmpdir(), 'keys-'));
  folders.push(made);
  return made;
};
afterEach(() => {
  for (const made of folders.splice(0)) rmSync(made, { recursive: true, force: true });
});

describe('the server’s verifier', () => {
  const cases = [...wycheproof.cases, ...speccheck.cases];
  it(`gives the device’s verdict on all ${String(cases.length)} published vectors`, () => {
    for (const { id, publicKey, message, signature } of cases) {
      const input = [hex(publicKey), hex(message), hex(signature)] as const;
      expect(verifyByNode(...input), String(id)).toBe(verifyStrict(...input));
    }
  });

  it('takes a Buffer without changing it', () => {
    for (let count = 0; count < 16; count++) {
      const secret = new Uint8Array(32).fill(count);
      const key = Buffer.from(publicKeyOf('ed25519', secret));
      const before = key.toString('hex');
      const message = Buffer.from('message');
      expect(verifyByNode(key, message, Buffer.from(nodeSigner(secret).sign(message)))).toBe(true);
      expect(key.toString('hex')).toBe(before);
    }
  });

  it('never throws, whatever the sizes are', () => {
    for (const size of [0, 31, 33])
      expect(verifyByNode(new Uint8Array(size), new Uint8Array(0), new Uint8Array(64))).toBe(false);
    expect(verifyByNode(new Uint8Array(32), new Uint8Array(0), new Uint8Array(63))).toBe(false);
  });
});

it('OpenSSL signs and agrees as the software keys do', () => {
  const secret = new Uint8Array(32).map((_, index) => index);
  const message = new Uint8Array([1, 2, 3]);
  expect(nodeSigner(secret).sign(message)).toEqual(softwareSigner(secret).sign(message));
  expect(nodeSigner(secret).kid).toEqual(softwareSigner(secret).kid);
  const peer = softwareAgreementKey(new Uint8Array(32).fill(9));
  expect(nodeAgreementKey(secret).agree(peer.publicKey)).toEqual(softwareAgreementKey(secret).agree(peer.publicKey));
  expect(nodeAgreementKey(secret).agree(new Uint8Array(32))).toBeUndefined();
});

describe('the vault', () => {
  const vault = createVault(new Uint8Array(32).fill(1));
  it('opens only what was sealed, only for its purpose', () => {
    const sealed = vault.seal(new Uint8Array([1, 2, 3]), 'a');
    expect([...vault.open(sealed, 'a')]).toEqual([1, 2, 3]);
    expect(() => vault.open(sealed, 'b')).toThrow();
    for (let at = 0; at < sealed.length; at++) {
      const broken = Buffer.from(sealed);
      broken[at] = (broken[at] ?? 0) ^ 1;
      expect(() => vault.open(broken, 'a')).toThrow();
    }
    expect(() => createVault(new Uint8Array(32).fill(2)).open(sealed, 'a')).toThrow();
  });

  it('never gives the same bytes twice', () => {
    expect(vault.seal(new Uint8Array(16), 'a').equals(vault.seal(new Uint8Array(16), 'a'))).toBe(false);
  });
});

describe('the key file', () => {
  it('is made once, readable by its owner only, and left alone afterwards', () => {
    const path = join(folder(), 'new', 'keys.json');
    const made = readOrMakeKeyFile(path, nowMs);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readOrMakeKeyFile(path, nowMs + 1)).toEqual(made);
    expect(readdirSync(join(path, '..'))).toEqual(['keys.json']);
  });

  it('is refused when others may read it', () => {
    const path = join(folder(), 'keys.json');
    readOrMakeKeyFile(path, nowMs);
    chmodSync(path, 0o644);
    expect(() => readOrMakeKeyFile(path, nowMs)).toThrow('owner only');
  });

  it('names the field that is wrong', () => {
    const file = makeKeyFile(nowMs);
    expect(() => parseKeyFile(JSON.stringify({ ...file, keyEncryptionKey: 'short' }))).toThrow('keyEncryptionKey');
    expect(() =>
      parseKeyFile(JSON.stringify({ ...file, keys: file.keys.map((key) => ({ ...key, kind: 'king' })) })),
    ).toThrow('keys.0.kind');
    expect(() => createKeyRing({ ...file, keys: file.keys.filter((key) => key.kind !== 'issuer') })).toThrow('issuer');
  });

  it('rotates: the new key signs, the old one stays listed until its end', () => {
    const before = makeKeyFile(nowMs);
    const after = rotateKey(before, 'issuer', nowMs);
    const [old, fresh] = [createKeyRing(before), createKeyRing(after)];
    expect(fresh.issuer.kid).not.toEqual(old.issuer.kid);
    const listed = fresh.keysetKeys.find((key) => Buffer.from(keyIdOf(key.publicKey)).equals(old.issuer.kid));
    expect(listed).toMatchObject({ keyClass: 'issuer', notAfterSeconds: nowMs / 1000 + 30 * 86_400 });
    const later = rotateKey(after, 'policy-approver', nowMs + 31 * 86_400_000);
    expect(later.keys.filter((key) => key.kind === 'issuer')).toHaveLength(1);
  });

  it('an old transport key still opens requests', () => {
    const before = makeKeyFile(nowMs);
    const old = createKeyRing(before);
    const fresh = createKeyRing(rotateKey(before, 'transport', nowMs));
    expect(fresh.transportPublicKey).not.toEqual(old.transportPublicKey);
    expect(fresh.transport(keyIdOf(old.transportPublicKey))).toBeDefined();
  });

  it('cannot rotate the approvers out of the keyset', () => {
    let file = makeKeyFile(nowMs);
    expect(() => {
      for (let count = 0; count < 8; count++) file = rotateKey(file, 'issuer', nowMs);
    }).toThrow('retiring');
  });

  it('is replaced whole', () => {
    const path = join(folder(), 'keys.json');
    const file = makeKeyFile(nowMs);
    writeKeyFile(path, file);
    expect(parseKeyFile(readFileSync(path, 'utf8'))).toEqual(file);
    expect(existsSync(path)).toBe(true);
  });
});

describe('keys of documents and of look-ups', () => {
  const subtle = globalThis.crypto.subtle;
  const verifies = async (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): Promise<boolean> => {
    const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
    const key = await subtle.importKey('raw', Uint8Array.from(publicKey), algorithm, false, ['verify']);
    return subtle.verify(algorithm, key, Uint8Array.from(signature), Uint8Array.from(message));
  };

  it('a file from before them comes to the same keys every time', () => {
    const old = makeKeyFile(nowMs);
    const text = JSON.stringify({
      ...old,
      keys: old.keys.filter(({ kind }) => kind !== 'document' && kind !== 'lookup' && kind !== 'log'),
    });
    const [first, second] = [parseKeyFile(text), parseKeyFile(text)];
    expect(first).toEqual(second);
    expect(first.keys.map(({ kind }) => kind).slice(-3)).toEqual(['log', 'document', 'lookup']);
    const ids = first.keys.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('sign so that Web Crypto agrees, and stay known after a rotation', async () => {
    const before = makeKeyFile(nowMs);
    const after = createKeyRing(rotateKey(before, 'document', nowMs));
    const message = new Uint8Array([1, 2, 3]);
    const [old] = createKeyRing(before).documentKeys;
    const [fresh, kept] = after.documentKeys;
    expect(kept?.kid).toBe(old.kid);
    expect(fresh.kid).not.toBe(old.kid);
    expect(await verifies(old.publicKey, message, old.sign(message))).toBe(true);
    expect(await verifies(fresh.publicKey, message, old.sign(message))).toBe(false);
    let file = before;
    for (let count = 0; count < 8; count++) file = rotateKey(file, 'document', nowMs + count * 40 * 86_400_000);
    expect(createKeyRing(file).documentKeys).toHaveLength(9);
  });

  it('a secret key of P-256 is in the range whatever the bytes', () => {
    for (const byte of [0, 0xff]) {
      const secret = p256Secret(new Uint8Array(48).fill(byte));
      expect(secret).toHaveLength(32);
      expect(p256PublicKey(secret)).toHaveLength(65);
    }
    expect(() => p256Secret(new Uint8Array(32))).toThrow('p256Secret.uniform');
  });
});
