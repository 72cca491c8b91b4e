import * as v from 'valibot';
import { orderStates } from '../../domain/payments/states.ts';
import { idSchema, instantSchema } from './common.ts';
import { channelCodeSchema, fenSchema } from './payments.ts';
import { activationCodeSchema, appScreenSchema, controlStates } from './terminal-app.ts';

/** POST /api/terminals/:id/activation-code: shown once; pairs one app within a quarter of an hour. */
export const madeCodeSchema = v.object({ code: activationCodeSchema, expiresAt: instantSchema });
/** A fresh activation code. */
export type MadeCode = v.InferOutput<typeof madeCodeSchema>;

/** The app that is paired with a terminal. `isOnline`: it was heard within the last two minutes. */
export const pairedAppSchema = v.object({
  id: idSchema,
  pairedAt: instantSchema,
  lastSeenAt: v.optional(instantSchema),
  isOnline: v.boolean(),
  screen: v.optional(appScreenSchema),
});

/** Body of a control of a terminal or a merchant. A reason is asked for unless it runs again. */
export const setControlSchema = v.strictObject({
  state: v.picklist(controlStates),
  reason: v.pipe(v.string(), v.trim(), v.maxLength(200)),
});
/** Body of a control. */
export type SetControl = v.InferOutput<typeof setControlSchema>;

/** In which state somebody put a terminal or a merchant. */
export const controlViewSchema = v.object({
  state: v.picklist(controlStates),
  reason: v.string(),
  by: v.optional(v.string()),
  changedAt: v.optional(instantSchema),
});
/** In which state somebody put a terminal or a merchant. */
export type ControlView = v.InferOutput<typeof controlViewSchema>;

/** GET /api/terminals/:id/payments: what the terminal's page shows about payments. */
export const terminalPaymentsSchema = v.object({
  app: v.optional(pairedAppSchema),
  /** An open activation code, without the code. */
  codeExpiresAt: v.optional(instantSchema),
  control: controlViewSchema,
  merchantControl: controlViewSchema,
});
/** What the terminal's page shows about payments. */
export type TerminalPayments = v.InferOutput<typeof terminalPaymentsSchema>;

/** What a terminal is doing, in the board's words; the first that holds. */
export const boardStates = ['stopped', 'paused', 'unpaired', 'silent', 'trouble', 'paying', 'ready'] as const;
/** What a terminal is doing. */
export type BoardState = (typeof boardStates)[number];

/** One terminal on the live board. `trouble`: its cable, lock or paper keeps it from taking payments. */
export const boardRowSchema = v.object({
  terminalId: idSchema,
  label: v.string(),
  serial: v.string(),
  place: v.string(),
  merchantId: idSchema,
  merchantName: v.string(),
  state: v.picklist(boardStates),
  app: v.optional(pairedAppSchema),
  control: controlViewSchema,
  merchantControl: controlViewSchema,
  /** The order in progress. */
  order: v.optional(
    v.object({
      id: idSchema,
      orderNo: v.string(),
      amountFen: fenSchema,
      paidFen: fenSchema,
      state: v.picklist(orderStates),
      channel: v.optional(channelCodeSchema),
      since: instantSchema,
    }),
  ),
});
/** One terminal on the live board. */
export type BoardRow = v.InferOutput<typeof boardRowSchema>;

/** GET /api/board: every terminal, by merchant and label; at most 500. */
export const boardSchema = v.object({
  items: v.array(boardRowSchema),
  /** Terminals in all; above the number of items when there are too many to show. */
  total: v.number(),
  now: instantSchema,
});
/** The live board. */
export type Board = v.InferOutput<typeof boardSchema>;
/** Query of GET /api/board. */
export const boardQuerySchema = v.strictObject({ merchantId: v.optional(idSchema) });
