import type { FactorService } from '../auth/factors.ts';
import type { Core } from '../core.ts';
import { type ChannelService, createChannelService } from './channels/service.ts';
import { createMerchantService, type MerchantService } from './merchant/service.ts';
import { createMerchantApiService, type MerchantApiService } from './merchant-api/service.ts';
import type { PaymentService } from './payments/service.ts';
import type { PeopleService } from './people.ts';
import { createReceiptService, type ReceiptService } from './receipts/service.ts';
import { createTerminalAppService, type TerminalAppService } from './terminal-apps/service.ts';

/** The services of the payment half. */
export interface PaymentServices {
  readonly payments: PaymentService;
  readonly channels: ChannelService;
  readonly receipts: ReceiptService;
  readonly terminalApps: TerminalAppService;
  readonly merchant: MerchantService;
  readonly merchantApi: MerchantApiService;
}

/** What they are made of. `isDemo`: webhooks may go to http and loopback. */
export interface PaymentServiceParts {
  readonly core: Core;
  readonly payments: PaymentService;
  readonly factors: FactorService;
  readonly people: PeopleService;
  readonly isDemo: boolean;
}

/** Builds the services around the engine. */
export function createPaymentServices(parts: PaymentServiceParts): PaymentServices {
  const { core, payments, isDemo } = parts;
  return {
    payments,
    channels: createChannelService(core),
    receipts: createReceiptService(core),
    terminalApps: createTerminalAppService(parts),
    merchant: createMerchantService(parts),
    merchantApi: createMerchantApiService(core, payments, isDemo),
  };
}
