import * as v from 'valibot';
import {
  base64urlSchema,
  cursorSchema,
  idSchema,
  instantSchema,
  limitQuerySchema,
  nameSchema,
  noteSchema,
  personIdSchema,
  reasonSchema,
  roles,
  unlockMessageSchema,
} from './common.ts';
import { factorSchema, personRefSchema } from './people.ts';
import { lockReasonSchema, terminalRefSchema } from './registry.ts';
import { checkSchema, refusalSchema, submitInspectionSchema } from './unlocks.ts';

/** Largest on-site bundle, in bytes (docs/unlock-protocol.md, section 7). */
const siteBundleMaxBytes = 720;
/** Terminals that one delegation lists. */
export const delegationTerminalsMax = 8;
/** Hours that a delegation holds at most. */
export const delegationHoursMax = 24;
/** On-site records that a terminal hands in at once. */
export const deviceRecordsMax = 8;

/** How a field key is guarded: its bytes are encrypted under the passkey's own secret, or the passkey only gates its use. */
export const keyProtections = ['passkey-prf', 'passkey-gate'] as const;
/** Who computes the signature: the browser's own cryptography, or a library in the page where Ed25519 is missing. */
export const keyEngines = ['web-crypto', 'library'] as const;

/** A key of one person on one device, with which they sign on site. */
export const fieldKeySchema = v.object({
  id: idSchema,
  person: personRefSchema,
  role: v.picklist(roles),
  publicKey: base64urlSchema(32),
  label: v.string(),
  protection: v.picklist(keyProtections),
  engine: v.picklist(keyEngines),
  state: v.picklist(['active', 'revoked']),
  enrolledAt: instantSchema,
  lastUsedAt: v.optional(instantSchema),
  revokedAt: v.optional(instantSchema),
  revokedBy: v.optional(personRefSchema),
});
/** A key of one person on one device. */
export type FieldKey = v.InferOutput<typeof fieldKeySchema>;

/** POST /api/field-keys. `proof`: signature by the new key over `fieldKeyProofBytes(own person id, publicKey)`. */
export const enrolFieldKeySchema = v.strictObject({
  id: idSchema,
  publicKey: base64urlSchema(32),
  label: nameSchema,
  protection: v.picklist(keyProtections),
  engine: v.picklist(keyEngines),
  proof: base64urlSchema(64),
});
/** POST /api/field-keys. */
export type EnrolFieldKey = v.InferOutput<typeof enrolFieldKeySchema>;

/** Query of GET /api/field-keys: the office names a person; everybody else sees their own whatever it says. */
export const fieldKeyQuerySchema = v.strictObject({
  personId: v.optional(personIdSchema),
  cursor: v.optional(cursorSchema),
  limit: v.optional(limitQuerySchema),
});

/** POST /api/field-keys/:id/revoke and /api/delegations/:id/revoke. */
export const revokeSchema = v.strictObject({ reason: reasonSchema });
/** A revocation. */
export type Revoke = v.InferOutput<typeof revokeSchema>;

/**
 * States of a delegation. `waiting`: a person must approve. `active`: signed and in its time. `ended`: its time is
 * over, or a newer one took its place. `refused` by policy or approver; `revoked` by the technician or the office.
 */
export const delegationStates = ['waiting', 'active', 'refused', 'revoked', 'ended'] as const;
/** One state of a delegation. */
export type DelegationState = (typeof delegationStates)[number];

/** One terminal of a delegation. `kit`: setting-up orders made ahead exist for it. */
export const delegatedTerminalSchema = v.object({
  ticketId: idSchema,
  ticketNumber: v.string(),
  terminal: terminalRefSchema,
  deviceId: base64urlSchema(8),
  secondKeyIds: v.array(idSchema),
  uses: v.number(),
  kit: v.boolean(),
});

/** One use that the server has heard of. `sources`: who handed the record in. */
export const delegationUseSchema = v.object({
  useIndex: v.number(),
  terminalId: idSchema,
  caseId: idSchema,
  second: personRefSchema,
  at: instantSchema,
  timeProven: v.boolean(),
  sources: v.array(v.picklist(['technician', 'terminal'])),
});

/** A delegation as technician and office see it. `number` is what people say, such as `D-3391`. */
export const delegationSchema = v.object({
  id: idSchema,
  number: v.string(),
  state: v.picklist(delegationStates),
  technician: personRefSchema,
  fieldKey: v.object({ id: idSchema, label: v.string() }),
  terminals: v.array(delegatedTerminalSchema),
  seconds: v.array(v.object({ keyId: idSchema, person: personRefSchema, role: v.picklist(roles), label: v.string() })),
  actions: v.array(v.picklist(['clearSoft', 'clearTamper'])),
  reasonsOk: v.array(lockReasonSchema),
  usesMax: v.number(),
  usesPerTerminalMax: v.number(),
  hours: v.number(),
  note: v.string(),
  askedAt: instantSchema,
  /** Present once it was signed. */
  notBefore: v.optional(instantSchema),
  notAfter: v.optional(instantSchema),
  checks: v.array(checkSchema),
  refusal: v.optional(refusalSchema),
  decidedBy: v.optional(personRefSchema),
  decidedAt: v.optional(instantSchema),
  decisionReason: v.optional(v.string()),
  revokedBy: v.optional(personRefSchema),
  revokedAt: v.optional(instantSchema),
  revokedReason: v.optional(v.string()),
  renews: v.optional(idSchema),
  fetchedAt: v.optional(instantSchema),
  uses: v.array(delegationUseSchema),
  /** Use numbers below the highest that nobody has handed in, and numbers that came for two different uses. */
  missing: v.array(v.number()),
  doubled: v.array(v.number()),
});
/** A delegation as technician and office see it. */
export type DelegationView = v.InferOutput<typeof delegationSchema>;

/** POST /api/delegations. The client makes the id and sends the same body again after a lost answer. */
export const askDelegationSchema = v.strictObject({
  id: idSchema,
  fieldKeyId: idSchema,
  terminals: v.pipe(
    v.array(
      v.strictObject({
        ticketId: idSchema,
        secondKeyIds: v.pipe(v.array(idSchema), v.minLength(1, 'must name a second person'), v.maxLength(4)),
      }),
    ),
    v.minLength(1, 'must list a terminal'),
    v.maxLength(delegationTerminalsMax),
  ),
  hours: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(delegationHoursMax)),
  note: noteSchema,
  renews: v.optional(idSchema),
});
/** POST /api/delegations. */
export type AskDelegation = v.InferOutput<typeof askDelegationSchema>;

/** POST /api/delegations/:id/decision by an approver. To approve, `factor` is needed. */
export const decideDelegationSchema = v.strictObject({
  decision: v.picklist(['approve', 'refuse']),
  reason: reasonSchema,
  factor: v.optional(factorSchema),
});
/** POST /api/delegations/:id/decision. */
export type DecideDelegation = v.InferOutput<typeof decideDelegationSchema>;

/** Query of GET /api/delegations, newest first. Technicians see their own; `second=true` gives those that name the caller as second person. */
export const delegationQuerySchema = v.strictObject({
  state: v.optional(v.picklist(delegationStates)),
  technicianId: v.optional(personIdSchema),
  second: v.optional(v.picklist(['true', 'false'])),
  cursor: v.optional(cursorSchema),
  limit: v.optional(limitQuerySchema),
});

/** GET /api/delegations/:id/package, for its technician: everything that work without a network needs. */
export const delegationPackageSchema = v.object({
  delegation: delegationSchema,
  /** The signed DELEGATION. */
  bytes: unlockMessageSchema,
  rootPublicKey: base64urlSchema(32),
  keyset: v.object({ bytes: unlockMessageSchema, sequence: v.number() }),
  terminals: v.array(
    v.object({
      terminalId: idSchema,
      deviceId: base64urlSchema(8),
      identityPublicKey: base64urlSchema(32),
      /** Orders made ahead, in order; several of a kind are spares for a step that fails. Empty where there is no kit. */
      orders: v.array(v.object({ step: v.string(), orderSequence: v.number(), bytes: unlockMessageSchema })),
      probation: v.object({ hours: v.number(), limitFen: v.number() }),
    }),
  ),
});
/** What work without a network needs. */
export type DelegationPackage = v.InferOutput<typeof delegationPackageSchema>;

/** GET /api/seconds?ticketId=…: who may confirm on this terminal. `blocked` names why somebody may not. */
export const secondQuerySchema = v.strictObject({ ticketId: idSchema });
/** Who may confirm on a terminal. */
export const secondsSchema = v.object({
  items: v.array(
    v.object({
      keyId: idSchema,
      person: personRefSchema,
      role: v.picklist(roles),
      label: v.string(),
      blocked: v.optional(v.string()),
    }),
  ),
});
/** Who may confirm on a terminal. */
export type Seconds = v.InferOutput<typeof secondsSchema>;

/** POST /api/site-records by the technician: one on-site unlock. `request` is the device's plain REQUEST. */
export const submitSiteRecordSchema = v.strictObject({
  caseId: idSchema,
  ticketId: idSchema,
  request: unlockMessageSchema,
  bundle: base64urlSchema(siteBundleMaxBytes),
  receipt: unlockMessageSchema,
  inspection: v.optional(submitInspectionSchema),
});
/** POST /api/site-records. */
export type SubmitSiteRecord = v.InferOutput<typeof submitSiteRecordSchema>;

/** POST /api/device/site-records by a terminal itself: no session, the messages carry the device's signature. */
export const deviceRecordsSchema = v.strictObject({
  records: v.pipe(
    v.array(
      v.strictObject({
        request: unlockMessageSchema,
        bundle: base64urlSchema(siteBundleMaxBytes),
        receipt: unlockMessageSchema,
      }),
    ),
    v.minLength(1),
    v.maxLength(deviceRecordsMax),
  ),
});
/** POST /api/device/site-records. */
export type DeviceRecords = v.InferOutput<typeof deviceRecordsSchema>;
/** How many of the records were new to the server. */
export const deviceRecordsAnswerSchema = v.object({ taken: v.number(), known: v.number() });
