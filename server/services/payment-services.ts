import type { FactorService } from '../auth/factors.ts';
import type { Core } from '../core.ts';
import { createFeeTerminalService, type FeeTerminalService } from './fees/terminal-service.ts';
import { type ChannelService, createChannelService } from './channels/service.ts';
import { createMerchantService, type MerchantService } from './merchant/service.ts';
import { createMerchantApiService, type MerchantApiService } from './merchant-api/service.ts';
import type { PaymentService } from './payments/service.ts';
import { createPaymentService } from './payments/wire.ts';
import type { PeopleService } from './people.ts';
import { createReviewService, type ReviewService } from './reviews/service.ts';
import { createReceiptService, type ReceiptService } from './receipts/service.ts';
import { createTerminalAppService, type TerminalAppService } from './terminal-apps/service.ts';

/** The services of the payment half. */
export interface PaymentServices {
  readonly payments: PaymentService;
  readonly channels: ChannelService;
  readonly receipts: ReceiptService;
  readonly reviews: ReviewService;
  readonly terminalApps: TerminalAppService;
  readonly feesAtTerminals: FeeTerminalService;
  readonly merchant: MerchantService;
  readonly merchantApi: MerchantApiService;
}

/** What they are made of. `isDemo`: webhooks may go to http and loopback. */
export interface PaymentServiceParts {
  readonly core: Core;
  readonly factors: FactorService;
  readonly people: PeopleService;
  readonly publicUrl: string;
  readonly isDemo: boolean;
  /** A phone's address on the net, by the id of its link. */
  readonly guestAddress: (linkId: string, terminalId: string) => string | undefined;
}

/** Builds the engine and the services around it. `close` lets go of the bus. */
export function createPaymentServices({
  core,
  factors,
  people,
  publicUrl,
  isDemo,
  guestAddress,
}: PaymentServiceParts): {
  readonly services: PaymentServices;
  readonly close: () => void;
} {
  const payments = createPaymentService(core, core.channels, publicUrl);
  const terminalApps = createTerminalAppService({ core, payments, factors });
  const feesAtTerminals = createFeeTerminalService({ core, payments, publicUrl, guestAddress });
  const services = {
    feesAtTerminals,
    payments,
    terminalApps,
    channels: createChannelService(core, factors),
    reviews: createReviewService({ core, payments, factors }),
    receipts: createReceiptService(core),
    merchant: createMerchantService({ core, payments, factors, people }),
    merchantApi: createMerchantApiService(core, { payments, factors }, isDemo),
  };
  const close = (): void => {
    feesAtTerminals.close();
    terminalApps.close();
    payments.close();
  };
  return { services, close };
}
