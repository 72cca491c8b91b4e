/**
 * States of one attempt to take money over one channel.
 * `created`: written, nothing sent. `submitted`: the call is on its way or was cut off. `pending`: the platform has it and
 * waits for the payer. `unknown`: no clear answer; it is asked again. `paid`, `closed`, `failed`: the platform said so.
 * `paid-late`: paid although it was closed or failed, or although the order was paid already; is refunded by itself.
 * `review`: the platform's answer names another amount, currency, merchant or number; a person looks at it.
 */
export const attemptStates = [
  'created',
  'submitted',
  'pending',
  'unknown',
  'paid',
  'closed',
  'failed',
  'paid-late',
  'review',
] as const;
/** State of an attempt. */
export type AttemptState = (typeof attemptStates)[number];

/** States in which money may still come: an order has at most one attempt in them. */
export const liveAttemptStates = ['created', 'submitted', 'pending', 'unknown'] as const satisfies AttemptState[];

/**
 * States of an order. `open`: owed in whole or in part and nothing decided; `part-paid`: some parts of a split are paid;
 * `paid`: paid in full; `cancelled`: ended without money, or all money given back before it was complete;
 * `part-refunded`, `refunded`: given back after it was paid; `review`: a person must look.
 */
export const orderStates = ['open', 'part-paid', 'paid', 'cancelled', 'part-refunded', 'refunded', 'review'] as const;
/** State of an order. */
export type OrderState = (typeof orderStates)[number];

/** States of a refund. `unknown` and `processing` are asked again with the same number; only `failed` is a no. */
export const refundStates = ['created', 'submitted', 'processing', 'unknown', 'done', 'failed'] as const;
/** State of a refund. */
export type RefundState = (typeof refundStates)[number];

/** How the payer hands over: our code is scanned, theirs is scanned, a card, or a link on their phone. */
export const attemptKinds = ['qr', 'scan', 'card', 'link'] as const;
/** How the payer hands over. */
export type AttemptKind = (typeof attemptKinds)[number];

/** Why a platform or bank said no, in words that a screen can say. The platform's own code stands beside it. */
export const failureReasons = [
  'declined',
  'insufficient-funds',
  'payer-limit',
  'merchant-limit',
  'wrong-pin',
  'pin-tries-exceeded',
  'card-expired',
  'card-not-accepted',
  'code-expired',
  'code-invalid',
  'payer-cancelled',
  'risk',
  'platform',
] as const;
/** Why a platform or bank said no. */
export type FailureReason = (typeof failureReasons)[number];
