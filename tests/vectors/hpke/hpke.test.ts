import { expect, test } from 'vitest';
import { hexEncode } from '../../../protocol/bytes.ts';
import {
  hpkeExport,
  hpkeOpen,
  hpkeSeal,
  setupReceiver,
  setupSender,
  softwareAgreementKey,
} from '../../../protocol/unlock/v1/hpke.ts';
import { fromHex, readVectors } from '../unlock/read-vectors.ts';

interface Vectors {
  readonly setup: Readonly<Record<string, string>>;
  readonly encryptions: readonly { sequence: number; plain: string; aad: string; sealed: string }[];
  readonly exports: readonly { context: string; length: number; value: string }[];
}

const { setup, encryptions, exports } = readVectors<Vectors>('hpke/rfc9180-a2.json');
const field = (name: string) => fromHex(setup[name] as string);
const recipient = softwareAgreementKey(field('skRm'));
const sender = setupSender(field('pkRm'), field('info'), softwareAgreementKey(field('skEm')))!;
const receiver = setupReceiver(field('enc'), recipient, field('info'))!;

test('RFC 9180 A.2.1: set-up gives the published keys on both sides', () => {
  expect(hexEncode(sender.encapsulated)).toBe(setup['enc']);
  for (const context of [sender.context, receiver]) {
    expect(hexEncode(context.key)).toBe(setup['key']);
    expect(hexEncode(context.baseNonce)).toBe(setup['base_nonce']);
    expect(hexEncode(context.exporterSecret)).toBe(setup['exporter_secret']);
  }
});

test.each(encryptions)(
  'RFC 9180 A.2.1.1: text number $sequence seals and opens',
  ({ sequence, plain, aad, sealed }) => {
    expect(hexEncode(hpkeSeal(sender.context, sequence, fromHex(aad), fromHex(plain)))).toBe(sealed);
    expect(hexEncode(hpkeOpen(receiver, sequence, fromHex(aad), fromHex(sealed))!)).toBe(plain);
    expect(hpkeOpen(receiver, sequence + 1, fromHex(aad), fromHex(sealed))).toBeUndefined();
    expect(hpkeOpen(receiver, sequence, fromHex('00'), fromHex(sealed))).toBeUndefined();
  },
);

test.each(exports)('RFC 9180 A.2.1.2: export for context "$context"', ({ context, length, value }) => {
  expect(hexEncode(hpkeExport(receiver, fromHex(context), length))).toBe(value);
});

test('a peer key of small order, which would give an all-zero secret, is refused', () => {
  for (const first of [0, 1]) {
    const peer = Uint8Array.from({ length: 32 }, (_, i) => (i === 0 ? first : 0));
    expect(setupReceiver(peer, recipient, field('info'))).toBeUndefined();
    expect(setupSender(peer, field('info'), recipient)).toBeUndefined();
  }
  expect(setupReceiver(new Uint8Array(31), recipient, field('info'))).toBeUndefined();
});
