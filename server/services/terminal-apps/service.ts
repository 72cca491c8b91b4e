import { fen } from '../../../domain/money.ts';
import { err, ok } from '../../../domain/result.ts';
import type { Board, MadeCode, TerminalPayments } from '../../../protocol/http/control.ts';
import type { CreateOrder, OrderView, RoutesView, StartAttempt } from '../../../protocol/http/payments.ts';
import type {
  AppHome,
  AppRefund,
  AppScreen,
  AppSession,
  AppSignIn,
  AuthCodeChannel,
  CardKey,
  Pair,
  Paired,
  Settled,
} from '../../../protocol/http/terminal-app.ts';
import type { Actor, Answer } from '../../answer.ts';
import type { FactorService } from '../../auth/factors.ts';
import type { Core } from '../../core.ts';
import type { Page, PageQuery } from '../paging.ts';
import type { NewAttempt, PaymentActor, PaymentService } from '../payments/service.ts';
import { createAppFinder, reportScreen, revokeApp, type SignedInApp } from './apps.ts';
import { readBoard, readTerminalPayments } from './board.ts';
import { fetchCardKey } from './card-key.ts';
import { makeCode } from './codes.ts';
import { channelOfCode, listOrders, readHome, settleAll } from './home.ts';
import { pair } from './pair.ts';
import { refundFromTerminal } from './refund.ts';
import { makeNonce, signIn } from './sessions.ts';

/** What a terminal's app sends as an order, parsed. */
export type ParsedOrder = CreateOrder & { readonly note: string };

/** Apps of terminals: pairing, sign-in, and everything that an app may do, always for its own terminal. */
export interface TerminalAppService {
  makeCode(actor: Actor | undefined, terminalId: string): Promise<Answer<MadeCode>>;
  revoke(actor: Actor, terminalId: string): Promise<Answer<{ done: true }>>;
  /** Every terminal, or one merchant's. */
  board(merchantId: string | undefined): Promise<Board>;
  terminalPayments(terminalId: string): Promise<Answer<TerminalPayments>>;
  pair(body: Pair): Promise<Answer<Paired>>;
  challenge(): { readonly nonce: string };
  signIn(body: AppSignIn): Promise<Answer<AppSession>>;
  /** The app that a bearer token belongs to; `undefined` when it is over, revoked or none of ours. */
  find(token: string): Promise<SignedInApp | undefined>;
  home(app: SignedInApp): Promise<Answer<AppHome>>;
  routes(app: SignedInApp, amountFen: number | undefined): Promise<RoutesView>;
  channelOfCode(app: SignedInApp, authCode: string): Promise<Answer<AuthCodeChannel>>;
  createOrder(app: SignedInApp, body: ParsedOrder): Promise<Answer<OrderView>>;
  orders(app: SignedInApp, query: PageQuery & { readonly q?: string | undefined }): Promise<Page<OrderView>>;
  order(app: SignedInApp, orderId: string): Promise<Answer<OrderView>>;
  startAttempt(app: SignedInApp, orderId: string, body: StartAttempt): Promise<Answer<OrderView>>;
  cancelOrder(app: SignedInApp, orderId: string): Promise<Answer<OrderView>>;
  refund(app: SignedInApp, orderId: string, body: AppRefund): Promise<Answer<OrderView>>;
  settle(app: SignedInApp): Promise<Answer<Settled>>;
  /** `not-in-state`: the merchant takes no cards, or the registry does not know the device's package key. */
  cardKey(app: SignedInApp): Promise<Answer<CardKey>>;
  reportScreen(app: SignedInApp, screen: AppScreen): Promise<Answer<{ done: true }>>;
  close(): void;
}

/** What the service is made of. */
export interface TerminalAppParts {
  readonly core: Core;
  readonly payments: PaymentService;
  readonly factors: FactorService;
}

const actorOf = (app: SignedInApp): PaymentActor => ({ kind: 'terminal', id: app.terminalId, name: app.label });

/** Builds the service. */
export function createTerminalAppService(parts: TerminalAppParts): TerminalAppService {
  const { core, payments } = parts;
  const finder = createAppFinder(core);
  return {
    makeCode: (actor, terminalId) => makeCode(core, actor, terminalId),
    revoke: (actor, terminalId) => revokeApp(core, actor, terminalId),
    board: (merchantId) => readBoard(core, merchantId),
    terminalPayments: (terminalId) => readTerminalPayments(core, terminalId),
    pair: (body) => pair(core, body),
    challenge: () => makeNonce(core),
    signIn: (body) => signIn(core, body),
    find: (token) => finder.find(token),
    close: () => {
      finder.close();
    },
    home: (app) => readHome(core, payments, app),
    routes: (app, amountFen) =>
      payments.routes(app.merchantId, app.terminalId, amountFen === undefined ? undefined : fen(amountFen)),
    channelOfCode: (app, authCode) => channelOfCode(core, app, authCode),
    createOrder: (app, body) => createOrder(payments, app, body),
    orders: (app, query) => listOrders(core, payments, app, query),
    order: (app, orderId) => ownOrder(payments, app, orderId),
    startAttempt: (app, orderId, body) => startAttempt(payments, app, orderId, body),
    cancelOrder: async (app, orderId) => {
      const own = await ownOrder(payments, app, orderId);
      return own.ok ? payments.cancelOrder(actorOf(app), { merchantId: app.merchantId, orderId }) : own;
    },
    refund: (app, orderId, body) => refundFromTerminal(parts, app, orderId, body),
    settle: (app) => settleAll(core, payments, app, actorOf(app)),
    cardKey: (app) => fetchCardKey(core, payments, app),
    reportScreen: (app, screen) => reportScreen(core, app, screen),
  };
}

/** An order of this terminal; another terminal's does not exist here. */
async function ownOrder(payments: PaymentService, app: SignedInApp, orderId: string): Promise<Answer<OrderView>> {
  const order = await payments.order({ merchantId: app.merchantId, orderId });
  return order.ok && order.value.terminalId !== app.terminalId ? err('not-found') : order;
}

/** The order, and its first attempt when it is asked for: one round trip from the amount to the code. */
async function createOrder(payments: PaymentService, app: SignedInApp, body: ParsedOrder): Promise<Answer<OrderView>> {
  const { merchantId, terminalId } = app;
  const { id, note, attempt } = body;
  const order = { merchantId, terminalId, id, amountFen: fen(body.amountFen), note, source: 'terminal' as const };
  if (attempt === undefined) return payments.createOrder(actorOf(app), order);
  const first = attemptOf(attempt);
  return first.ok ? payments.createOrder(actorOf(app), order, first.value) : first;
}

async function startAttempt(
  payments: PaymentService,
  app: SignedInApp,
  orderId: string,
  body: StartAttempt,
): Promise<Answer<OrderView>> {
  const own = await ownOrder(payments, app, orderId);
  if (!own.ok) return own;
  const attempt = attemptOf(body);
  if (!attempt.ok) return attempt;
  return payments.startAttempt(actorOf(app), { ...attempt.value, merchantId: app.merchantId, orderId });
}

function attemptOf(body: StartAttempt): Answer<Omit<NewAttempt, 'merchantId' | 'orderId'>> {
  const { id, channel, kind, amountFen, authCode, card } = body;
  if (kind === 'scan' && authCode === undefined) return err('bad-request', 'authCode');
  if (kind === 'card' && card === undefined) return err('bad-request', 'card');
  return ok({
    ...{ id, channel, kind },
    ...(amountFen === undefined ? {} : { amountFen: fen(amountFen) }),
    ...(authCode === undefined || kind !== 'scan' ? {} : { authCode }),
    ...(card === undefined || kind !== 'card' ? {} : { card: cardOf(card) }),
  });
}

function cardOf({ pin, ...card }: NonNullable<StartAttempt['card']>) {
  return pin === undefined ? card : { ...card, pin };
}
