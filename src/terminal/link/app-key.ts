import { base64UrlEncode, utf8Encode } from '../../../protocol/bytes.ts';

const algorithm = { name: 'ECDSA', namedCurve: 'P-256' } as const;

/** A new key of the app. */
export interface AppKey {
  /** Cannot be exported; IndexedDB keeps it as it is. */
  readonly privateKey: CryptoKey;
  /** Uncompressed point, 65 bytes. */
  readonly publicKey: Uint8Array;
}

/** Makes the app's key. */
export async function makeAppKey(): Promise<AppKey> {
  const pair = await crypto.subtle.generateKey(algorithm, false, ['sign', 'verify']);
  const publicKey = new Uint8Array(await crypto.subtle.exportKey('raw', pair.publicKey));
  return { privateKey: pair.privateKey, publicKey };
}

/** Signs a sign-in's nonce as POST /api/terminal-app/session wants it; base64url. */
export async function signNonce(privateKey: CryptoKey, appId: string, nonce: string): Promise<string> {
  const text = utf8Encode(`tillkeeper-app\n${appId}\n${nonce}`);
  const signature = await crypto.subtle.sign({ name: 'ECDSA', hash: 'SHA-256' }, privateKey, new Uint8Array(text));
  return base64UrlEncode(new Uint8Array(signature));
}
