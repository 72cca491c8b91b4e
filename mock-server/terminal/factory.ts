import { ed25519 } from '@noble/curves/ed25519.js';
import { base64UrlDecode, base64UrlEncode } from '../../protocol/bytes.ts';
import { packageKeyOf } from '../../protocol/unlock/v1/package-key.ts';
import type { RandomSource } from './firmware.ts';
import type { DurableStore } from './store.ts';
import { paymentSecrets, secretNames } from './vault.ts';

/** What the factory burns in: fixed for the life of the device. Holds no secret. */
export interface FactoryRecord {
  readonly serial: string;
  readonly label: string;
  readonly model: string;
  /** 8 bytes. */
  readonly deviceId: Uint8Array;
  readonly identityPublicKey: Uint8Array;
  /** X25519: key packages made ahead are sealed to it. Empty on a chip that was made before kits and lost its identity. */
  readonly packagePublicKey: Uint8Array;
  /** Ed25519 key that signs keysets: the only trust anchor. */
  readonly rootPublicKey: Uint8Array;
  /** X25519 key of the acquirer's key host; empty: this device takes no card key. */
  readonly acquirerPublicKey: Uint8Array;
  /** The first KEYSET, as signed bytes. */
  readonly keyset: Uint8Array;
  /** Parameters of the merchant where the terminal stands, JSON text. */
  readonly parameters: string;
}

/** What the factory is told for a new device. `identitySecret` is zeroed once it is in the device's store. */
export interface Provisioning {
  readonly serial: string;
  readonly label: string;
  readonly model: string;
  readonly deviceId: Uint8Array;
  readonly identitySecret: Uint8Array;
  readonly rootPublicKey: Uint8Array;
  readonly keyset: Uint8Array;
  readonly acquirerPublicKey?: Uint8Array;
  readonly parameters?: string;
}

const factoryName = 'factory';

const defaultParameters = {
  merchantId: '104110059980001',
  merchantName: 'Guiyuan Property Office',
  terminalLabel: '',
  currency: 'CNY',
  locale: 'zh-CN',
  transactionLimitFen: 500_000,
  receiptHeader: '桂园社区物业',
  receiptFooter: '谢谢',
};

/** For chips that were made before kits: while the identity lives, the public half follows from it. */
function derivedKey(store: DurableStore): Uint8Array {
  const secret = store.read(secretNames.identity);
  const isAlive = secret?.some((byte) => byte !== 0) === true;
  return isAlive && secret !== undefined ? packageKeyOf(secret).publicKey : new Uint8Array(0);
}

/** Reads the burnt-in record, or `undefined` for an empty chip. Throws when it is damaged: such a chip is scrap. */
export function readFactory(store: DurableStore): FactoryRecord | undefined {
  const bytes = store.read(factoryName);
  if (bytes === undefined) return undefined;
  const fields = JSON.parse(new TextDecoder().decode(bytes)) as Readonly<Record<string, string>>;
  const text = (name: string): string => fields[name] ?? '';
  const binary = (name: string): Uint8Array => base64UrlDecode(text(name)) ?? new Uint8Array(0);
  return {
    serial: text('serial'),
    label: text('label'),
    model: text('model'),
    deviceId: binary('deviceId'),
    identityPublicKey: binary('identityPublicKey'),
    packagePublicKey: fields['packagePublicKey'] === undefined ? derivedKey(store) : binary('packagePublicKey'),
    rootPublicKey: binary('rootPublicKey'),
    acquirerPublicKey: binary('acquirerPublicKey'),
    keyset: binary('keyset'),
    parameters: text('parameters'),
  };
}

/** Makes an empty chip a device with an identity and working payment keys. The factory record is written last. */
export function provision(store: DurableStore, input: Provisioning, random: RandomSource): FactoryRecord {
  if (input.deviceId.length !== 8) throw new RangeError('provision.deviceId: not 8 bytes');
  if (![undefined, 32].includes(input.acquirerPublicKey?.length)) {
    throw new RangeError('provision.acquirerPublicKey: not 32 bytes');
  }
  if (input.identitySecret.length !== 32) throw new RangeError('provision.identitySecret: not 32 bytes');
  const identityPublicKey = ed25519.getPublicKey(input.identitySecret);
  const packagePublicKey = packageKeyOf(input.identitySecret).publicKey;
  store.write(secretNames.identity, input.identitySecret);
  input.identitySecret.fill(0);
  for (const name of paymentSecrets) {
    const key = random(16);
    store.write(name, key);
    key.fill(0);
  }
  const parameters = input.parameters ?? JSON.stringify({ ...defaultParameters, terminalLabel: input.label });
  const fields = {
    serial: input.serial,
    label: input.label,
    model: input.model,
    deviceId: base64UrlEncode(input.deviceId),
    identityPublicKey: base64UrlEncode(identityPublicKey),
    packagePublicKey: base64UrlEncode(packagePublicKey),
    rootPublicKey: base64UrlEncode(input.rootPublicKey),
    acquirerPublicKey: base64UrlEncode(input.acquirerPublicKey ?? new Uint8Array(0)),
    keyset: base64UrlEncode(input.keyset),
    parameters,
  };
  store.write(factoryName, new TextEncoder().encode(JSON.stringify(fields)));
  const record = readFactory(store);
  if (record === undefined) throw new Error('the factory record was not stored');
  return record;
}
