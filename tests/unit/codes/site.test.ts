import { sha256 } from '@noble/hashes/sha2.js';
import { describe, expect, test } from 'vitest';
import { decodeCbor } from '../../../protocol/cbor/decode.ts';
import { encodeCbor } from '../../../protocol/cbor/encode.ts';
import type { CborValue } from '../../../protocol/cbor/value.ts';
import { codePictures } from '../../../protocol/codes/code.ts';
import { codeLimits } from '../../../protocol/codes/limits.ts';
import {
  decodeSiteAnswer,
  decodeSiteAsk,
  encodeSiteAnswer,
  encodeSiteAsk,
  isAnswerTo,
  siteAskPayload,
  sitePayloadHash,
} from '../../../protocol/codes/site.ts';
import { unlockLimits } from '../../../protocol/unlock/v1/limits.ts';
import { encodeResponsePayload, secondKeyHash } from '../../../protocol/unlock/v1/site.ts';
import { makeAsk, makeDelegation, makeRequest, secretOf, siteKeys } from './site-make.ts';

function valueOf<T>(result: { readonly ok: boolean; readonly value?: T }): T {
  if (!result.ok || result.value === undefined) throw new Error('a success was expected');
  return result.value;
}

/** An ask with one place of its list replaced. */
function askWith(place: number, value: CborValue): Uint8Array {
  const list = [...(valueOf(decodeCbor(encodeSiteAsk(makeAsk()))) as readonly CborValue[])];
  return encodeCbor(list.with(place, value));
}

describe('the code that asks for a second signature', () => {
  test('comes back as it was', () => {
    const ask = makeAsk();
    expect(decodeSiteAsk(encodeSiteAsk(ask))).toEqual({ ok: true, value: ask });
  });

  test('leads both persons to the same payload, made of request and delegation', () => {
    const ask = makeAsk();
    const read = valueOf(siteAskPayload(ask));
    const { deviceId, lockEpoch, nonce } = read.request.message;
    expect(read.payload).toEqual(
      encodeResponsePayload({
        deviceId,
        lockEpoch,
        nonce,
        delegationHash: sha256(ask.delegation),
        actions: 4,
        useIndex: 1,
        madeAtSeconds: ask.madeAtSeconds,
      }),
    );
    expect(read.delegation.message.sequence).toBe(3391);
  });

  test('fits at its largest', () => {
    const devices = Array.from({ length: unlockLimits.delegationDevicesMax }, (_, i) => new Uint8Array(8).fill(i + 1));
    const seconds = devices.map((_, i) => ({ keyHash: secondKeyHash(secretOf(i)), deviceMask: 255 }));
    const delegation = makeDelegation({ devices, seconds, sequence: 0xffff_ffff, usesMax: 16 });
    const bytes = encodeSiteAsk(makeAsk({ delegation, technicianName: '𠮷'.repeat(60), useIndex: 16, actions: 127 }));
    expect(bytes.length).toBeLessThanOrEqual(codeLimits.siteAskBytesMax);
    expect(codePictures({ kind: 'siteAsk', bytes }).length).toBeLessThanOrEqual(4);
    expect(valueOf(decodeSiteAsk(bytes)).technicianName).toBe('𠮷'.repeat(40));
  });

  test('carries a name without controls and direction marks', () => {
    const bytes = encodeSiteAsk(makeAsk({ technicianName: ' Wang\u202e\u0000 Wei\n' }));
    expect(valueOf(decodeSiteAsk(bytes)).technicianName).toBe('Wang Wei');
  });

  test.each([
    [0, 2, 'unsupported-version'],
    [0, 'one', 'malformed'],
    [1, new Uint8Array(461), 'malformed'],
    [1, 'text', 'malformed'],
    [2, new Uint8Array(161), 'malformed'],
    [3, 0, 'malformed'],
    [3, 128, 'malformed'],
    [4, 0, 'malformed'],
    [4, 17, 'malformed'],
    [5, -1, 'malformed'],
    [5, 0x1_0000_0000, 'malformed'],
    [6, 'x'.repeat(41), 'malformed'],
    [6, 'Wang\u202eWei', 'malformed'],
    [6, new Uint8Array(3), 'malformed'],
  ])('place %i as %o is refused: %s', (place, value, error) => {
    expect(decodeSiteAsk(askWith(place, value))).toMatchObject({ ok: false, error });
  });

  test('with a place more or less, or of another size, is refused', () => {
    const list = valueOf(decodeCbor(encodeSiteAsk(makeAsk()))) as readonly CborValue[];
    expect(decodeSiteAsk(encodeCbor([...list, 1]))).toMatchObject({ ok: false, error: 'malformed' });
    expect(decodeSiteAsk(encodeCbor(list.slice(0, -1)))).toMatchObject({ ok: false, error: 'malformed' });
    expect(decodeSiteAsk(new Uint8Array(codeLimits.siteAskBytesMax + 1))).toMatchObject({ detail: 'size' });
  });

  test('with something else in place of its messages is refused when they are read', () => {
    expect(siteAskPayload(makeAsk({ delegation: makeRequest() }))).toMatchObject({ ok: false, error: 'malformed' });
    expect(siteAskPayload(makeAsk({ request: makeDelegation() }))).toMatchObject({ ok: false, error: 'malformed' });
  });
});

describe('the code that answers', () => {
  const payload = valueOf(siteAskPayload(makeAsk())).payload;
  const answer = {
    payloadHash: sitePayloadHash(payload),
    secondKey: siteKeys.second,
    signature: new Uint8Array(64).fill(3),
  };

  test('comes back as it was, in one picture', () => {
    const bytes = encodeSiteAnswer(answer);
    expect(decodeSiteAnswer(bytes)).toEqual({ ok: true, value: answer });
    expect(codePictures({ kind: 'siteAnswer', bytes })).toHaveLength(1);
  });

  test('names the payload that it signs', () => {
    expect(isAnswerTo(answer, payload)).toBe(true);
    const other = valueOf(siteAskPayload(makeAsk({ useIndex: 2 }))).payload;
    expect(isAnswerTo(answer, other)).toBe(false);
  });

  test.each([
    [{ payloadHash: new Uint8Array(7) }, 'payloadHash'],
    [{ secondKey: new Uint8Array(31) }, 'secondKey'],
    [{ signature: new Uint8Array(63) }, 'signature'],
  ])('%# with a part of the wrong size is neither made nor read', (change, detail) => {
    expect(() => encodeSiteAnswer({ ...answer, ...change })).toThrow(detail);
    const { payloadHash, secondKey, signature } = { ...answer, ...change };
    expect(decodeSiteAnswer(encodeCbor([1, payloadHash, secondKey, signature]))).toMatchObject({ ok: false, detail });
  });
});
