import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { hexDecode, hexEncode } from '../../../protocol/bytes.ts';
import type { CborValue } from '../../../protocol/cbor/value.ts';
import { cobsDecode, cobsEncode } from '../../../protocol/cable/v1/cobs.ts';
import { crc32c } from '../../../protocol/cable/v1/crc32c.ts';
import { decodeFields, encodeFields, type FieldTable } from '../../../protocol/cable/v1/fields.ts';
import { decodeFrame, FrameEncoder, frameKinds, type Frame } from '../../../protocol/cable/v1/frame.ts';
import { decodeMessage, encodeMessage, errorFields, messageTypes } from '../../../protocol/cable/v1/messages.ts';
import { eventTable } from '../../../protocol/cable/v1/services/events.ts';
import { ops, opSpec, type EventName, type OpName } from '../../../protocol/cable/v1/services/table.ts';

interface MessageCase {
  readonly kind: 'request' | 'response' | 'error' | 'event';
  readonly id: number;
  readonly name: string;
  readonly code: number;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly body: string;
}

interface FrameCase {
  readonly name: string;
  readonly kind: keyof typeof frameKinds;
  readonly linkId: number;
  readonly seq: number;
  readonly ack: number;
  readonly sack: string;
  readonly body: string;
  readonly raw: string;
  readonly line: string;
}

function load<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(name, import.meta.url), 'utf8')) as T;
}

function bytesOf(hex: string): Uint8Array {
  const bytes = hexDecode(hex);
  if (bytes === undefined) throw new Error(`vector is not hex: ${hex}`);
  return bytes;
}

function valueOf(json: unknown): CborValue {
  if (Array.isArray(json)) return json.map(valueOf);
  if (typeof json === 'object' && json !== null && 'hex' in json) return bytesOf(String(json.hex));
  return json as CborValue;
}

function tableOf({ kind, name }: MessageCase): FieldTable {
  if (kind === 'error') return errorFields;
  if (kind === 'event') return eventTable[name as EventName].body;
  const spec = opSpec(name as OpName);
  return kind === 'request' ? spec.params : spec.reply;
}

const cobs = load<{
  cases: { name: string; raw: string; encoded: string }[];
  refused: { name: string; encoded: string }[];
}>('cobs.json');

describe('section 3.1: COBS', () => {
  test.each(cobs.cases)('$name', ({ raw, encoded }) => {
    const source = bytesOf(raw);
    const line = bytesOf(encoded);
    const out = new Uint8Array(1024);
    expect(hexEncode(out.subarray(0, cobsEncode(source, source.length, out, 0)))).toBe(encoded);
    expect(hexEncode(out.subarray(0, cobsDecode(line, 0, line.length, out)))).toBe(raw);
  });

  test.each(cobs.refused)('refuses: $name', ({ encoded }) => {
    const line = bytesOf(encoded);
    expect(cobsDecode(line, 0, line.length, new Uint8Array(1024))).toBe(-1);
  });
});

test.each(load<{ cases: { name: string; bytes: string; crc: string }[] }>('crc32c.json').cases)(
  'section 3.3: CRC-32C of $name',
  ({ bytes, crc }) => {
    expect(crc32c(bytesOf(bytes)).toString(16).padStart(8, '0')).toBe(crc);
  },
);

const frames = load<{ cases: FrameCase[]; refused: { name: string; error: string; raw: string }[] }>('frames.json');

describe('section 3.2: frames', () => {
  test.each(frames.cases)('$name', (row) => {
    const frame: Frame = {
      kind: frameKinds[row.kind],
      linkId: row.linkId,
      seq: row.seq,
      ack: row.ack,
      sackHigh: Number.parseInt(row.sack.slice(0, 8), 16),
      sackLow: Number.parseInt(row.sack.slice(8), 16),
      body: bytesOf(row.body),
    };
    const out = new Uint8Array(4096);
    expect(hexEncode(out.subarray(0, new FrameEncoder().encode(frame, out, 0)))).toBe(row.line);
    expect(decodeFrame(bytesOf(row.raw))).toEqual({ ok: true, value: frame });
  });

  test.each(frames.refused)('refuses: $name ($error)', ({ error, raw }) => {
    expect(decodeFrame(bytesOf(raw))).toMatchObject({ ok: false, error });
  });
});

const messages = load<{
  cases: MessageCase[];
  refused: { name: string; body: string }[];
  badParams: { name: string; op: OpName; body: string }[];
}>('messages.json');

describe('section 7: message bodies', () => {
  test.each(messages.cases)('$kind $name', (row) => {
    const table = tableOf(row);
    const values = Object.fromEntries(Object.entries(row.fields).map(([name, json]) => [name, valueOf(json)]));
    const fields = encodeFields(table, values as never);
    const type = messageTypes[row.kind];
    expect(hexEncode(encodeMessage({ type, id: row.id, code: row.code, fields }))).toBe(row.body);
    const decoded = decodeMessage(bytesOf(row.body));
    expect(decoded).toMatchObject({ ok: true, value: { type, id: row.id, code: row.code } });
    expect(decoded.ok && decodeFields(table, decoded.value.fields)).toEqual({ ok: true, value: values });
  });

  test('names every operation, both ways, and every event', () => {
    const named = (kind: string): string[] => messages.cases.filter((row) => row.kind === kind).map((row) => row.name);
    expect(named('request').sort()).toEqual(Object.keys(ops).sort());
    expect(named('response').sort()).toEqual(Object.keys(ops).sort());
    expect(named('event').sort()).toEqual(Object.keys(eventTable).sort());
  });

  test.each(messages.refused)('drops: $name', ({ body }) => {
    expect(decodeMessage(bytesOf(body))).toMatchObject({ ok: false, error: 'malformed' });
  });

  test.each(messages.badParams)('refuses the parameters of $op: $name', ({ op, body }) => {
    const message = decodeMessage(bytesOf(body));
    expect(message.ok && decodeFields(opSpec(op).params, message.value.fields).ok).toBe(false);
    expect(message.ok).toBe(true);
  });
});
