import type { AttemptView, OrderView, RefundView, RouteView, StartAttempt } from '../../../protocol/http/payments.ts';
import type { AppHome } from '../../../protocol/http/terminal-app.ts';
import type { ReceiptDocument } from '../../../protocol/http/receipts.ts';

type Body = Record<string, unknown>;

/** One call as it came. */
export interface SeenCall {
  readonly method: string;
  readonly path: string;
  readonly body: Body;
}

const ids = {
  terminal: '01998c00-0000-7000-8000-000000000001',
  merchant: '01998c00-0000-7000-8000-000000000002',
  app: '01998c00-0000-7000-8000-000000000003',
};

/** The channels of the sketches. */
export function sketchRoutes(): RouteView[] {
  return [
    {
      ...{
        channel: 'wechat-pay',
        name: { zh: '微信支付', en: 'WeChat Pay' },
        kinds: ['qr', 'scan'],
        isAvailable: true,
      },
      ...{ leftFen: 31_200, day: { maxFen: 500_000, usedFen: 468_800 }, authCode: '^1[0-5]\\d{16}$' },
    },
    {
      ...{ channel: 'alipay', name: { zh: '支付宝', en: 'Alipay' }, kinds: ['qr', 'scan'], isAvailable: false },
      ...{
        reason: 'day-limit',
        leftFen: 0,
        resumesAt: '2026-11-24T16:00:00.000Z',
        authCode: '^(2[5-9]|30)\\d{14,22}$',
      },
    },
    { channel: 'bank-card', name: { zh: '银行卡', en: 'Bank card' }, kinds: ['card'], isAvailable: true },
    {
      ...{
        channel: 'unionpay-qr',
        name: { zh: '云闪付', en: 'UnionPay QR' },
        kinds: ['qr', 'scan'],
        isAvailable: true,
      },
      authCode: '^62\\d{17}$',
    },
  ];
}

/**
 * A server as the terminal's app sees it, in memory: orders, attempts, refunds, receipts. What platforms and people do
 * is done by its methods; `offline` and `dropAnswers` are the network.
 */
export class FakeServer {
  nowMs: number;
  readonly calls: SeenCall[] = [];
  readonly orders = new Map<string, OrderView>();
  routes = sketchRoutes();
  preselected: string | undefined = 'bank-card';
  split: { channel: string; amountFen: number }[] | undefined;
  control: AppHome['control'] = { state: 'active', reason: '' };
  refundFactorAboveFen = 50_000;
  isOffline = false;
  /** So many answers are lost after the server acted. */
  dropAnswers = 0;
  /** The app's key is no longer known. */
  isRevoked = false;
  /** Tokens that are over. */
  readonly endedTokens = new Set<string>();
  /** The platform answers a new attempt with this. */
  answer: 'pending' | 'unknown' | 'submitted' | 'failed' = 'pending';
  /** What happens to a new order before anybody hears of it. */
  onCreated: (id: string) => void = () => undefined;
  /** Closing an attempt takes until `closeEnds` is called. */
  isClosingSlow = false;
  readonly #prints = new Map<string, { merchant: number; customer: number }>();
  #serial = 5206;
  #tokens = 0;

  constructor(nowMs: number) {
    this.nowMs = nowMs;
  }

  readonly fetch = async (input: string, init: RequestInit): Promise<Response> => {
    if (this.isOffline) throw new TypeError('Failed to fetch');
    const { status, json } = this.handle(
      init.method ?? 'GET',
      input,
      init.body,
      init.headers as Record<string, string>,
    );
    if (this.dropAnswers > 0) {
      this.dropAnswers -= 1;
      throw new TypeError('Failed to fetch');
    }
    return new Response(JSON.stringify(json), { status, headers: { 'content-type': 'application/json' } });
  };

  /** Answers one call. */
  handle(
    method: string,
    address: string,
    bodyText: unknown,
    headers: Readonly<Record<string, string>>,
  ): { readonly status: number; readonly json: unknown } {
    const url = new URL(address, 'http://localhost');
    const body = typeof bodyText === 'string' ? (JSON.parse(bodyText) as Body) : {};
    this.calls.push({ method, path: url.pathname, body });
    const isOpen = /\/(pair|challenge|session)$/.test(url.pathname);
    if (!isOpen && !this.#knows(headers['authorization'])) return refused(401, 'unauthenticated');
    try {
      return this.#route(method, url, body);
    } catch (cause) {
      if (cause instanceof Refusal) return refused(cause.status, cause.code);
      throw cause;
    }
  }

  #route(method: string, url: URL, body: Body): { status: number; json: unknown } {
    const path = url.pathname.replace('/api/terminal-app/', '');
    const [first = '', id = '', part = ''] = path.split('/');
    if (first === 'challenge') return ok({ nonce: 'bm9uY2U' });
    if (first === 'session') return this.#session();
    if (first === 'pair') return { status: 201, json: this.paired };
    if (first === 'home') return ok(this.home());
    if (first === 'routes') return ok({ routes: this.routes, preselected: this.preselected, split: this.split });
    if (first === 'auth-code') return ok(this.#channelOf(String(body['authCode'])));
    if (first === 'settle') return ok({ items: settledItems });
    if (first === 'screen') return ok({ done: true });
    if (first === 'receipts') return ok(this.#printed(id, body['copy'] as 'merchant' | 'customer'));
    if (first !== 'orders') throw new Refusal(404, 'not-found');
    if (method === 'GET' && id === '') return ok({ items: [...this.orders.values()].reverse().slice(0, 9) });
    if (method === 'GET' && part === 'receipts')
      return ok({ items: [{ document: this.receipt(id), prints: this.#printsOf(id) }] });
    if (method === 'GET') return ok(this.order(id));
    if (id === '') return { status: 201, json: this.#create(body) };
    if (part === 'attempts') return ok(this.#start(id, body as unknown as StartAttempt));
    if (part === 'cancel') return ok(this.#cancel(id));
    return ok(this.#refund(id, body));
  }

  get paired() {
    return { appId: ids.app, terminalId: ids.terminal, label: 'G3-02', merchantName: '桂园小区东门便利店' };
  }

  home(): AppHome {
    const current = [...this.orders.values()].at(-1);
    return {
      terminal: { id: ids.terminal, label: 'G3-02', place: '', serial: 'QT60-G3-02' },
      merchant: { id: ids.merchant, name: '桂园小区东门便利店' },
      control: this.control,
      routes: { routes: this.routes, ...(this.preselected === undefined ? {} : { preselected: this.preselected }) },
      ...(current === undefined ? {} : { currentOrderId: current.id }),
      refundFactorAboveFen: this.refundFactorAboveFen,
      approvers: [
        { email: 'sun@world.invalid', name: '孙店长' },
        { email: 'qian@world.invalid', name: '钱会计' },
      ],
      now: this.#at(),
    };
  }

  /** Throws the refusal `not-found`. */
  order(id: string): OrderView {
    const order = this.orders.get(id);
    if (order === undefined) throw new Refusal(404, 'not-found');
    return order;
  }

  /** The newest order. Throws when there is none. */
  get last(): OrderView {
    const order = [...this.orders.values()].at(-1);
    if (order === undefined) throw new Error('FakeServer: no order yet');
    return order;
  }

  /** The customer pays the live attempt. */
  pay(): void {
    this.changeLive({ state: 'paid', paidAt: this.#at(), payer: '零钱' });
    const { last } = this;
    const paidFen = last.attempts.filter(({ state }) => state === 'paid').reduce((sum, one) => sum + one.amountFen, 0);
    const isWhole = paidFen >= last.amountFen;
    this.change(last.id, {
      ...{ paidFen, leftFen: last.amountFen - paidFen, state: isWhole ? 'paid' : 'part-paid' },
      ...{ receiptNo: `TK-${last.orderNo}`, paidAt: this.#at() },
    });
  }

  /** The old attempt is ended at its platform. */
  closeEnds(): void {
    this.changeLive({ state: 'closed', isEnding: false });
    if (this.last.isEnding) this.change(this.last.id, { state: 'cancelled', isEnding: false });
  }

  /** Changes the newest attempt. */
  changeLive(change: Partial<AttemptView>): void {
    const { last } = this;
    const attempts = last.attempts.map((one, at) => (at === last.attempts.length - 1 ? { ...one, ...change } : one));
    this.change(last.id, { attempts });
  }

  change(id: string, change: Partial<OrderView>): void {
    const order = this.order(id);
    this.orders.set(id, { ...order, ...change, version: order.version + 1 });
  }

  receipt(orderId: string): ReceiptDocument {
    const order = this.orders.get(orderId) ?? this.last;
    const attempt = order.attempts.at(-1);
    const route = this.routes.find(({ channel }) => channel === attempt?.channel);
    return {
      ...{ id: order.id, receiptNo: `TK-${order.orderNo}`, kind: 'payment', title: '收款小票' },
      ...{ merchantName: '桂园小区东门便利店', merchantAddress: '桂园路 8 号', platformMerchantId: '1900000109' },
      ...{
        terminalLabel: 'G3-02',
        terminalSerial: 'QT60-G3-02',
        orderNo: order.orderNo,
        channel: attempt?.channel ?? '',
      },
      channelName: route?.name ?? { zh: '', en: '' },
      ...{ attemptNo: attempt?.attemptNo ?? '', transactionId: '4200001234202611240000000001' },
      ...{ amountFen: order.amountFen, orderAmountFen: order.amountFen, at: this.#at(), others: [] },
      ...{ needsSignature: false, footer: '谢谢惠顾 Thank you' },
    };
  }

  #printsOf(id: string): { merchant: number; customer: number } {
    return this.#prints.get(id) ?? { merchant: 0, customer: 0 };
  }

  #printed(id: string, copy: 'merchant' | 'customer'): object {
    const prints = this.#printsOf(id);
    this.#prints.set(id, { ...prints, [copy]: prints[copy] + 1 });
    return { document: this.receipt(id), prints: this.#printsOf(id) };
  }

  #knows(authorization: string | undefined): boolean {
    const token = authorization?.replace('Bearer ', '') ?? '';
    return token.startsWith('token-') && !this.endedTokens.has(token) && !this.isRevoked;
  }

  #session(): { status: number; json: unknown } {
    if (this.isRevoked) return refused(401, 'unauthenticated', 'signature');
    this.#tokens += 1;
    return ok({ token: `token-${String(this.#tokens)}`, expiresAt: new Date(this.nowMs + 3_600_000).toISOString() });
  }

  #at(): string {
    return new Date(this.nowMs).toISOString();
  }

  #channelOf(code: string): object {
    const route = this.routes.find(({ authCode }) => authCode !== undefined && new RegExp(authCode).test(code));
    return route === undefined ? {} : { channel: route.channel, name: route.name };
  }

  #create(body: Body): OrderView {
    const id = String(body['id']);
    const known = this.orders.get(id);
    if (known !== undefined) return known;
    this.#serial += 1;
    const amountFen = Number(body['amountFen']);
    this.orders.set(id, {
      ...{ id, merchantId: ids.merchant, terminalId: ids.terminal, orderNo: `261124-00${String(this.#serial)}` },
      ...{ state: 'open', isEnding: false, amountFen, paidFen: 0, refundedFen: 0, leftFen: amountFen, note: '' },
      ...{ source: 'terminal', attempts: [], refunds: [], createdAt: this.#at(), version: 1 },
      expiresAt: new Date(this.nowMs + 900_000).toISOString(),
    });
    this.onCreated(id);
    const attempt = body['attempt'] as StartAttempt | undefined;
    return attempt === undefined ? this.order(id) : this.#start(id, attempt);
  }

  #start(orderId: string, body: StartAttempt): OrderView {
    const order = this.order(orderId);
    if (order.attempts.some(({ id }) => id === body.id)) return order;
    const live = order.attempts.findLast(({ state }) => ['pending', 'unknown', 'submitted'].includes(state));
    if (live !== undefined && this.isClosingSlow) {
      this.changeLive({ isEnding: true });
      return this.order(orderId);
    }
    if (live !== undefined) this.changeLive({ state: 'closed' });
    const number = order.attempts.length + 1;
    const attempt: AttemptView = {
      ...{
        id: body.id,
        number,
        attemptNo: `TK26112400005207A${String(number)}`,
        channel: body.channel,
        kind: body.kind,
      },
      ...{ state: this.answer, isEnding: false, amountFen: body.amountFen ?? order.leftFen, refundedFen: 0 },
      ...{ createdAt: this.#at(), expiresAt: new Date(this.nowMs + 180_000).toISOString() },
      ...(body.kind === 'qr' ? { qr: `weixin://wxpay/bizpayurl?pr=${body.id.slice(-9)}` } : {}),
    };
    this.change(orderId, { attempts: [...this.order(orderId).attempts, attempt] });
    return this.order(orderId);
  }

  #cancel(orderId: string): OrderView {
    const order = this.order(orderId);
    if (order.state !== 'open' && order.state !== 'part-paid') throw new Refusal(409, 'not-in-state');
    if (this.isClosingSlow) this.change(orderId, { isEnding: true });
    else {
      if (order.attempts.length > 0 && order.state === 'open') this.changeLive({ state: 'closed' });
      this.change(orderId, { state: 'cancelled' });
    }
    return this.order(orderId);
  }

  #refund(orderId: string, body: Body): OrderView {
    const order = this.order(orderId);
    const amountFen = Number(body['amountFen']);
    if (amountFen > this.refundFactorAboveFen && body['approval'] === undefined)
      throw new Refusal(403, 'factor-needed');
    const refund: RefundView = {
      ...{ id: String(body['id']), refundNo: '26112400005207R1', attemptId: order.attempts[0]?.id ?? '' },
      ...{ channel: order.attempts[0]?.channel ?? '', state: 'done', cause: 'merchant', amountFen },
      ...{ reason: String(body['reason']), createdAt: this.#at(), doneAt: this.#at() },
    };
    const refundedFen = order.refundedFen + amountFen;
    const state = refundedFen >= order.paidFen ? 'refunded' : 'part-refunded';
    this.change(orderId, { refunds: [...order.refunds, refund], refundedFen, state });
    return this.order(orderId);
  }
}

const settledItems = [
  { channel: 'bank-card', name: { zh: '银行卡', en: 'Bank card' }, kind: 'settled', text: '12 笔 ¥3,456.00' },
  { channel: 'unionpay-qr', name: { zh: '云闪付', en: 'UnionPay QR' }, kind: 'differs', text: '我方 3 笔，对方 2 笔' },
];

class Refusal extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string) {
    super(code);
    this.status = status;
    this.code = code;
  }
}

function ok(json: unknown): { status: number; json: unknown } {
  return { status: 200, json };
}

function refused(status: number, code: string, field?: string): { status: number; json: unknown } {
  return { status, json: { error: { code, message: code, ...(field === undefined ? {} : { field }) } } };
}
