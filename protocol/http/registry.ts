import * as v from 'valibot';
import { lockReasons, terminalStates, type LockReason } from '../../domain/unlock/states.ts';
import {
  base64urlSchema,
  cursorSchema,
  idSchema,
  instantSchema,
  limitQuerySchema,
  nameSchema,
  noteSchema,
} from './common.ts';
import { personRefSchema } from './people.ts';

/** One lock reason by name. */
export const lockReasonSchema = v.picklist(lockReasons as [LockReason, ...LockReason[]]);
/** One state of a terminal by name. */
export const terminalStateSchema = v.picklist(terminalStates);

/** A merchant: the owner of terminals. */
export const merchantSchema = v.object({
  id: idSchema,
  name: v.string(),
  contact: v.string(),
  address: v.string(),
  terminals: v.number(),
  createdAt: instantSchema,
});
/** A merchant: the owner of terminals. */
export type Merchant = v.InferOutput<typeof merchantSchema>;

/** POST /api/merchants; the client makes the id. */
export const createMerchantSchema = v.strictObject({
  id: idSchema,
  name: nameSchema,
  contact: noteSchema,
  address: noteSchema,
});
/** POST /api/merchants. */
export type CreateMerchant = v.InferOutput<typeof createMerchantSchema>;

/** PATCH /api/merchants/:id. */
export const changeMerchantSchema = v.strictObject({
  name: v.optional(nameSchema),
  contact: v.optional(noteSchema),
  address: v.optional(noteSchema),
});
/** PATCH /api/merchants/:id. */
export type ChangeMerchant = v.InferOutput<typeof changeMerchantSchema>;

/** A terminal as cases and tickets show it. `deviceId` is 16 hex digits. */
export const terminalRefSchema = v.object({
  id: idSchema,
  label: v.string(),
  serial: v.string(),
  model: v.string(),
  deviceId: v.string(),
  merchantName: v.string(),
  place: v.string(),
  seal: v.string(),
});
/** A terminal as cases and tickets show it. */
export type TerminalRef = v.InferOutput<typeof terminalRefSchema>;

/** A terminal in the registry: what the office wants and what the device itself last confirmed. */
export const terminalSchema = v.object({
  ...terminalRefSchema.entries,
  merchantId: idSchema,
  stateWanted: terminalStateSchema,
  stateConfirmed: v.optional(terminalStateSchema),
  confirmedAt: v.optional(instantSchema),
  reasons: v.array(lockReasonSchema),
  lockEpoch: v.number(),
  firmware: v.string(),
  keys: v.picklist(['kept', 'erased', 'loaded', 'unknown']),
  keyCheckValue: v.optional(v.string()),
  keysetSequence: v.number(),
  unlocksLifetime: v.number(),
  unlocks30Days: v.number(),
  stolen: v.boolean(),
  identityKnown: v.boolean(),
  attention: v.array(v.picklist(['stolen', 'locked', 'blank', 'waiting', 'probation', 'receipt-missing', 'not-heard'])),
  probationUntil: v.optional(instantSchema),
  openCaseId: v.optional(idSchema),
  registeredAt: instantSchema,
});
/** A terminal in the registry. */
export type Terminal = v.InferOutput<typeof terminalSchema>;

/** One line of a terminal's history. */
export const historyEntrySchema = v.object({
  at: instantSchema,
  kind: v.string(),
  actor: v.optional(personRefSchema),
  caseId: v.optional(idSchema),
  facts: v.record(v.string(), v.unknown()),
});
/** One line of a terminal's history. */
export type HistoryEntry = v.InferOutput<typeof historyEntrySchema>;

/** GET /api/terminals/:id. */
export const terminalDetailSchema = v.object({ ...terminalSchema.entries, history: v.array(historyEntrySchema) });
/** GET /api/terminals/:id. */
export type TerminalDetail = v.InferOutput<typeof terminalDetailSchema>;

/** Query of GET /api/terminals. */
export const terminalQuerySchema = v.strictObject({
  search: v.optional(v.pipe(v.string(), v.maxLength(120))),
  state: v.optional(terminalStateSchema),
  model: v.optional(v.pipe(v.string(), v.maxLength(40))),
  cursor: v.optional(cursorSchema),
  limit: v.optional(limitQuerySchema),
});
/** Answer of GET /api/terminals: terminals that need attention first; `counts` is over the whole registry. */
export const terminalPageSchema = v.object({
  items: v.array(terminalSchema),
  nextCursor: v.optional(v.string()),
  counts: v.object({
    total: v.number(),
    NORMAL: v.number(),
    LOCKED: v.number(),
    BLANK: v.number(),
    PROBATION: v.number(),
    unknown: v.number(),
  }),
});
/** Answer of GET /api/terminals. */
export type TerminalPage = v.InferOutput<typeof terminalPageSchema>;

/** POST /api/terminals; the client makes the id. */
export const registerTerminalSchema = v.strictObject({
  id: idSchema,
  merchantId: idSchema,
  label: nameSchema,
  serial: nameSchema,
  model: nameSchema,
  place: noteSchema,
  seal: nameSchema,
  deviceId: v.pipe(v.string(), v.regex(/^[0-9a-f]{16}$/, 'must be 16 hex digits')),
  identityPublicKey: v.pipe(base64urlSchema(32), v.length(43, 'must be 32 bytes')),
  /** The device's package key, to which setting-up keys are sealed ahead of work on site; without it there is no kit. */
  packagePublicKey: v.optional(v.pipe(base64urlSchema(32), v.length(43, 'must be 32 bytes'))),
});
/** POST /api/terminals. */
export type RegisterTerminal = v.InferOutput<typeof registerTerminalSchema>;

/** PATCH /api/terminals/:id. */
export const changeTerminalSchema = v.strictObject({
  label: v.optional(nameSchema),
  place: v.optional(noteSchema),
  seal: v.optional(nameSchema),
  merchantId: v.optional(idSchema),
  stolen: v.optional(v.boolean()),
});
/** PATCH /api/terminals/:id. */
export type ChangeTerminal = v.InferOutput<typeof changeTerminalSchema>;
