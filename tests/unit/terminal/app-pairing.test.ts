import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Keypad } from '../../../mock-server/terminal/keypad.ts';
import { hexDecode, hexEncode } from '../../../protocol/bytes.ts';
import type { Params, Reply } from '../../../protocol/cable/v1/services/table.ts';
import {
  decodePairingStatement,
  encodePairingStatement,
  pairingSignedBytes,
} from '../../../protocol/pairing/v1/statement.ts';
import { verifyStrict } from '../../../protocol/unlock/v1/ed25519.ts';
import { makeBench, plugIn } from './bench.ts';
import type { Bench } from './bench.ts';
import { call } from './host.ts';
import type { TestHost } from './host.ts';

const appPublicKey = Uint8Array.from({ length: 65 }, (_, index) => (index === 0 ? 4 : index));
const request: Params<'app.pair'> = { appPublicKey, code: '7K2MQ4XP' };

let bench: Bench;
let host: TestHost;
let keypad: Keypad;

beforeEach(async () => {
  bench = makeBench();
  keypad = new Keypad(bench.device);
  host = await plugIn(bench.device);
});

afterEach(() => {
  host.close();
});

async function pair(): Promise<{ readonly reply: Promise<Reply<'app.pair'>> }> {
  const reply = call(host, 'app.pair', request);
  await expect.poll(() => bench.device.screen?.prompt).toBe('pair');
  return { reply };
}

describe('pairing an app', () => {
  test('the code stands on the screen, and only OK on the pad signs it', async () => {
    const { reply } = await pair();
    expect(bench.device.screen?.items[0]?.text.zh).toBe('7K2M-Q4XP');
    keypad.press('5');
    keypad.press('enter');
    const { outcome, statement, signature } = await reply;
    expect(outcome).toBe('signed');
    expect(statement.length).toBeLessThanOrEqual(256);
    const { deviceId, identityPublicKey } = bench.device.factory;
    expect(verifyStrict(identityPublicKey, pairingSignedBytes(statement), signature)).toBe(true);
    expect(verifyStrict(identityPublicKey, statement, signature)).toBe(false);
    expect(decodePairingStatement(statement)).toEqual({
      ok: true,
      value: {
        deviceId,
        appPublicKey,
        code: request.code,
        deviceTimeSeconds: Math.floor(bench.clock.ms / 1000),
      },
    });
  });

  test('cancelled on the pad, not confirmed in time, or the link ends: nothing is signed', async () => {
    const first = await pair();
    keypad.press('cancel');
    expect(await first.reply).toMatchObject({ outcome: 'cancelled', signature: new Uint8Array(0) });
    const second = await pair();
    bench.clock.pass(60);
    bench.device.firmware?.desk.tick();
    expect(await second.reply).toMatchObject({ outcome: 'timeout' });
    const asked = host.session.request('app.pair', request, host.now());
    await expect.poll(() => bench.device.screen?.prompt).toBe('pair');
    host.session.close(host.now());
    expect((await asked).ok).toBe(false);
    await expect.poll(() => bench.device.screen?.prompt).toBe('');
  });

  test('a device that locks itself meanwhile signs nothing, and a locked one does not begin', async () => {
    const { reply } = await pair();
    bench.device.trip('case');
    expect(await reply).toMatchObject({ outcome: 'cancelled' });
    await expect(call(host, 'app.pair', request)).rejects.toThrow('not-in-state');
  });

  test.each([
    ['a code with a letter that is none of ours', { ...request, code: '7K2MQ4XO' }],
    ['a key that is not uncompressed', { ...request, appPublicKey: new Uint8Array(65) }],
  ])('%s is refused before anything is asked', async (_name, wrong) => {
    await expect(call(host, 'app.pair', wrong)).rejects.toThrow('bad-params');
    expect(bench.device.screen?.prompt).toBe('');
  });
});

describe('the statement', () => {
  const statement = { deviceId: new Uint8Array(8).fill(1), appPublicKey, code: '7K2MQ4XP', deviceTimeSeconds: 0 };

  test('every other byte is refused or means something else', () => {
    const bytes = encodePairingStatement(statement);
    expect(decodePairingStatement(bytes)).toEqual({ ok: true, value: statement });
    for (let at = 0; at < bytes.length; at++) {
      const changed = bytes.map((byte, index) => (index === at ? byte ^ 1 : byte));
      const decoded = decodePairingStatement(changed);
      expect([at, decoded.ok && decoded.value]).not.toEqual([at, statement]);
    }
    expect(decodePairingStatement(bytes.subarray(1)).ok).toBe(false);
  });

  test('another type or version is told apart', () => {
    const hex = hexEncode(encodePairingStatement(statement));
    const of = (changed: string): unknown => decodePairingStatement(hexDecode(changed) ?? new Uint8Array());
    expect(of(hex.replace('a60001', 'a60002'))).toMatchObject({ ok: false, error: 'malformed' });
    expect(of(hex.replace('a600010101', 'a600010102'))).toMatchObject({ ok: false, error: 'unsupported-version' });
  });
});
