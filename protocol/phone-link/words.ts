/*
 * The words of the messages, apart from their schemas: the phone's page reads messages by hand, and its first load has no
 * room for a schema library.
 */

/** Largest message between terminal and phone, in bytes of its JSON. */
export const messageMaxBytes = 16_000;

/** Where a payment by phone stands, in the words of the terminal. Only `paid` with a receipt that verifies is paid. */
export const payStages = [
  'starting',
  'at-platform',
  'checking',
  'paid',
  'failed',
  'closed',
  'expired',
  'changed',
  'refused',
] as const;

/**
 * Why a payment was not begun (`stage` refused), by code; a code that is not here is told as `unknown`. `being-paid`:
 * somebody else pays the same bill now. `already-paid`: it is paid. `not-confirmed`: the digits were not confirmed yet.
 * `channel-off`: the payee cannot take this channel now. `bad-account`: the bank's key did not open the account.
 * `no-server`: the terminal cannot reach its server; nothing was begun.
 */
export const payRefusals = [
  'being-paid',
  'already-paid',
  'not-confirmed',
  'channel-off',
  'bad-account',
  'no-server',
  'unknown',
] as const;
/** Why a payment was not begun. */
export type PayRefusal = (typeof payRefusals)[number];

/** What becomes of the paper receipt. */
export const printStates = ['printing', 'printed', 'no-paper'] as const;

/** Why the terminal says goodbye. */
export const byeReasons = ['done', 'cancelled', 'two-phones', 'not-same', 'idle', 'off'] as const;
