import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CodeCollector, codeKinds, codePictures, codeText, readCode } from '../../../protocol/codes/code.ts';
import type { CodeKind } from '../../../protocol/codes/code.ts';
import { codeLimits } from '../../../protocol/codes/limits.ts';

const kinds = Object.keys(codeKinds) as CodeKind[];
const anyKind = fc.constantFrom(...kinds);
const anyBytes = fc.uint8Array({ minLength: 1, maxLength: codeLimits.bytesMax });

describe('codes', () => {
  test('a picture has the tag, the letter and Base45, and nothing outside the alphanumeric mode', () => {
    expect(codePictures({ kind: 'siteAnswer', bytes: Uint8Array.of(65, 66) })).toEqual(['TK1:ABB8']);
    fc.assert(
      fc.property(anyKind, anyBytes, (kind, bytes) => {
        for (const text of codePictures({ kind, bytes })) expect(text).toMatch(/^TK1:[0-9A-Z $%*+\-./:]+$/);
      }),
    );
  });

  test('a short code is one picture, a long one several of at most the size of a part', () => {
    expect(codePictures({ kind: 'deviceAsk', bytes: new Uint8Array(230) })).toHaveLength(1);
    const many = codePictures({ kind: 'siteAsk', bytes: new Uint8Array(codeLimits.bytesMax) });
    expect(many.length).toBeLessThanOrEqual(codeLimits.partsMax);
    for (const text of many) expect(text.length).toBeLessThanOrEqual(codeLimits.partCharactersMax);
  });

  test('pasted text comes back whatever a messenger does to its white space', () => {
    fc.assert(
      fc.property(anyKind, anyBytes, fc.nat(), (kind, bytes, at) => {
        const text = codeText({ kind, bytes });
        const i = at % text.length;
        const broken = ` ${text.slice(0, i)}\r\n${text.slice(i)}\u00a0`;
        expect(readCode(broken)).toEqual({ ok: true, value: { kind, bytes } });
      }),
    );
  });

  test.each([
    ['https://example.org', 'foreign'],
    ['', 'foreign'],
    ['TK2:ABB8', 'foreign'],
    ['TK1:ZBB8', 'foreign'],
    ['TK1:', 'damaged'],
    ['TK1:A', 'damaged'],
    ['TK1:ABB', 'damaged'],
    ['TK1:ABB8A', 'damaged'],
    ['TK1.A', 'damaged'],
    ['TK1.AQUF?', 'damaged'],
    ['TK1:M0', 'damaged'],
    ['TK1:MBB8', 'damaged'],
    [`TK1:A${'000'.repeat(2000)}`, 'damaged'],
    [`TK1.A${'A'.repeat(3000)}`, 'damaged'],
  ])('%# "%s" is refused as %s', (text, reason) => {
    expect(readCode(text)).toEqual({ ok: false, error: reason });
    expect(new CodeCollector().take(text)).toEqual({ state: 'refused', reason });
  });

  test('sizes beyond the limit are not made', () => {
    expect(() => codePictures({ kind: 'deviceAsk', bytes: new Uint8Array(codeLimits.bytesMax + 1) })).toThrow(
      'code.bytes',
    );
    expect(() => codeText({ kind: 'deviceAsk', bytes: new Uint8Array(0) })).toThrow('code.bytes');
  });
});

/** Long enough for at least two parts. */
const longBytes = fc.uint8Array({ minLength: 480, maxLength: codeLimits.bytesMax });

describe('codes of several parts', () => {
  test('come together in any order, with any part read again', () => {
    fc.assert(
      fc.property(anyKind, longBytes, fc.array(fc.nat(), { maxLength: 40 }), fc.nat(), (kind, bytes, repeats, turn) => {
        const parts = codePictures({ kind, bytes });
        expect(parts.length).toBeGreaterThan(1);
        const missing = turn % parts.length;
        const collector = new CodeCollector();
        const others = parts.filter((_, i) => i !== missing);
        const seen = [...others.toReversed(), ...repeats.map((i) => others[i % others.length] ?? '')];
        for (const text of seen) expect(collector.take(text).state).toBe('parts');
        expect(collector.take(seen.at(-1) ?? '')).toEqual({
          state: 'parts',
          have: parts.length - 1,
          count: parts.length,
        });
        expect(collector.take(parts[missing] ?? '')).toEqual({ state: 'whole', code: { kind, bytes } });
      }),
    );
  });

  test('of two codes never mix: the newer one starts afresh', () => {
    const first = codePictures({ kind: 'siteAsk', bytes: new Uint8Array(700).fill(1) });
    const second = codePictures({ kind: 'siteAsk', bytes: new Uint8Array(700).fill(2) });
    const collector = new CodeCollector();
    collector.take(first[0] ?? '');
    expect(collector.take(second[0] ?? '')).toEqual({ state: 'parts', have: 1, count: second.length });
    for (const text of second.slice(1, -1)) collector.take(text);
    expect(collector.take(second.at(-1) ?? '')).toMatchObject({ state: 'whole' });
  });

  test('with a foreign code in between lose nothing', () => {
    const parts = codePictures({ kind: 'siteAsk', bytes: new Uint8Array(700).fill(7) });
    const collector = new CodeCollector();
    collector.take(parts[0] ?? '');
    expect(collector.take('WIFI:S:guest;;')).toEqual({ state: 'refused', reason: 'foreign' });
    for (const text of parts.slice(1, -1)) collector.take(text);
    expect(collector.take(parts.at(-1) ?? '').state).toBe('whole');
  });

  test('with one byte changed are refused, never given out', () => {
    fc.assert(
      fc.property(longBytes, fc.nat(), fc.nat(), (bytes, which, at) => {
        const parts = codePictures({ kind: 'deviceAsk', bytes });
        const k = which % parts.length;
        const text = parts[k] ?? '';
        const i = 5 + (at % (text.length - 5));
        const changed = text.slice(0, i) + (text[i] === 'A' ? 'B' : 'A') + text.slice(i + 1);
        const collector = new CodeCollector();
        for (const part of parts.with(k, changed)) {
          const collected = collector.take(part);
          if (collected.state === 'whole') expect(collected.code.bytes).toEqual(bytes);
        }
      }),
    );
  });
});
