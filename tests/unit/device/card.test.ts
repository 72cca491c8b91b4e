import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { err, ok } from '../../../domain/result.ts';
import type { Result } from '../../../domain/result.ts';
import type { CableErrorCode } from '../../../protocol/cable/v1/errors.ts';
import type { OpName, Params, Reply } from '../../../protocol/cable/v1/services/table.ts';
import { printChunkMaxBytes, printChunksMax } from '../../../protocol/cable/v1/services/terminal.ts';
import type { HostSession } from '../../../protocol/cable/v1/host-session.ts';
import { verifyStrict } from '../../../protocol/unlock/v1/ed25519.ts';
import { base64UrlDecode, hexDecode } from '../../../protocol/bytes.ts';
import { pairingSignedBytes } from '../../../protocol/pairing/v1/statement.ts';
import { benchCards } from '../../../mock-server/terminal/bench-cards.ts';
import { Keypad } from '../../../mock-server/terminal/keypad.ts';
import {
  cancelRead,
  cardKeyStatus,
  loadCardKey,
  printEscpos,
  readCard,
  signPairing,
} from '../../../src/device/card.ts';
import type { CardSession } from '../../../src/device/card.ts';
import { redacted } from '../../../src/device/log-ring.ts';
import { TestAcquirer } from '../terminal/acquirer.ts';
import { makeBench, plugIn } from '../terminal/bench.ts';
import type { Bench } from '../terminal/bench.ts';
import type { TestHost } from '../terminal/host.ts';

const question: Params<'card.read'> = {
  amountFen: 990,
  orderNo: '261126-000001',
  language: 'en',
  timeoutSeconds: 30,
  wantsPin: true,
};
const appPublicKey = Uint8Array.from({ length: 65 }, (_, index) => (index === 0 ? 4 : index));

/** A session that answers from a list, one request after the other. */
class ScriptedSession implements CardSession {
  state: CardSession['state'] = 'ready';
  readonly asked: [OpName, unknown][] = [];
  readonly #answers: Result<unknown, CableErrorCode>[];

  constructor(...answers: Result<unknown, CableErrorCode>[]) {
    this.#answers = answers;
  }

  request<K extends OpName>(op: K, params: Params<K>): Promise<Result<Reply<K>, CableErrorCode>> {
    this.asked.push([op, params]);
    const answer = this.#answers.shift() ?? err('closed');
    return Promise.resolve(answer as Result<Reply<K>, CableErrorCode>);
  }
}

describe('with the emulated device on a line', () => {
  const acquirer = new TestAcquirer();
  let bench: Bench;
  let host: TestHost;
  let session: CardSession;
  let keypad: Keypad;

  beforeEach(async () => {
    bench = makeBench({ acquirerPublicKey: acquirer.publicKey });
    host = await plugIn(bench.device);
    keypad = new Keypad(bench.device);
    const far: HostSession = host.session;
    session = { state: 'ready', request: (op, params) => far.request(op, params, host.now()) };
  });

  afterEach(() => {
    host.close();
  });

  test('a key is loaded, a card is read, a receipt is printed', async () => {
    expect(await cardKeyStatus(session)).toMatchObject({ ok: true, value: { state: 'none', hasAcquirer: true } });
    expect(await readCard(session, question)).toMatchObject({ ok: false, error: 'no-key' });
    expect(await loadCardKey(session, acquirer.keyBlock(bench.device))).toEqual({ ok: true, value: 'fa67fe' });
    expect(await loadCardKey(session, 'D')).toMatchObject({ ok: false, error: 'malformed' });
    const reading = readCard(session, question);
    await expect.poll(() => bench.device.screen?.prompt).toBe('waiting');
    const [card] = benchCards;
    if (card === undefined) throw new Error('no card');
    bench.device.giveCard(card, 'contactless');
    await expect.poll(() => bench.device.screen?.prompt).toBe('enter-pin');
    for (const key of ['2', '4', '6', '8', 'enter'] as const) keypad.press(key);
    const read = await reading;
    if (!read.ok) throw new Error(read.error);
    const { entry, ksn, data, pin, tail } = read.value;
    expect({ entry, tail }).toEqual({ entry: 'contactless', tail: card.pan.slice(-4) });
    const opened = acquirer.open({
      outcome: 'read',
      entry,
      ksn: hexDecode(ksn) ?? new Uint8Array(),
      data: base64UrlDecode(data) ?? new Uint8Array(),
      pinKsn: hexDecode(pin?.ksn ?? '') ?? new Uint8Array(),
      pinBlock: hexDecode(pin?.block ?? '') ?? new Uint8Array(),
      tail,
    });
    expect(opened).toMatchObject({ pan: card.pan, pin: '2468' });
    const receipt = new TextEncoder().encode('0123456789\n'.repeat(150));
    expect(await printEscpos(session, receipt, 77)).toEqual({ ok: true, value: 'ok' });
    expect(bench.device.firmware?.printer.paper).toHaveLength(150);
  });

  test('a reading is cancelled', async () => {
    await loadCardKey(session, acquirer.keyBlock(bench.device));
    expect(await cancelRead(session)).toBe(false);
    const reading = readCard(session, question);
    await expect.poll(() => bench.device.screen?.prompt).toBe('waiting');
    expect(await readCard(session, question)).toMatchObject({ ok: false, error: 'busy' });
    expect(await cancelRead(session)).toBe(true);
    expect(await reading).toMatchObject({ ok: false, error: 'cancelled' });
  });

  test('a pairing is signed by the device', async () => {
    const signing = signPairing(session, appPublicKey, '7K2MQ4XP');
    await expect.poll(() => bench.device.screen?.prompt).toBe('pair');
    keypad.press('enter');
    const signed = await signing;
    if (!signed.ok) throw new Error(signed.error);
    const statement = base64UrlDecode(signed.value.statement) ?? new Uint8Array();
    const signature = base64UrlDecode(signed.value.signature) ?? new Uint8Array();
    const { identityPublicKey } = bench.device.factory;
    expect(verifyStrict(identityPublicKey, pairingSignedBytes(statement), signature)).toBe(true);
    bench.device.trip('mesh');
    expect(await signPairing(session, appPublicKey, '7K2MQ4XP')).toMatchObject({ ok: false, error: 'not-in-state' });
  });
});

describe('what may go wrong on the way', () => {
  test.each([
    ['unknown-op', 'unsupported'],
    ['busy', 'busy'],
    ['not-in-state', 'not-in-state'],
    ['timeout', 'cable-lost'],
    ['closed', 'cable-lost'],
    ['bad-reply', 'faulty'],
    ['internal', 'faulty'],
  ] as const)('%s is %s', async (cable, expected) => {
    const failing = (): ScriptedSession => new ScriptedSession(err(cable));
    expect(await readCard(failing(), question)).toMatchObject({ ok: false, error: expected });
    expect(await loadCardKey(failing(), '')).toMatchObject({ ok: false, error: expected });
    expect(await cardKeyStatus(failing())).toMatchObject({ ok: false, error: expected });
    expect(await signPairing(failing(), appPublicKey, '')).toMatchObject({ ok: false, error: expected });
    expect(await cancelRead(failing())).toBe(false);
  });

  test('without a cable nothing is asked', async () => {
    const session = new ScriptedSession();
    session.state = 'lost';
    expect(await readCard(session, question)).toMatchObject({ ok: false, error: 'no-cable' });
    expect(await signPairing(session, appPublicKey, '7K2MQ4XP')).toMatchObject({ ok: false, error: 'no-cable' });
    expect(await printEscpos(session, new Uint8Array(1), 1)).toMatchObject({ ok: false, error: 'no-cable' });
    expect(session.asked.map(([op]) => op)).toEqual(['print.escpos']);
  });

  test('a reading without a card is no reading', async () => {
    const none = new Uint8Array(0);
    const reply = { outcome: 'read', entry: '', ksn: none, data: none, pinKsn: none, pinBlock: none, tail: '' };
    expect(await readCard(new ScriptedSession(ok(reply)), question)).toMatchObject({ ok: false, error: 'faulty' });
  });

  test('a chunk whose answer is lost is sent again, with the same number, three times at most', async () => {
    const waiting = ok({ outcome: 'waiting', next: 1, paper: 'ok' });
    const printed = ok({ outcome: 'printed', next: 2, paper: 'low' });
    const bytes = new Uint8Array(printChunkMaxBytes + 1);
    const session = new ScriptedSession(waiting, err('timeout'), printed);
    expect(await printEscpos(session, bytes, 5)).toEqual({ ok: true, value: 'low' });
    expect(session.asked.map(([, params]) => params)).toMatchObject([
      { job: 5, index: 0, isLast: false },
      { job: 5, index: 1, isLast: true },
      { job: 5, index: 1, isLast: true },
    ]);
    const silent = new ScriptedSession(err('timeout'), err('timeout'), err('timeout'), printed);
    expect(await printEscpos(silent, bytes, 6)).toMatchObject({ ok: false, error: 'cable-lost' });
  });

  test('the printer’s own troubles keep their names, and a job has an end', async () => {
    const out = ok({ outcome: 'out-of-paper', next: 1, paper: 'out' });
    expect(await printEscpos(new ScriptedSession(out), new Uint8Array(3), 1)).toMatchObject({ error: 'out-of-paper' });
    const long = new Uint8Array(printChunkMaxBytes * printChunksMax + 1);
    expect(await printEscpos(new ScriptedSession(), long, 1)).toMatchObject({ ok: false, error: 'too-long' });
  });
});

test('the log of the page holds no activation code, no key block and no ciphertext', () => {
  expect(redacted({ appPublicKey, code: '7K2MQ4XP' })).toBe('appPublicKey=<65 B> code=<8 characters>');
  expect(redacted({ keyBlock: 'D0144' })).toBe('keyBlock=<5 characters>');
  expect(redacted({ data: new Uint8Array(64), tail: '0426' })).toBe('data=<64 B> tail=0426');
});
