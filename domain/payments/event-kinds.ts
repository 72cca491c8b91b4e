/** Every kind of event in the story of an order, with what it tells. Events are only ever added. */
export const paymentEventKinds = {
  'order-made': 'The order was made. Facts: amountFen.',
  'attempt-started': 'An attempt is durable and its call goes out. Facts: channel, amountFen, attemptNo.',
  'code-shown': 'The platform has the attempt and gave a code or link. Raw: the exchange.',
  'payer-busy': 'The platform has the attempt and waits for the payer, who types a password.',
  'no-answer': 'The platform’s answer is missing or unclear. Facts: why.',
  'not-known': 'The platform does not know the number.',
  'call-refused': 'The platform refused us: keys, rights, settings. Facts: code, message.',
  paid: 'The platform said that it took the money. Facts: transactionId, amountFen, source.',
  'paid-late': 'Money came although the attempt was closed or the order was paid. It goes back by itself.',
  'paid-twice':
    'The platform named a second payment for the same number. Facts: transactionId, known, amountFen, goesBack.',
  failed: 'The platform said no. Facts: reason, code.',
  closed: 'The platform said that the attempt is closed and no money stays taken.',
  'close-wanted': 'The attempt is to end at the platform. Facts: why.',
  'cancel-wanted': 'The order is to end. Facts: why (cancelled or expired).',
  'cancel-overtaken': 'The payment was quicker than the cancellation; the order is paid.',
  cancelled: 'The order ended without money.',
  'order-paid': 'The order is paid in full.',
  differs: 'An answer names another amount, currency, merchant or number. Facts: what, ours, theirs, proof.',
  'review-decided': 'A person decided what becomes of a payment in review. Facts: act, reason, takenFen, askedFen.',
  'gave-up': 'The platform gave no clear answer in three days; a person must look.',
  notified: 'A notification said what was known already.',
  'refund-asked': 'Money is to go back. Facts: amountFen, cause.',
  'refund-sent': 'The platform works on the refund.',
  'refund-unclear': 'The platform’s answer about the refund is missing or unclear. Facts: why.',
  'refund-done': 'The money went back. Facts: amountFen, refundId.',
  'refund-failed': 'The platform said that the money cannot go back. Facts: code, message.',
} as const;
/** A kind of event. */
export type PaymentEventKind = keyof typeof paymentEventKinds;
