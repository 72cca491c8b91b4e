import { BrowserFieldKeyStore } from './store.ts';
import type { FieldKeyStore } from './store.ts';

/** What field keys need of the browser. */
export interface FieldKeyEnvironment {
  /** Absent where the browser has no passkeys. */
  readonly credentials: Pick<CredentialsContainer, 'create' | 'get'> | undefined;
  readonly crypto: Pick<Crypto, 'subtle' | 'getRandomValues'>;
  /** `https://…`, as the passkey's answers name it. */
  readonly origin: string;
  /** The host, as the passkey is bound to it. */
  readonly host: string;
  readonly store: FieldKeyStore;
  /** Epoch milliseconds. */
  readonly now: () => number;
  /** False when the browser knows that it has no network. */
  readonly isOnline: () => boolean;
}

/** The page's own. */
export function browserEnvironment(): FieldKeyEnvironment {
  const hasPasskeys = typeof PublicKeyCredential === 'function' && 'credentials' in navigator;
  return {
    credentials: hasPasskeys ? navigator.credentials : undefined,
    crypto,
    origin: location.origin,
    host: location.hostname,
    store: new BrowserFieldKeyStore(),
    now: Date.now,
    isOnline: () => navigator.onLine,
  };
}
