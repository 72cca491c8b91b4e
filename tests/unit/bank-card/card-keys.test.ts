import { describe, expect, test } from 'vitest';
import {
  hostPublicKey,
  initialKey,
  protectionKey,
  workingKey,
  wrapInitialKey,
} from '../../../mock-server/platforms/bank-card/card-keys.ts';
import { simulatedCards } from '../../../mock-server/platforms/bank-card/cards.ts';
import { aesCmac } from '../../../mock-server/platforms/bank-card/ciphers.ts';
import { openCard, openPinBlock } from '../../../mock-server/platforms/bank-card/sealed-card.ts';
import { cardField } from '../../../server/channels/bank-card/card-field.ts';
import cmac from '../../vectors/unlock/aes-cmac.json' with { type: 'json' };
import kbpk from '../../vectors/card/kbpk.json' with { type: 'json' };

const hex = (text: string) => Buffer.from(text, 'hex');
const base = hex(kbpk.block.bdk);
const sealed = {
  entry: 'chip' as const,
  ksn: kbpk.read.ksn,
  data: hex(kbpk.read.data).toString('base64url'),
  pin: { ksn: kbpk.read.ksn, block: kbpk.read.pinBlock },
  tail: '0426',
};

describe('the acquirer’s card keys, against the golden file that was made apart', () => {
  test('AES-CMAC (RFC 4493)', () => {
    for (const { message, mac } of cmac.cases) expect(aesCmac(hex(cmac.key), hex(message)).toString('hex')).toBe(mac);
  });

  test('agreement, initial key, key block', () => {
    const { acquirerSecret, acquirerPublicKey, devicePublicKey, deviceId } = kbpk.agreement;
    expect(hostPublicKey(hex(acquirerSecret)).toString('hex')).toBe(acquirerPublicKey);
    const key = protectionKey(hex(acquirerSecret), hex(devicePublicKey), hex(deviceId));
    expect(key.toString('hex')).toBe(kbpk.agreement.kbpk);
    const { ikid, padding, keyBlock } = kbpk.block;
    expect(initialKey(base, hex(ikid)).toString('hex')).toBe(kbpk.block.initialKey);
    expect(wrapInitialKey(key, hex(ikid), initialKey(base, hex(ikid)), hex(padding))).toBe(keyBlock);
    expect(() => protectionKey(hex(acquirerSecret), Buffer.alloc(32), hex(deviceId))).toThrow();
  });

  test('working keys, card data and PIN of one reading', () => {
    const { ksn, dataKey, pinKey, pan, expiry, pin } = kbpk.read;
    expect(workingKey(base, hex(ksn), 'data').toString('hex')).toBe(dataKey);
    expect(workingKey(base, hex(ksn), 'pin').toString('hex')).toBe(pinKey);
    const field = cardField(sealed) ?? '';
    expect(openCard(base, hex(field))).toMatchObject({ pan, expiry, pin, entry: 'chip' });
  });

  test('a PIN block opens for its own card only', () => {
    const { pinKey, pinBlock, pan, pin } = kbpk.read;
    expect(openPinBlock(hex(pinKey), hex(pinBlock), pan)).toBe(pin);
    expect(openPinBlock(hex(pinKey), hex(pinBlock), '6217000000000000425')).toBeUndefined();
  });

  test('field 57 cut or changed anywhere does not open as the same card', () => {
    const field = hex(cardField(sealed) ?? '');
    for (let at = 0; at < field.length; at++) {
      expect(typeof openCard(base, field.subarray(0, at))).toBe('string');
      const changed = Buffer.from(field);
      changed[at] = (changed[at] ?? 0) ^ 0x01;
      const opened = openCard(base, changed);
      const isSame = typeof opened !== 'string' && opened.pan === kbpk.read.pan && opened.pin === kbpk.read.pin;
      // Card data have no MAC of their own (field 64 covers them): a bit of the IV changes a bit of the first block.
      const isInIv = at >= 16 && at < 32;
      if (!isInIv && at !== field.length - 1) expect(isSame, `byte ${String(at)}`).toBe(false);
    }
  });

  test('parts of a wrong length are no field', () => {
    expect(cardField({ ...sealed, ksn: '00' })).toBeUndefined();
    expect(cardField({ ...sealed, pin: { ksn: sealed.ksn, block: '00' } })).toBeUndefined();
    expect(cardField({ ...sealed, data: '' })).toBeUndefined();
    expect(cardField({ ...sealed, data: 'A'.repeat(1_400) })).toBeUndefined();
  });

  test('every simulated card number has a right check digit and an id of its own', () => {
    for (const { pan } of simulatedCards) {
      const sum = [...pan].reverse().reduce((total, digit, at) => {
        const value = Number(digit) * (at % 2 === 0 ? 1 : 2);
        return total + (value > 9 ? value - 9 : value);
      }, 0);
      expect(sum % 10, pan.slice(-4)).toBe(0);
    }
    expect(new Set(simulatedCards.map(({ id }) => id)).size).toBe(simulatedCards.length);
  });
});
