import { describe, expect, it } from 'vitest';
import { base64Decode, base64Encode } from '../../../protocol/log/base64.ts';
import {
  checkpointText,
  cosign,
  cosignaturesOf,
  openCheckpoint,
  parseCheckpoint,
  parseCheckpointText,
  verifyCosignature,
} from '../../../protocol/log/checkpoint.ts';
import { logLimits } from '../../../protocol/log/limits.ts';
import {
  decodeVkey,
  encodeVkey,
  formatNote,
  noteKey,
  parseNote,
  signatureLine,
  signNote,
  verifyNote,
} from '../../../protocol/log/note.ts';
import { signingPublicKey, softwareSigner } from '../../../protocol/unlock/v1/ed25519.ts';

const secretOf = (fill: number): Uint8Array => new Uint8Array(32).fill(fill);
const log = noteKey('till.example/log', 'ed25519', signingPublicKey(secretOf(1)));
const witness = noteKey('witness.example/w1', 'cosignature', signingPublicKey(secretOf(2)));
const signer = softwareSigner(secretOf(1));
const root = new Uint8Array(32).fill(7);
const body = checkpointText({ origin: log.name, size: 12, root });
const signed = formatNote({ text: body, signatures: [signNote(body, log, signer.sign)] });

describe('base64', () => {
  it.each(['', 'AA==', 'AAA=', 'AAAA', '+/+/'])('%j is read and spelled back', (text) => {
    const bytes = base64Decode(text);
    expect(bytes === undefined ? undefined : base64Encode(bytes)).toBe(text);
  });
  it.each(['A', 'AA', 'AAA', 'AA=A', 'AB==', 'AAB=', '-_-_', 'AAAA====', 'AAAA\n', ' AAA'])('%j is refused', (text) => {
    expect(base64Decode(text)).toBeUndefined();
  });
});

describe('verifier keys', () => {
  it.each([log, witness])('$name comes back', (key) => {
    expect(decodeVkey(encodeVkey(key))).toEqual({ ok: true, value: key });
  });
  const vkey = encodeVkey(log);
  it.each([
    ['empty', ''],
    ['without a name', vkey.slice(log.name.length)],
    ['a name with a space', vkey.replace('/', ' ')],
    ['another name', vkey.replace('till', 'tall')],
    ['another id', vkey.replace(/\+[0-9a-f]/, (part) => `+${part === '+0' ? '1' : '0'}`)],
    ['an id in capitals', vkey.replace(/\+[0-9a-f]{8}\+/, (part) => part.toUpperCase())],
    [
      'an unknown type',
      vkey
        .replace('+AY', '+BY')
        .replace('+Ab', '+Bb')
        .replace(/\+A(?=[A-Za-z0-9+/]{43}$)/, '+C'),
    ],
    ['a character more', `${vkey}A`],
    ['a space at the end', `${vkey} `],
  ])('%s is refused', (_name, text) => {
    expect(decodeVkey(text).ok).toBe(false);
  });
  it('a key of small order is refused', () => {
    expect(() => noteKey('x', 'ed25519', new Uint8Array(32))).toThrow('noteKey.publicKey');
  });
});

describe('notes', () => {
  const line = signatureLine(signNote(body, log, signer.sign));
  it.each([
    ['no signature', `${body}\n`],
    ['no blank line', body + line],
    ['no newline at the end', signed.slice(0, -1)],
    ['a control character', signed.replace('12', '1\t2')],
    ['a carriage return', signed.replace('\n', '\r\n')],
    ['a lone surrogate', signed.replace('12', '1\ud800')],
    ['a hyphen for the dash', signed.replace('—', '-')],
    ['two spaces in a line', signed.replace('— ', '—  ')],
    ['base64url', signed.replace(/\S+\n$/, (part) => part.replaceAll('+', '-').replaceAll('/', '_'))],
    ['padding left out', signed.replace(/=+\n$/, '\n')],
    ['a line that is no signature', `${signed}x\n`],
  ])('%s is refused', (_name, text) => {
    const parsed = parseNote(text, 4_000);
    expect(parsed.ok && verifyNote(parsed.value, [log]).ok).toBe(false);
  });
  it('more than the limit is refused before it is read', () => {
    expect(parseNote(signed, signed.length - 1)).toMatchObject({ error: 'too-large' });
    const many = formatNote({
      text: body,
      signatures: Array(logLimits.noteSignaturesMax + 1).fill(signNote(body, log, signer.sign)),
    });
    expect(parseNote(many, 100_000)).toMatchObject({ error: 'too-large' });
  });
  it('lines of unknown keys are passed over; one bad line of a known key spoils the note', () => {
    const other = noteKey('other', 'ed25519', signingPublicKey(secretOf(3)));
    const both = formatNote({
      text: body,
      signatures: [signNote(body, other, softwareSigner(secretOf(3)).sign), signNote(body, log, signer.sign)],
    });
    const parsed = parseNote(both, 4_000);
    if (!parsed.ok) throw new Error(parsed.error);
    expect(verifyNote(parsed.value, [log])).toEqual({ ok: true, value: [log] });
    expect(verifyNote(parsed.value, [noteKey('x', 'ed25519', log.publicKey)])).toMatchObject({ error: 'unknown-key' });
    const spoilt = {
      ...parsed.value,
      signatures: parsed.value.signatures.map((item) => ({ ...item, bytes: new Uint8Array(64) })),
    };
    expect(verifyNote(spoilt, [log])).toMatchObject({ error: 'bad-signature' });
  });
});

describe('checkpoints', () => {
  it('comes back as it was signed', () => {
    expect(openCheckpoint(signed, [log])).toMatchObject({ ok: true, value: { origin: log.name, size: 12, root } });
  });
  it('is not taken from a key with another name than its origin', () => {
    const other = noteKey('other.example/log', 'ed25519', log.publicKey);
    const text = formatNote({ text: body, signatures: [signNote(body, other, signer.sign)] });
    expect(openCheckpoint(text, [other])).toMatchObject({ error: 'unknown-key' });
  });
  const hash = base64Encode(root);
  it.each([
    ['two lines', `a\n1\n`],
    ['no origin', `\n1\n${hash}\n`],
    ['a leading zero', `a\n01\n${hash}\n`],
    ['a sign', `a\n+1\n${hash}\n`],
    ['hex', `a\n0x1\n${hash}\n`],
    ['beyond 2^53', `a\n9007199254740992\n${hash}\n`],
    ['a short hash', `a\n1\n${base64Encode(root.subarray(1))}\n`],
    ['an extension line', `a\n1\n${hash}\nmore\n`],
    ['no newline at the end', `a\n1\n${hash}`],
  ])('%s is refused', (_name, text) => {
    expect(parseCheckpointText(text).ok).toBe(false);
  });
});

describe('cosignatures', () => {
  const line = cosign(body, witness, 1_800_000_000, softwareSigner(secretOf(2)).sign);
  it('hold for their checkpoint, their witness and their time', () => {
    expect(verifyCosignature(body, line, witness)).toBe(1_800_000_000);
    expect(verifyCosignature(body.replace('12', '13'), line, witness)).toBeUndefined();
    const later = Uint8Array.from(line.bytes);
    later[7] = (later[7] ?? 0) ^ 1;
    expect(verifyCosignature(body, { ...line, bytes: later }, witness)).toBeUndefined();
    expect(verifyCosignature(body, line, { ...witness, type: 'ed25519' })).toBeUndefined();
    expect(verifyCosignature(body, { ...line, bytes: line.bytes.subarray(1) }, witness)).toBeUndefined();
  });
  it('are found on a note, one a witness', () => {
    const parsed = parseCheckpoint(signed + signatureLine(line) + signatureLine(line));
    if (!parsed.ok) throw new Error(parsed.error);
    expect(cosignaturesOf(parsed.value.note, [witness])).toEqual([{ key: witness, timeSeconds: 1_800_000_000 }]);
  });
});
