import { randomBytes } from 'node:crypto';
import { createDevice } from '../../../mock-server/terminal/secure-device.ts';
import type { SecureDevice } from '../../../mock-server/terminal/secure-device.ts';
import { attachCable } from '../../../mock-server/terminal/cable.ts';
import { streamPair } from '../../../mock-server/terminal/byte-stream.ts';
import { benchCards } from '../../../mock-server/terminal/bench-cards.ts';
import type { CardEntryName, ReadableCard } from '../../../mock-server/terminal/cards.ts';
import { Keypad, keypadKeys } from '../../../mock-server/terminal/keypad.ts';
import { directoryStore } from '../../../mock-server/terminal/store.ts';
import { acquirerPublicKey } from '../../../mock-server/platforms/bank-card/host.ts';
import { bankCardStandIn } from '../../../mock-server/platforms/bank-card/stand-in.ts';
import type { BankCardStandIn } from '../../../mock-server/platforms/bank-card/stand-in.ts';
import { manualClock } from '../../../mock-server/platforms/frame/clock.ts';
import { startPlatforms } from '../../../mock-server/platforms/frame/platforms.ts';
import type { Platforms } from '../../../mock-server/platforms/frame/platforms.ts';
import type { RouteReply } from '../../../protocol/http/routes.ts';
import { bankCard } from '../../../server/channels/bank-card/channel.ts';
import { loadCardKey, readCard, signPairing } from '../../../src/device/card.ts';
import type { CardSession } from '../../../src/device/card.ts';
import { redacted } from '../../../src/device/log-ring.ts';
import { connectHost } from '../../unit/terminal/host.ts';
import type { TestHost } from '../../unit/terminal/host.ts';
import { App, AppKey, callRoute } from '../terminal-app/bench.ts';
import { newId, World } from '../server/world.ts';
import type { Cluster, Person } from '../server/world.ts';
import { Tap, tappedPort, tappedStream } from './taps.ts';

/** What is copied on the way of a card payment. */
export const taps = {
  cable: new Tap('bytes on the cable'),
  acquirer: new Tap('frames of the acquirer'),
  http: new Tap('calls over HTTP'),
  serverLog: new Tap('log of the server'),
  pageLog: new Tap('log of the page'),
} as const;

/** A card of the bench. */
export function cardCalled(id: string): ReadableCard {
  const card = benchCards.find((one) => one.id === id);
  if (card === undefined) throw new Error(id);
  return card;
}

/** A shop that takes cards, whole: emulated device, cable, page's code, server, channel, acquirer. */
export class CardShop {
  readonly world: World;
  readonly operator: Person;
  readonly device: SecureDevice;
  readonly standIn: BankCardStandIn;
  readonly #keypad: Keypad;
  readonly #host: TestHost;
  readonly #app: App;
  readonly #close: () => Promise<void>;

  private constructor(parts: {
    readonly world: World;
    readonly operator: Person;
    readonly device: SecureDevice;
    readonly standIn: BankCardStandIn;
    readonly host: TestHost;
    readonly app: App;
    readonly close: () => Promise<void>;
  }) {
    this.world = parts.world;
    this.operator = parts.operator;
    this.device = parts.device;
    this.standIn = parts.standIn;
    this.#keypad = new Keypad(parts.device);
    this.#host = parts.host;
    this.#app = parts.app;
    this.#close = parts.close;
  }

  /** Opens the shop: the app is paired by the device's keypad, the card key comes from the acquirer. */
  static async open(cluster: Cluster, deviceFolder: string): Promise<CardShop> {
    const world = await World.start(cluster, { channels: [bankCard], logLevel: 'debug' });
    const operator = await world.person('op', 'operator');
    const { platforms, standIn, port } = await openAcquirer(world);
    const device = makeDevice(world, deviceFolder);
    const terminalId = await register(world, device);
    const host = await plugIn(device);
    const app = await pairedApp({ world, operator, device, host, terminalId });
    const close = async (): Promise<void> => {
      host.close();
      device.powerOff();
      await world.close();
      await port.close();
      await platforms.close();
    };
    const shop = new CardShop({ world, operator, device, standIn, host, app, close });
    await shop.#loadKey();
    return shop;
  }

  /** The session of the page, with its log. */
  get session(): CardSession {
    return sessionOver(this.#host);
  }

  /** Sells for `amountFen` by card: the customer gives the card and types `pin`. */
  async sell(id: string, entry: CardEntryName, amountFen: number): Promise<RouteReply<'appOrder'>> {
    const orderId = newId();
    const made = await this.#app.call('appCreateOrder', {}, { id: orderId, amountFen, note: '' });
    if (made.status !== 201) throw new Error(`order: ${String(made.code)} ${String(made.field)}`);
    const question = {
      amountFen,
      orderNo: made.body.orderNo,
      language: 'zh',
      timeoutSeconds: 40,
      wantsPin: true,
    } as const;
    const reading = readCard(this.session, question);
    const card = cardCalled(id);
    await until(() => this.device.screen?.prompt === 'waiting');
    if (!this.device.giveCard(card, entry)) throw new Error(`${id} cannot be given by ${entry}`);
    await until(() => this.device.screen?.prompt === 'enter-pin');
    for (const digit of card.pin) this.#press(digit);
    this.#press('enter');
    const read = await reading;
    this.device.takeCardOut();
    if (!read.ok) throw new Error(`reading: ${read.error}`);
    const attempt = { id: newId(), channel: 'bank-card', kind: 'card', card: read.value } as const;
    const started = await this.#app.call('appStartAttempt', { id: orderId }, attempt);
    if (started.status >= 400) throw new Error(`attempt: ${String(started.code)} ${String(started.field)}`);
    return (await this.#app.call('appOrder', { id: orderId })).body;
  }

  /** Looks at an order as people do: its story, its receipt, the day's list. */
  async lookAround(order: RouteReply<'appOrder'>): Promise<void> {
    await this.#app.call('appReceipts', { id: order.id });
    await this.#app.call('appOrders', {}, undefined, '?limit=20');
    await this.#app.call('appHome');
  }

  close(): Promise<void> {
    return this.#close();
  }

  async #loadKey(): Promise<void> {
    const given = await this.#app.call('appCardKey', {}, {});
    if (given.status !== 200) throw new Error(`card key: ${String(given.code)} ${String(given.field)}`);
    const loaded = await loadCardKey(this.session, given.body.keyBlock);
    if (!loaded.ok) throw new Error(`card key: ${loaded.error}`);
  }

  #press(name: string): void {
    const key = keypadKeys.find((one) => one === name);
    if (key !== undefined) this.#keypad.press(key);
  }
}

async function openAcquirer(
  world: World,
): Promise<{ platforms: Platforms; standIn: BankCardStandIn; port: { port: number; close(): Promise<void> } }> {
  const platforms = await startPlatforms({
    host: '127.0.0.1',
    port: 0,
    clock: manualClock(world.nowMs),
    standIns: [bankCardStandIn],
  });
  const standIn = platforms.standIns.get('bank-card') as BankCardStandIn;
  const port = await tappedPort(standIn.tcpPort, taps.acquirer);
  const account = standIn.account('leak');
  await world.server.context.services.channels.ensureAccount({
    ...{ merchantId: world.merchantId, channel: 'bank-card', feePpm: 3_800, priority: 0 },
    account: { ...account, config: { ...account.config, port: String(port.port) } },
  });
  return { platforms, standIn, port };
}

function makeDevice(world: World, folder: string): SecureDevice {
  const { trust } = world.server.context;
  return createDevice({
    store: directoryStore(folder),
    clock: () => world.nowMs,
    random: (length) => new Uint8Array(randomBytes(length)),
    provisioning: {
      ...{ serial: 'QT60-LEAK-1', label: 'L1', model: 'QT-60', deviceId: new Uint8Array(randomBytes(8)) },
      identitySecret: new Uint8Array(randomBytes(32)),
      rootPublicKey: new Uint8Array(32).fill(1),
      keyset: trust.keyset().bytes,
      acquirerPublicKey: acquirerPublicKey(),
    },
  });
}

async function register(world: World, device: SecureDevice): Promise<string> {
  const { deviceId, identityPublicKey, packagePublicKey, serial } = device.factory;
  const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64url');
  const id = newId();
  const made = await world.server.context.services.registry.registerTerminal(undefined, {
    ...{ id, merchantId: world.merchantId, label: 'L1', serial, model: 'QT-60', place: 'Till', seal: '1' },
    deviceId: Buffer.from(deviceId).toString('hex'),
    identityPublicKey: base64(identityPublicKey),
    packagePublicKey: base64(packagePublicKey),
  });
  if (!made.ok) throw new Error(`terminal: ${made.error}`);
  return id;
}

async function plugIn(device: SecureDevice): Promise<TestHost> {
  const [near, far] = streamPair();
  attachCable(device, near);
  const host = await connectHost(tappedStream(far, taps.cable));
  host.session.onEvent((event) => taps.pageLog.note(`${event.name} ${redacted(event.body)}\n`));
  return host;
}

function sessionOver(host: TestHost): CardSession {
  return {
    state: 'ready',
    async request(op, params) {
      const answer = await host.session.request(op, params, host.now());
      const result = answer.ok ? redacted(answer.value) : answer.error;
      taps.pageLog.note(`${op} ${redacted(params)} → ${result}\n`);
      return answer;
    },
  };
}

interface Pairing {
  readonly world: World;
  readonly operator: Person;
  readonly device: SecureDevice;
  readonly host: TestHost;
  readonly terminalId: string;
}

async function pairedApp({ world, operator, device, host, terminalId }: Pairing): Promise<App> {
  const made = await operator.call('makeActivationCode', { id: terminalId }, {});
  if (made.status !== 201) throw new Error(`code: ${String(made.code)}`);
  const key = new AppKey();
  const signing = signPairing(sessionOver(host), key.publicKey, made.body.code);
  await until(() => device.screen?.prompt === 'pair');
  new Keypad(device).press('enter');
  const signed = await signing;
  if (!signed.ok) throw new Error(`pairing: ${signed.error}`);
  const publicKey = Buffer.from(key.publicKey).toString('base64url');
  const paired = await callRoute(world, 'pairApp', { body: { code: made.body.code, publicKey, ...signed.value } });
  if (paired.status !== 201) throw new Error(`pairing: ${String(paired.code)} ${String(paired.field)}`);
  const app = new App(world, key, paired.body);
  await app.signIn();
  return app;
}

/** Lets what is under way go on until `isTrue`; gives up after many turns of the event loop. */
async function until(isTrue: () => boolean): Promise<void> {
  for (let turn = 0; turn < 100_000; turn++) {
    if (isTrue()) return;
    await new Promise((resolve) => setImmediate(resolve));
  }
  throw new Error('it never came');
}
