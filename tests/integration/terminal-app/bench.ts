import { createPrivateKey, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import type { ErrorBody } from '../../../protocol/http/common.ts';
import { endpoints, routePath, type RouteName } from '../../../protocol/http/paths.ts';
import type { RouteBody, RouteReply } from '../../../protocol/http/routes.ts';
import { encodePairingStatement, pairingSignedBytes } from '../../../protocol/pairing/v1/statement.ts';
import { signingPublicKey, softwareSigner } from '../../../protocol/unlock/v1/ed25519.ts';
import type { ChannelDefinition } from '../../../server/channels/channel.ts';
import type { ServerConfig } from '../../../server/config.ts';
import { toyChannel, ToyPlatform } from '../payments/toy-platform.ts';
import { type Cluster, newId, type Person, type Reply, World } from '../server/world.ts';

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64url');

/** The secure device's half of a pairing: an identity that the registry knows. */
export class IdentityDevice {
  readonly deviceId = new Uint8Array(randomBytes(8));
  readonly #secret = new Uint8Array(randomBytes(32));
  readonly identityPublicKey = signingPublicKey(this.#secret);

  /** What its keypad has confirmed. */
  state(appPublicKey: Uint8Array, code: string): { statement: string; signature: string } {
    const statement = encodePairingStatement({ deviceId: this.deviceId, appPublicKey, code, deviceTimeSeconds: 0 });
    const signature = softwareSigner(this.#secret).sign(pairingSignedBytes(statement));
    return { statement: text(statement), signature: text(signature) };
  }
}

/** The terminal app's own key, as a browser makes it. */
export class AppKey {
  readonly #key: KeyObject;
  readonly publicKey: Uint8Array;

  constructor() {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    this.#key = createPrivateKey(privateKey.export({ format: 'pem', type: 'pkcs8' }));
    const { x = '', y = '' } = publicKey.export({ format: 'jwk' });
    this.publicKey = Uint8Array.from([4, ...Buffer.from(x, 'base64url'), ...Buffer.from(y, 'base64url')]);
  }

  sign(words: string): string {
    return text(sign('sha256', Buffer.from(words), { key: this.#key, dsaEncoding: 'ieee-p1363' }));
  }
}

/** An app with a token, as it calls the server. */
export class App {
  token = '';
  readonly appId: string;
  readonly terminalId: string;
  readonly key: AppKey;
  readonly #world: World;

  constructor(world: World, key: AppKey, ids: { readonly appId: string; readonly terminalId: string }) {
    this.#world = world;
    this.key = key;
    this.appId = ids.appId;
    this.terminalId = ids.terminalId;
  }

  get headers(): Record<string, string> {
    return { authorization: `Bearer ${this.token}` };
  }

  /** A call with the app's token. */
  call<N extends RouteName>(
    name: N,
    params: Record<string, string> = {},
    body?: RouteBody<N> | Record<string, unknown>,
    query = '',
  ): Promise<Reply<RouteReply<N>>> {
    return callRoute(this.#world, name, { params, body, query, headers: this.headers });
  }

  async nonce(): Promise<string> {
    const { body } = await callRoute(this.#world, 'appChallenge', {});
    return body.nonce;
  }

  /** Signs in anew. @returns the reply; its token is kept when it is one. */
  async signIn(nonce?: string, key = this.key): Promise<Reply<RouteReply<'appSignIn'>>> {
    const used = nonce ?? (await this.nonce());
    const signature = key.sign(`tillkeeper-app\n${this.appId}\n${used}`);
    const reply = await callRoute(this.#world, 'appSignIn', {
      body: { appId: this.appId, nonce: used, signature },
    });
    if (reply.status === 200) this.token = reply.body.token;
    return reply;
  }
}

interface CallOptions {
  readonly params?: Record<string, string>;
  readonly body?: unknown;
  readonly query?: string;
  readonly headers?: Record<string, string>;
}

/** Calls a route as anybody. */
export async function callRoute<N extends RouteName>(
  world: World,
  name: N,
  { params = {}, body, query = '', headers = {} }: CallOptions,
): Promise<Reply<RouteReply<N>>> {
  const response = await fetch(world.server.url + routePath(name, params) + query, {
    method: endpoints[name][0],
    headers: { ...headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const parsed = (await response.json()) as RouteReply<N>;
  const error = response.ok ? undefined : (parsed as ErrorBody).error;
  return { status: response.status, body: parsed, code: error?.code, field: error?.field };
}

type Settle = NonNullable<ReturnType<ChannelDefinition['open']>['settle']>;

/** A channel that closes batches. */
function settling(definition: ChannelDefinition, settle: Settle): ChannelDefinition {
  return { ...definition, open: (account, tools) => ({ ...definition.open(account, tools), settle }) };
}

/** A terminal in the registry, with its device. */
export interface TerminalWithDevice {
  readonly id: string;
  readonly device: IdentityDevice;
}

/** A server with one merchant, toy channels and an office; terminals and apps as tests need them. */
export class AppBench {
  readonly world: World;
  readonly operator: Person;
  readonly approver: Person;
  readonly toy: ToyPlatform;
  readonly merchantId: string;
  /** What the channel that closes batches answers. */
  settle: Settle = async () => ({ kind: 'settled', text: '2 笔 128.50' });

  private constructor(
    world: World,
    people: { readonly operator: Person; readonly approver: Person },
    toy: ToyPlatform,
  ) {
    this.world = world;
    this.operator = people.operator;
    this.approver = people.approver;
    this.toy = toy;
    this.merchantId = world.merchantId;
  }

  static async start(cluster: Cluster, config: Partial<ServerConfig> = {}): Promise<AppBench> {
    let nowMs = (): number => 0;
    const settle: Settle = () => bench.settle();
    const toy = new ToyPlatform(() => nowMs());
    const channels: readonly ChannelDefinition[] = [
      toyChannel('toy-a', toy, { authCode: /^28\d{16}$/ }),
      settling(toyChannel('toy-b', toy, { authCode: /^13\d{16}$/, settles: true }), settle),
    ];
    const world = await World.start(cluster, { channels, ...config });
    nowMs = () => world.nowMs;
    const operator = await world.person('op', 'operator');
    const approver = await world.person('ap', 'approver');
    const bench: AppBench = new AppBench(world, { operator, approver }, toy);
    for (const [index, channel] of ['toy-a', 'toy-b'].entries()) {
      await world.server.context.services.channels.ensureAccount({
        ...{ merchantId: bench.merchantId, channel, feePpm: 3_800, priority: index },
        account: { platformMerchantId: 'toy-merchant', config: {}, keys: [] },
      });
    }
    return bench;
  }

  async terminal(merchantId = this.merchantId): Promise<TerminalWithDevice> {
    const device = new IdentityDevice();
    const id = newId();
    const made = await this.world.server.context.services.registry.registerTerminal(undefined, {
      ...{ id, merchantId, label: `E-${id.slice(-4)}`, serial: `QT60-${id.slice(-8)}`, model: 'QT-60', place: 'Till' },
      ...{ seal: '1', deviceId: Buffer.from(device.deviceId).toString('hex') },
      identityPublicKey: text(device.identityPublicKey),
    });
    if (!made.ok) throw new Error(`terminal: ${made.error}`);
    return { id, device };
  }

  async code(terminalId: string): Promise<string> {
    const { body, status } = await this.operator.call('makeActivationCode', { id: terminalId }, {});
    if (status !== 201) throw new Error(`code: ${String(status)}`);
    return body.code;
  }

  /** Pairs as the app does it; `code` is the one that the app sends, `stated` the one inside the device's statement. */
  pair(device: IdentityDevice, key: AppKey, code: string, stated = code): Promise<Reply<RouteReply<'pairApp'>>> {
    const body = { code, publicKey: text(key.publicKey), ...device.state(key.publicKey, stated) };
    return callRoute(this.world, 'pairApp', { body });
  }

  /** An app that is paired with a terminal and signed in. */
  async app(terminal?: TerminalWithDevice): Promise<App> {
    const { id, device } = terminal ?? (await this.terminal());
    const key = new AppKey();
    const paired = await this.pair(device, key, await this.code(id));
    if (paired.status !== 201) throw new Error(`pair: ${String(paired.code)} ${String(paired.field)}`);
    const app = new App(this.world, key, paired.body);
    await app.signIn();
    return app;
  }

  /** An order that the payer has paid by code. */
  async paidOrder(app: App, amountFen = 12_850): Promise<RouteReply<'appOrder'>> {
    const id = newId();
    const attempt = { id: newId(), channel: 'toy-a', kind: 'qr' };
    const made = await app.call('appCreateOrder', {}, { id, amountFen, attempt });
    if (made.status !== 201) throw new Error(`order: ${String(made.code)} ${String(made.field)}`);
    await this.pay(made.body);
    return (await app.call('appOrder', { id })).body;
  }

  /** The payer pays the newest attempt, and the platform says so. */
  async pay(order: RouteReply<'appOrder'>): Promise<void> {
    const attempt = order.attempts.at(-1);
    if (attempt === undefined) throw new Error('pay: no attempt');
    this.toy.pay(attempt.attemptNo);
    const { services, store } = this.world.server.context;
    const { rows } = await store.pool.query<{ id: string }>(
      'select id from channel_accounts where merchant_id = $1 and channel = $2',
      [this.merchantId, attempt.channel],
    );
    await services.payments.notified(attempt.channel, rows[0]?.id ?? '', this.toy.notice(attempt.attemptNo));
  }

  /** A member of the merchant's staff with an authenticator. */
  staff(name: string, totpSecret: string, merchantId = this.merchantId): Promise<Person> {
    return this.world.person(name, 'merchant', totpSecret, merchantId);
  }

  close(): Promise<void> {
    return this.world.close();
  }
}
