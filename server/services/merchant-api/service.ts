import type * as v from 'valibot';
import type { apiTerminalSchema } from '../../../protocol/http/merchant-api.ts';
import type { FactorService } from '../../auth/factors.ts';
import type { Core } from '../../core.ts';
import type { ApiKeyPrincipal } from '../../http/mount.ts';
import type { PaymentService } from '../payments/service.ts';
import { deliverWebhooks } from './deliver.ts';
import { type ApiKeyService, createApiKeyService } from './keys.ts';
import { type ApiPayments, createApiPayments } from './payments.ts';
import { apiTerminals } from './terminals.ts';
import { createWebhookService, type WebhookService } from './webhooks.ts';

/** What a merchant's own systems may do, and what the merchant sets up for them (docs/merchant-api.md). */
export interface MerchantApiService {
  readonly payments: ApiPayments;
  readonly keys: ApiKeyService;
  readonly webhooks: WebhookService;
  terminals(key: ApiKeyPrincipal): Promise<{ items: v.InferOutput<typeof apiTerminalSchema>[] }>;
  /** Sends the webhooks that are due. @returns how many were tried. Safe in many processes. */
  deliver(): Promise<number>;
}

/** Builds the service. `mayBeInner`: demo mode, in which webhooks may go to http and loopback. */
export function createMerchantApiService(
  core: Core,
  { payments, factors }: { readonly payments: PaymentService; readonly factors: FactorService },
  mayBeInner: boolean,
): MerchantApiService {
  const silent = new Map<string, number>();
  return {
    payments: createApiPayments(core, payments),
    keys: createApiKeyService(core, factors),
    webhooks: createWebhookService(core, mayBeInner),
    terminals: (key) => apiTerminals(core, key),
    deliver: () => deliverWebhooks(core, { payments, silent, mayBeInner }),
  };
}
