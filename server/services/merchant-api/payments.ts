import { fen } from '../../../domain/money.ts';
import { err } from '../../../domain/result.ts';
import type { OrderView } from '../../../protocol/http/payments.ts';
import type { Answer } from '../../answer.ts';
import type { Core } from '../../core.ts';
import type { ApiKeyPrincipal } from '../../http/mount.ts';
import type { PaymentActor, PaymentService } from '../payments/service.ts';

/** What a merchant's system may do with payments; a thin hull around `PaymentService` that keeps keys to what is theirs. */
export interface ApiPayments {
  create(key: ApiKeyPrincipal, body: NewApiPayment): Promise<Answer<OrderView>>;
  find(key: ApiKeyPrincipal, reference: string): Promise<Answer<OrderView>>;
  /** Waits up to `waitMs` for a version above `afterVersion`. */
  follow(key: ApiKeyPrincipal, id: string, afterVersion: number, waitMs: number): Promise<Answer<OrderView>>;
  cancel(key: ApiKeyPrincipal, id: string): Promise<Answer<OrderView>>;
  refund(key: ApiKeyPrincipal, id: string, body: NewApiRefund): Promise<Answer<OrderView>>;
}

interface NewApiPayment {
  readonly id: string;
  readonly terminalId: string;
  readonly amountFen: number;
  readonly note: string;
  readonly reference?: string | undefined;
}

interface NewApiRefund {
  readonly id: string;
  readonly amountFen?: number | undefined;
  readonly attemptId?: string | undefined;
  readonly reason: string;
}

const waitersMax = 1_000;

/** Builds it over the payment service. */
export function createApiPayments(core: Core, payments: PaymentService): ApiPayments {
  const waiters = { count: 0 };
  const own = async (key: ApiKeyPrincipal, id: string): Promise<Answer<OrderView>> => {
    const found = await payments.order({ merchantId: key.merchantId, orderId: id });
    return found.ok && !mayUse(key, found.value.terminalId) ? err('not-found') : found;
  };
  return {
    create: (key, body) => create(core, payments, key, body),
    find: async (key, reference) => {
      const row = await core.db
        .selectFrom('payment_orders')
        .select('id')
        .where('merchant_id', '=', key.merchantId)
        .where('external_ref', '=', reference)
        .executeTakeFirst();
      return row === undefined ? err('not-found') : own(key, row.id);
    },
    follow: async (key, id, afterVersion, waitMs) => {
      if (waitMs === 0 || waiters.count >= waitersMax) return own(key, id);
      waiters.count += 1;
      const change = changeOf(core, id, waitMs);
      try {
        const now = await own(key, id);
        if (!now.ok || now.value.version > afterVersion) return now;
        await change.happened;
        return await own(key, id);
      } finally {
        change.stop();
        waiters.count -= 1;
      }
    },
    cancel: async (key, id) => {
      const found = await own(key, id);
      return found.ok ? payments.cancelOrder(actorOf(key), { merchantId: key.merchantId, orderId: id }) : found;
    },
    refund: async (key, id, body) => {
      const found = await own(key, id);
      if (!found.ok) return found;
      const { amountFen, attemptId, ...rest } = body;
      return payments.refund(actorOf(key), {
        ...rest,
        merchantId: key.merchantId,
        orderId: id,
        ...(amountFen === undefined ? {} : { amountFen: fen(amountFen) }),
        ...(attemptId === undefined ? {} : { attemptId }),
      });
    },
  };
}

function actorOf(key: ApiKeyPrincipal): PaymentActor {
  return { kind: 'api-key', id: key.id, name: key.label };
}

function mayUse(key: ApiKeyPrincipal, terminalId: string): boolean {
  return key.terminalIds === undefined || key.terminalIds.includes(terminalId);
}

async function create(
  core: Core,
  payments: PaymentService,
  key: ApiKeyPrincipal,
  body: NewApiPayment,
): Promise<Answer<OrderView>> {
  const terminal = await core.db
    .selectFrom('terminals')
    .select('id')
    .where('id', '=', body.terminalId)
    .where('merchant_id', '=', key.merchantId)
    .executeTakeFirst();
  if (terminal === undefined || !mayUse(key, terminal.id)) return err('not-found', 'terminalId');
  const { reference, amountFen, ...rest } = body;
  const made = await payments.createOrder(actorOf(key), {
    ...rest,
    merchantId: key.merchantId,
    amountFen: fen(amountFen),
    source: 'api',
    apiKeyId: key.id,
    ...(reference === undefined ? {} : { externalRef: reference }),
  });
  // The caller knows it by its own name.
  return !made.ok && made.error === 'already-exists' ? err('already-exists', 'reference') : made;
}

/** Listens before the first look, so that a change between look and wait is not missed. */
function changeOf(core: Core, orderId: string, waitMs: number): { happened: Promise<undefined>; stop: () => void } {
  const happened = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => happened.resolve(undefined), waitMs);
  const unsubscribe = core.bus.subscribe((event) => {
    if (event.name === 'payments' && event.id === orderId) happened.resolve(undefined);
  });
  return {
    happened: happened.promise,
    stop: () => {
      clearTimeout(timer);
      unsubscribe();
    },
  };
}
