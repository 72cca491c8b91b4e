/** What the history can be narrowed to by state. `open`: money may still come; `closed`: ended without money. */
export const historyStates = ['paid', 'open', 'closed', 'refunded', 'review'] as const;
/** Payments, refunds, or both together. */
export const historyKinds = ['payments', 'refunds'] as const;
