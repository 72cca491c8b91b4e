import { hexEncode } from '../../../protocol/bytes.ts';
import * as bodies from '../../../protocol/unlock/v1/bodies.ts';
import { keyCheckValue } from '../../../protocol/unlock/v1/cmac.ts';
import * as codec from '../../../protocol/unlock/v1/codec.ts';
import { keyIdOf, signingPublicKey, softwareSigner } from '../../../protocol/unlock/v1/ed25519.ts';
import { softwareAgreementKey } from '../../../protocol/unlock/v1/hpke.ts';
import type { Keyset } from '../../../protocol/unlock/v1/messages.ts';
import { encodeParameters, parametersDigest } from '../../../protocol/unlock/v1/parameters.ts';
import { screenNumber } from '../../../protocol/unlock/v1/screen-number.ts';
import { packageKeyOf } from '../../../protocol/unlock/v1/package-key.ts';
import { sealGrant, sealKeyPackage, sealRequest } from '../../../protocol/unlock/v1/seal.ts';
import * as site from '../../../protocol/unlock/v1/site.ts';
import { signedBundle, siteDelegation, sitePeople, siteResponse } from './site-parts.ts';

/**
 * Makes the golden vectors of UNLK/1 from fixed keys and numbers. `write-vectors.ts` puts them beside this file;
 * the test makes them again and compares, so that a change of the wire format cannot pass unseen.
 */

const counting = (length: number, first: number) => Uint8Array.from({ length }, (_, i) => first + i);
const secrets = {
  root: counting(32, 0x01),
  issuer: counting(32, 0x21),
  approver: counting(32, 0x41),
  device: counting(32, 0x61),
  transport: counting(32, 0x81),
  commission: counting(32, 0xa1),
};
const signer = (name: 'root' | 'issuer' | 'approver' | 'device') => softwareSigner(secrets[name]);
const deviceId = counting(8, 0xd0);
const nonce = counting(16, 0x10);
const logHead = counting(16, 0xc0);
const ticket = counting(8, 0x70);
const time = 1_782_950_400;
const ephemeral = counting(32, 0x31);
const responseNonce = counting(32, 0x51);
const macKey = counting(16, 0x90);

/** A JSON value with bytes as hex. */
type Plain = string | number | boolean | readonly Plain[] | { readonly [name: string]: Plain };

function plain(value: unknown): Plain {
  if (value instanceof Uint8Array) return hexEncode(value);
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, plain(inner)]));
  }
  return value as Plain;
}

/** One message: its fields, what is signed (behind the tag), and the whole. */
function vector<M>(name: string, bytes: Uint8Array, decoded: codec.Decoded<M>): Plain {
  if (!decoded.ok) throw new Error(`${name}: ${decoded.error}`);
  const { message, payload, signatures } = decoded.value;
  return plain({ name, fields: message, payload, signatures: signatures.length, message: bytes, bytes: bytes.length });
}

const keyset: Keyset = {
  sequence: 7,
  keys: [
    { keyClass: 'issuer', publicKey: signingPublicKey(secrets.issuer), notAfterSeconds: 0 },
    { keyClass: 'approver', publicKey: signingPublicKey(secrets.approver), notAfterSeconds: time + 31_536_000 },
  ],
  transportKey: softwareAgreementKey(secrets.transport).publicKey,
};
const request = {
  ...{ deviceId, model: 2592, firmware: 0x0103_0201, lockEpoch: 41, nonce, reasons: 257, logHead, bootCount: 912 },
  ...{ deviceTimeSeconds: time, flags: 7, keysetSequence: 7 },
};
const grant = {
  ...{ deviceId, lockEpoch: 41, nonce, actions: 5, reasonsOk: 257, notBeforeSeconds: time },
  ...{ notAfterSeconds: time + 900, ticket, grantSequence: 12, keysetFloor: 7, revocationFloor: 3 },
};
const receipt = {
  ...{ deviceId, grantHash: counting(32, 0x40), result: 'unlocked' as const, grantedActions: 5, lockEpoch: 42 },
  ...{ nonceHash: counting(16, 0xb0), logHead, deviceTimeSeconds: time + 5, flags: 7, state: 'BLANK' as const },
  commissionKey: softwareAgreementKey(secrets.commission).publicKey,
};
const order = {
  ...{ deviceId, lockEpoch: 42, orderSequence: 3, action: 'selfTest' as const, notAfterSeconds: time + 600 },
  body: new Uint8Array(0),
};
const report = {
  ...{ deviceId, lockEpoch: 42, orderSequence: 3, action: 'selfTest' as const, result: 0, state: 'BLANK' as const },
  ...{ body: bodies.encodeSelfTest([{ name: 'printer', passed: true, detail: 'ok' }]), logHead },
  deviceTimeSeconds: time + 8,
};

function messageVectors(): Plain {
  const made = {
    request: codec.encodeRequest(request, signer('device')),
    unsigned: codec.encodeRequest({ ...request, flags: 6 }),
    grant: codec.encodeGrant(grant, signer('issuer'), signer('approver')),
    receipt: codec.encodeReceipt(receipt, signer('device')),
    abort: codec.encodeAbort({ deviceId, lockEpoch: 41, nonce, ticket }, signer('issuer')),
    keyset: codec.encodeKeyset(keyset, signer('root')),
    order: codec.encodeOrder(order, signer('issuer')),
    report: codec.encodeReport(report, signer('device')),
    delegation: codec.encodeDelegation(siteDelegation, signer('issuer'), signer('approver')),
    kitOrder: codec.encodeOrder({ ...order, lockEpoch: 0, delegationSequence: 3391 }, signer('issuer')),
  };
  return [
    vector('request', made.request, codec.decodeRequest(made.request)),
    vector('request, identity dead', made.unsigned, codec.decodeRequest(made.unsigned)),
    vector('grant', made.grant, codec.decodeGrant(made.grant)),
    vector('receipt', made.receipt, codec.decodeReceipt(made.receipt)),
    vector('abort', made.abort, codec.decodeAbort(made.abort)),
    vector('keyset', made.keyset, codec.decodeKeyset(made.keyset)),
    vector('order', made.order, codec.decodeOrder(made.order)),
    vector('report', made.report, codec.decodeReport(made.report)),
    vector('delegation', made.delegation, codec.decodeDelegation(made.delegation)),
    vector('order, made ahead', made.kitOrder, codec.decodeOrder(made.kitOrder)),
  ];
}

function keyVectors(): Plain {
  const signing = (['root', 'issuer', 'approver', 'device'] as const).map((name) => {
    const publicKey = signingPublicKey(secrets[name]);
    return { name, kind: 'Ed25519', secret: secrets[name], publicKey, kid: keyIdOf(publicKey) };
  });
  const agreement = (['transport', 'commission'] as const).map((name) => {
    const { publicKey } = softwareAgreementKey(secrets[name]);
    return { name, kind: 'X25519', secret: secrets[name], publicKey, kid: keyIdOf(publicKey) };
  });
  return plain([...signing, ...agreement]);
}

function sealingVectors(): Plain {
  const plainRequest = codec.encodeRequest(request, signer('device'));
  const plainGrant = codec.encodeGrant(grant, signer('issuer'), signer('approver'));
  const { sealed, responseSecret } = sealRequest(plainRequest, keyset.transportKey, ephemeral);
  const binding = { deviceId, lockEpoch: 42, orderSequence: 1 };
  const keys = bodies.encodePaymentKeys([
    { slot: 'pin', key: counting(16, 0x80) },
    { slot: 'mac', key: macKey },
    { slot: 'data', key: counting(16, 0xa0) },
  ]);
  return plain({
    request: { ephemeralSecret: ephemeral, plain: plainRequest, sealed, responseSecret },
    grant: { responseNonce, plain: plainGrant, sealed: sealGrant(plainGrant, responseSecret, responseNonce) },
    keyPackage: {
      ...{ binding, ephemeralSecret: ephemeral, plain: keys },
      sealed: sealKeyPackage(keys, receipt.commissionKey, binding, ephemeral),
    },
  });
}

function commissioningVectors(): Plain {
  const payment = { amountFen: 1, trace: 17, challenge: counting(16, 0x60) };
  const parameters = encodeParameters({
    ...{ merchantId: '898440048160001', merchantName: '老陈面馆', terminalLabel: 'till 2', currency: 'CNY' },
    ...{ locale: 'zh-CN', transactionLimitFen: 500_000, receiptHeader: '', receiptFooter: '谢谢惠顾' },
  });
  const mac = (part: bodies.TestPaymentPart) => bodies.testPaymentMac(macKey, part, deviceId, payment);
  const serverMac = mac('server');
  return plain({
    keyCheck: { key: macKey, kcv: keyCheckValue(macKey) },
    keyChecksBody: bodies.encodeKeyChecks([{ slot: 'mac', kcv: keyCheckValue(macKey) }]),
    parameters: { body: parameters, digest: parametersDigest(parameters) },
    testPayment: {
      ...{ macKey, deviceId, ...payment, serverMac, saleMac: mac('sale'), voidMac: mac('void') },
      orderBody: bodies.encodeTestPaymentOrder({ ...payment, serverMac }),
      reportBody: bodies.encodeTestPaymentReport({ saleMac: mac('sale'), voidMac: mac('void') }),
    },
    probation: {
      ...{ untilSeconds: time + 259_200, transactionLimitFen: 50_000 },
      body: bodies.encodeProbationOrder({ untilSeconds: time + 259_200, transactionLimitFen: 50_000 }),
    },
  });
}

function screenNumberVectors(): Plain {
  return Array.from({ length: 8 }, (_, i) => {
    const bytes = codec.encodeRequest({ ...request, bootCount: 900 + i }, signer('device'));
    return { request: hexEncode(bytes), screenNumber: screenNumber(bytes) };
  });
}

/** A response, its bundle, and the key to which key packages made ahead are sealed. */
function siteVectors(): Plain {
  const bundle = signedBundle(siteDelegation, siteResponse, [signer('issuer'), signer('approver')]);
  const parts = site.decodeSiteBundle(bundle);
  const response = parts.ok ? site.decodeResponse(parts.value.response) : parts;
  if (!parts.ok || !response.ok) throw new Error('site vectors');
  const { publicKey } = packageKeyOf(secrets.device);
  const binding = { deviceId, lockEpoch: 0, orderSequence: 3 };
  const keys = bodies.encodePaymentKeys([{ slot: 'mac', key: macKey }]);
  return plain({
    people: sitePeople.map(({ name, secret, publicKey: key }) => {
      return { name, secret, publicKey: key, keyHash: site.secondKeyHash(key) };
    }),
    response: {
      ...{ fields: response.value.message, payload: response.value.payload, message: parts.value.response },
      bytes: parts.value.response.length,
    },
    bundle: { message: bundle, bytes: bundle.length },
    packageKey: {
      ...{ identitySecret: secrets.device, publicKey, binding, ephemeralSecret: ephemeral, plain: keys },
      sealed: sealKeyPackage(keys, publicKey, binding, ephemeral),
    },
  });
}

/** Every golden file: name → content. */
export function makeVectors(): Readonly<Record<string, Plain>> {
  return {
    'keys.json': keyVectors(),
    'messages.json': messageVectors(),
    'sealing.json': sealingVectors(),
    'commissioning.json': commissioningVectors(),
    'screen-number.json': screenNumberVectors(),
    'site.json': siteVectors(),
  };
}
