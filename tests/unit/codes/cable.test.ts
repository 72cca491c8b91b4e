import { describe, expect, test } from 'vitest';
import { err, ok } from '../../../domain/result.ts';
import { readCode } from '../../../protocol/codes/code.ts';
import {
  decodeDeviceAnswer,
  decodeDeviceAsk,
  encodeDeviceAnswer,
  encodeDeviceAsk,
  openingCalls,
} from '../../../protocol/codes/cable.ts';
import { encodeCbor } from '../../../protocol/cbor/encode.ts';
import { CodeHost } from '../../../src/device/code-host.ts';
import { codeText } from '../../../protocol/codes/code.ts';
import { CodeDesk } from '../../../mock-server/terminal/codes.ts';
import { makeBench } from '../terminal/bench.ts';

const serial = 'QT60-1';

/** Lets what has been asked become a question. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('questions and answers (docs/codes.md, sections 6 and 7)', () => {
  test('a question comes back as it was asked', () => {
    const ask = { serial, number: 7, calls: openingCalls };
    expect(decodeDeviceAsk(encodeDeviceAsk(ask))).toEqual(ok(ask));
  });

  test('an answer comes back with its replies and its errors', () => {
    const replies = [
      { op: 'lock.keyset', result: ok({ keysetSequence: 3 }) },
      { op: 'lock.request', result: err('not-in-state', 'NORMAL') },
    ] as const;
    const answer = { serial, number: 7, replies };
    expect(decodeDeviceAnswer(encodeDeviceAnswer(answer))).toEqual(ok(answer));
  });

  test.each([
    ['no CBOR', Uint8Array.of(0xff), 'malformed'],
    ['another version', encodeCbor([2, serial, 1, []]), 'unsupported-version'],
    ['an operation that nobody knows', encodeCbor([1, serial, 1, [[0x7777, new Map()]]]), 'unknown-op'],
    ['parameters that do not fit', encodeCbor([1, serial, 1, [[0x0202, new Map()]]]), 'malformed'],
    ['a number that is none', encodeCbor([1, serial, -1, []]), 'malformed'],
    ['more than there should be', encodeCbor([1, serial, 1, [], 0]), 'malformed'],
  ])('%s is refused', (_what, bytes, error) => {
    const read = decodeDeviceAsk(bytes);
    expect(read.ok ? 'read' : read.error).toBe(error);
  });
});

/** A terminal with its reader, and the page's end; `scans` counts what a person held before a camera or reader. */
function conversation() {
  const { device } = makeBench();
  const desk = new CodeDesk(device);
  const host = new CodeHost(
    device.factory.serial,
    () => 42,
    () => undefined,
  );
  const count = { scans: 0 };
  const terminalReads = async (): Promise<void> => {
    const { question } = host;
    if (question === undefined) throw new Error('no question stands');
    count.scans += 1;
    const scanned = await desk.scan(codeText({ kind: 'deviceAsk', bytes: question.bytes }));
    if (!scanned.ok) throw new Error(scanned.error);
  };
  const pageReads = (): ReturnType<CodeHost['take']> => {
    count.scans += 1;
    const code = readCode(desk.shown?.text ?? '');
    if (!code.ok || 'index' in code.value) throw new Error('no code on the screen');
    return host.take(code.value.bytes);
  };
  return { device, desk, host, count, terminalReads, pageReads };
}

describe('a conversation without a cable', () => {
  test('begins with what the terminal shows unasked; four operations are one reading', async () => {
    const { device, desk, host, count, pageReads } = conversation();
    device.trip('case');
    await desk.open();
    const hello = host.request('identity.hello', {});
    await settled();
    expect(pageReads()).toBeUndefined();
    expect((await hello).ok).toBe(true);
    const status = await host.request('lock.status', {});
    const sealed = await host.request('lock.request', { fresh: false });
    const plain = await host.request('lock.siteRequest', {});
    expect([status.ok && status.value.state, sealed.ok, plain.ok]).toEqual(['LOCKED', true, true]);
    expect(count.scans).toBe(1);
  });

  test('what came along is used once', async () => {
    const { device, host, terminalReads, pageReads } = conversation();
    device.trip('case');
    const first = host.request('lock.status', {});
    await settled();
    await terminalReads();
    pageReads();
    await first;
    await host.request('lock.request', { fresh: false });
    const again = host.request('lock.request', { fresh: false });
    await settled();
    expect(host.question).toBeDefined();
    host.close();
    expect((await again).ok).toBe(false);
  });

  test('answers of another terminal or to another question are not taken, and the right one still is', async () => {
    const { device, host, terminalReads, pageReads } = conversation();
    const asked = host.request('lock.status', {});
    await settled();
    const replies = [{ op: 'lock.status', result: err('busy', '') }] as const;
    const other = encodeDeviceAnswer({ serial: 'other', number: 42, replies });
    const earlier = encodeDeviceAnswer({ serial: device.factory.serial, number: 41, replies });
    expect([host.take(Uint8Array.of(1)), host.take(other), host.take(earlier)]).toEqual([
      'not-an-answer',
      'other-terminal',
      'other-answer',
    ]);
    await terminalReads();
    expect(pageReads()).toBeUndefined();
    expect((await asked).ok).toBe(true);
  });

  test('a terminal ignores what is not for it', async () => {
    const { desk, device } = conversation();
    const foreign = codeText({ kind: 'deviceAsk', bytes: encodeDeviceAsk({ serial: 'x', number: 1, calls: [] }) });
    const wrongKind = codeText({ kind: 'siteAnswer', bytes: Uint8Array.of(1) });
    expect(await desk.scan(foreign)).toMatchObject({ error: 'wrong-terminal' });
    expect(await desk.scan(wrongKind)).toMatchObject({ error: 'wrong-kind' });
    expect(await desk.scan('hello')).toMatchObject({ error: 'foreign' });
    expect(desk.shown).toBeUndefined();
    device.powerOff();
    expect(await desk.open()).toBe(false);
  });
});
