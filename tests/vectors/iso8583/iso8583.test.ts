import { describe, expect, test } from 'vitest';
import { desCheckValue, tripleDes, x919 } from '../../../mock-server/platforms/bank-card/ciphers.ts';
import { readMessage } from '../../../mock-server/platforms/bank-card/messages.ts';
import { decodeMessage, encodeMessage } from '../../../server/channels/bank-card/iso8583.ts';
import type { FieldTable } from '../../../server/channels/bank-card/iso8583.ts';
import {
  isMessageSigned,
  keyCheckValue,
  openKey,
  retailMac,
  signMessage,
} from '../../../server/channels/bank-card/mac.ts';
import { profileFields } from '../../../server/channels/bank-card/profile.ts';
import mac from './mac.json' with { type: 'json' };
import messages from './messages.json' with { type: 'json' };

const hex = (text: string) => Buffer.from(text, 'hex');
/** The published reversal carries a card number; the profile has no field for one. */
const withCard: FieldTable = { ...profileFields, 2: { kind: 'n', length: 19, lengthDigits: 2 } };
const [first, second] = mac.workingKeys.parts.map(({ key }) => hex(key));
const zoneKey = Buffer.from((first ?? []).map((byte, at) => byte ^ (second?.[at] ?? 0)));

describe('ANSI X9.19, by server and acquirer', () => {
  test.each(mac.x919)('$source', ({ key, text, mac: expected }) => {
    expect(retailMac(hex(key), hex(text)).toString('hex').toUpperCase()).toBe(expected);
    expect(x919(hex(key), hex(text)).toString('hex').toUpperCase()).toBe(expected);
  });

  test('check values of key parts and of working keys', () => {
    for (const { key, check } of mac.workingKeys.parts) expect(keyCheckValue(hex(key)).slice(0, 4)).toBe(check);
    for (const sealed of [mac.workingKeys.pin, mac.workingKeys.mac]) {
      const [key, check] = [hex(sealed.slice(0, 32)), sealed.slice(32)];
      expect(keyCheckValue(openKey(zoneKey, key))).toBe(check);
      const atHost = tripleDes('decrypt', zoneKey, key);
      expect(desCheckValue(atHost).toString('hex').toUpperCase()).toBe(check);
    }
  });

  test('the published message is signed by the published key', () => {
    const bytes = hex(messages.messages[2]?.frame.slice(4) ?? '');
    const key = openKey(zoneKey, hex(mac.workingKeys.mac.slice(0, 32)));
    expect(isMessageSigned(key, bytes)).toBe(true);
    const unsigned = Buffer.concat([bytes.subarray(0, -8), Buffer.alloc(8)]);
    expect(isMessageSigned(key, unsigned)).toBe(false);
    expect(signMessage(key, unsigned)).toEqual(bytes);
  });
});

describe('ISO 8583 messages, by server and acquirer', () => {
  test.each(messages.messages)('$name', ({ frame, tpdu, header, mti, fields }) => {
    const bytes = hex(frame);
    expect(bytes.readUInt16BE(0)).toBe(bytes.length - 2);
    const message = { tpdu, header, mti, fields: fields as Record<number, string> };
    expect(decodeMessage(withCard, bytes.subarray(2))).toEqual({ ok: true, value: message });
    expect(encodeMessage(withCard, message)).toEqual(bytes.subarray(2));
    const atHost = readMessage(bytes.subarray(2));
    expect(atHost?.type).toBe(mti);
    expect(Object.fromEntries(atHost?.fields ?? [])).toEqual(fields);
  });

  test('a message with a card number is not of this profile', () => {
    const bytes = hex(messages.messages[2]?.frame.slice(4) ?? '');
    expect(decodeMessage(profileFields, bytes)).toEqual({ ok: false, error: 'unknown-field', detail: 'field 2' });
  });
});
