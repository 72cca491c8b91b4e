import * as v from 'valibot';
import { base64urlSchema, cursorSchema, idSchema, instantSchema, limitQuerySchema, roles } from './common.ts';
import { unlockMessageMaxBytes } from './limits.ts';
import { personRefSchema } from './people.ts';

/** Kinds of alarm. */
export const alarmKinds = [
  'stolen',
  'receipt-missing',
  'late-receipt',
  'repeated-tamper',
  'unusual-rate',
  'log-broken',
  'bad-signature',
  'commissioning-failed',
  'double-signer',
  'technician-limit',
  'uses-missing',
  'uses-doubled',
  'site-record-differs',
  'revoked-delegation-used',
  'time-unproven',
  'payment-differs',
  'refund-failed',
  'channel-key-ends',
  'numbers-walked',
  'fee-not-settled',
] as const;
/** One alarm. `subject` names what it is about, such as `terminal:…`. */
export const alarmSchema = v.object({
  id: idSchema,
  kind: v.picklist(alarmKinds),
  severity: v.picklist(['warn', 'stop']),
  subject: v.string(),
  facts: v.record(v.string(), v.unknown()),
  raisedAt: instantSchema,
  closedAt: v.optional(instantSchema),
  closedBy: v.optional(personRefSchema),
});
/** One alarm. */
export type Alarm = v.InferOutput<typeof alarmSchema>;
/** Query of GET /api/alarms. */
export const alarmQuerySchema = v.strictObject({
  open: v.optional(v.picklist(['true', 'false'])),
  cursor: v.optional(cursorSchema),
  limit: v.optional(limitQuerySchema),
});

/** One audit record. `sequence` and `hash` (hex) are absent for the moment between commit and sequencing. */
export const auditRecordSchema = v.object({
  id: idSchema,
  sequence: v.optional(v.number()),
  at: instantSchema,
  act: v.string(),
  actor: v.optional(personRefSchema),
  subject: v.string(),
  facts: v.record(v.string(), v.unknown()),
  hash: v.optional(v.string()),
  /** Number of the record before about the same subject, 0 when there is none; part of what the log holds. */
  prev: v.optional(v.number()),
});
/** One audit record. */
export type AuditRecord = v.InferOutput<typeof auditRecordSchema>;
/** Query of GET /api/audit, newest first. */
export const auditQuerySchema = v.strictObject({
  subject: v.optional(v.pipe(v.string(), v.maxLength(120))),
  cursor: v.optional(cursorSchema),
  limit: v.optional(limitQuerySchema),
});

/** GET /api/policy: the policy as data and its rules in one line each. */
export const policyViewSchema = v.object({
  version: v.number(),
  policy: v.record(v.string(), v.unknown()),
  rules: v.array(v.object({ number: v.number(), outcome: v.string(), text: v.string() })),
});
/** GET /api/policy. */
export type PolicyView = v.InferOutput<typeof policyViewSchema>;

/** GET /api/trust: what a device must be given at the factory. Keys are 32 bytes. */
export const trustSchema = v.object({
  rootPublicKey: base64urlSchema(32),
  keyset: base64urlSchema(unlockMessageMaxBytes),
  keysetSequence: v.number(),
  transportPublicKey: base64urlSchema(32),
});
/** GET /api/trust. */
export type Trust = v.InferOutput<typeof trustSchema>;

/** GET /api/demo, only in demo mode: who may sign in with one click and where the emulated terminals are. */
export const demoSchema = v.object({
  accounts: v.array(
    v.object({
      email: v.string(),
      name: v.string(),
      role: v.picklist(roles),
      /** An authenticator code that works now, where the account has one. */
      totpCode: v.optional(v.string()),
    }),
  ),
  terminals: v.array(v.object({ label: v.string(), serial: v.string(), cableUrl: v.string() })),
  worldUrl: v.string(),
});
/** GET /api/demo. */
export type Demo = v.InferOutput<typeof demoSchema>;
/** POST /api/demo/sign-in, only in demo mode. */
export const demoSignInSchema = v.strictObject({ email: v.pipe(v.string(), v.email()) });

/** GET /healthz and /readyz. */
export const healthSchema = v.object({ status: v.picklist(['ok', 'failing']), version: v.string() });

/**
 * Names of the events on GET /api/events; the data of each is `{id}`. `payments`: an order's id. `channels`: accounts,
 * keys, limits or settings of the merchant with this id. `control`: the terminal or merchant with this id was paused,
 * stopped or let run, or its app was paired or revoked. `board`: what the terminal with this id shows. A terminal's own
 * stream (GET /api/terminal-app/events) has `payments`, `channels` and `control`, of itself only.
 */
export const eventNames = [
  'unlock',
  'ticket',
  'terminal',
  'alarm',
  'delegation',
  'payments',
  'fees',
  'channels',
  'control',
  'board',
] as const;
/** One event's name. */
export type EventName = (typeof eventNames)[number];
