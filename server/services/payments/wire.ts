import type { ChannelDefinition } from '../../channels/channel.ts';
import type { Core } from '../../core.ts';
import { uuidv7 } from '../../store/uuid.ts';
import { createPaymentEngine } from './create.ts';
import { createChannelDesk } from './desk.ts';
import { createPgStore } from './pg-store.ts';
import type { PaymentService } from './service.ts';

/** Longest wait for one answer of a platform. Three of them fit into one call of ours. */
const timeoutMs = 5_000;

/** The payment service of a running server. `close` lets go of the bus. */
export function createPaymentService(
  core: Core,
  definitions: readonly ChannelDefinition[],
  publicUrl: string,
): PaymentService & { close(): void } {
  const desk = createChannelDesk(core, definitions, timeoutMs);
  const engine = createPaymentEngine({
    store: createPgStore(core.pool),
    desk,
    clock: core.clock,
    jitter: Math.random,
    newId: () => uuidv7(core.clock()),
    publish: ({ order }, { alarms }) => {
      const { id, merchantId, terminalId, source } = order;
      core.bus.publish(
        { name: 'payments', id, scope: { merchantId, terminalId } },
        ...(source === 'fee' ? [{ name: 'fees' as const, id, scope: { merchantId, terminalId } }] : []),
        ...alarms.map(() => ({ name: 'alarm' as const, id })),
      );
    },
    returnUrl: `${publicUrl}/l?back=1`,
    notifyUrl: (channel, accountId) => `${publicUrl}/api/notify/${channel}/${accountId}`,
    log: core.log,
    timeoutMs,
  });
  return { ...engine, close: desk.close };
}
