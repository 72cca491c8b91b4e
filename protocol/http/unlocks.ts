import * as v from 'valibot';
import { commissionSteps } from '../../domain/unlock/states.ts';
import {
  base64urlSchema,
  cursorSchema,
  idSchema,
  instantSchema,
  limitQuerySchema,
  nameSchema,
  noteSchema,
  reasonSchema,
  unlockMessageSchema,
} from './common.ts';
import { photosPerCaseMax, unlockMessageMaxBytes } from './limits.ts';
import { logProofSchema } from './log.ts';
import { factorSchema, personRefSchema } from './people.ts';
import { historyEntrySchema, lockReasonSchema, terminalRefSchema } from './registry.ts';
import { photoKinds } from './photos.ts';

/**
 * States of an unlock case. `needs-inspection`: the policy wants photos and a seal first. `waiting`: a person must
 * decide. `granted`: a grant is PENDING. `expired`: the grant's time is over without a receipt. `void`: the grant was
 * given up or the device refused it. `unlocked`: the receipt is here and the terminal is BLANK. `done`: NORMAL again.
 */
export const unlockStates = [
  'needs-inspection',
  'waiting',
  'granted',
  'refused',
  'withdrawn',
  'expired',
  'void',
  'unlocked',
  'commissioning',
  'probation',
  'done',
] as const;
/** One state of an unlock case. */
export type UnlockState = (typeof unlockStates)[number];

/** Cases in these states are over; a new request opens a new case. */
export const endedUnlockStates = [
  'refused',
  'withdrawn',
  'expired',
  'void',
  'done',
] as const satisfies readonly UnlockState[];

/** One photo's description; its bytes are at `…/photos/:id`. */
export const photoSchema = v.object({
  id: idSchema,
  kind: v.picklist(photoKinds),
  sizeBytes: v.number(),
  sha256: v.string(),
  at: instantSchema,
});
/** One photo's description. */
export type Photo = v.InferOutput<typeof photoSchema>;

/** POST /api/unlocks/:id/inspection: what the technician saw. `screenNumber` is the number on the terminal's screen. */
export const submitInspectionSchema = v.strictObject({
  sealFound: nameSchema,
  sealNew: nameSchema,
  screenNumber: v.pipe(v.string(), v.regex(/^\d{6}$/, 'must be six digits')),
  note: noteSchema,
  photoIds: v.pipe(v.array(idSchema), v.maxLength(photosPerCaseMax)),
});
/** POST /api/unlocks/:id/inspection. */
export type SubmitInspection = v.InferOutput<typeof submitInspectionSchema>;

/** POST /api/unlocks. The client makes the id and sends the same body again after a lost answer. */
export const createUnlockSchema = v.strictObject({
  id: idSchema,
  ticketId: idSchema,
  sealedRequest: base64urlSchema(unlockMessageMaxBytes),
  requestBytes: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(unlockMessageMaxBytes)),
  inspection: v.optional(submitInspectionSchema),
  /** The technician keeps the answer until the terminal is plugged in again: the grant is made to live for days, not minutes. */
  deferred: v.optional(v.boolean()),
});
/** POST /api/unlocks. */
export type CreateUnlock = v.InferOutput<typeof createUnlockSchema>;

/** POST /api/unlocks/:id/decision by an approver. To approve, `factor` is needed. */
export const decideUnlockSchema = v.strictObject({
  decision: v.picklist(['approve', 'refuse', 'depot']),
  reason: reasonSchema,
  factor: v.optional(factorSchema),
});
/** POST /api/unlocks/:id/decision. */
export type DecideUnlockBody = v.InferOutput<typeof decideUnlockSchema>;

/** POST /api/unlocks/:id/receipt: the device's signed receipt, for a grant or for an abort. */
export const submitReceiptSchema = v.strictObject({ receipt: unlockMessageSchema });
/** POST /api/unlocks/:id/receipt. */
export type SubmitReceipt = v.InferOutput<typeof submitReceiptSchema>;

/** POST /api/unlocks/:id/commission: without `report`, asks for the present order again. */
export const commissionSchema = v.strictObject({ report: v.optional(unlockMessageSchema) });
/** POST /api/unlocks/:id/commission. */
export type Commission = v.InferOutput<typeof commissionSchema>;

/** POST /api/unlocks/:id/release by an approver: ends probation early. */
export const releaseSchema = v.strictObject({ reason: reasonSchema, factor: factorSchema });
/** POST /api/unlocks/:id/release. */
export type ReleaseBody = v.InferOutput<typeof releaseSchema>;

/** One thing that the policy looked at. `code` is for the dictionary, `detail` a value such as a count. */
export const checkSchema = v.object({ code: v.string(), ok: v.boolean(), detail: v.optional(v.string()) });
/** Why a case was refused: a code for the dictionary and one plain next step in English. */
export const refusalSchema = v.object({ code: v.string(), next: v.string() });

/** Who decided, by which rule, on what grounds. */
export const decisionSchema = v.object({
  /** `delegation`: decided beforehand, on site. */
  by: v.picklist(['policy', 'person', 'delegation']),
  outcome: v.picklist(['grant', 'person', 'depot', 'refuse']),
  rule: v.number(),
  policyVersion: v.number(),
  checks: v.array(checkSchema),
  approver: v.optional(personRefSchema),
  reason: v.optional(v.string()),
  refusal: v.optional(refusalSchema),
  at: instantSchema,
});
/** Who decided, by which rule, on what grounds. */
export type UnlockDecision = v.InferOutput<typeof decisionSchema>;

/** What the device's request said. `signed` is false when the identity key is dead. `firmware` reads `4.2.1`. */
export const requestViewSchema = v.object({
  reasons: v.array(lockReasonSchema),
  lockEpoch: v.number(),
  firmware: v.string(),
  bootCount: v.number(),
  signed: v.boolean(),
  identityAlive: v.boolean(),
  clockTrusted: v.boolean(),
  batteryOk: v.boolean(),
  sizeBytes: v.number(),
  screenNumber: v.string(),
  logContinues: v.boolean(),
});

/** The inspection as kept. `sealAsRegistered` compares the found seal with the registry. */
export const inspectionViewSchema = v.object({
  sealFound: v.string(),
  sealNew: v.string(),
  sealAsRegistered: v.boolean(),
  screenNumber: v.string(),
  screenNumberSame: v.boolean(),
  note: v.string(),
  photos: v.array(photoSchema),
  at: instantSchema,
});

/** The grant: `sealed` goes to the device as it is; only the case's technician receives it. */
export const grantViewSchema = v.object({
  sealed: v.optional(base64urlSchema(unlockMessageMaxBytes)),
  sizeBytes: v.number(),
  notAfter: instantSchema,
  state: v.picklist(['PENDING', 'POSTED', 'VOID', 'EXPIRED']),
  late: v.boolean(),
});

/** One commissioning step with its times. `detail` has counts, check values and the device's words. */
export const commissionStepViewSchema = v.object({
  step: v.picklist([...commissionSteps, 'probation', 'release']),
  state: v.picklist(['todo', 'sent', 'done', 'failed']),
  startedAt: v.optional(instantSchema),
  finishedAt: v.optional(instantSchema),
  detail: v.optional(v.record(v.string(), v.unknown())),
});

/** What helps an approver to decide; only in GET /api/unlocks/:id and only for the office. */
export const evidenceSchema = v.object({
  sealRegistered: v.string(),
  terminalHistory: v.array(historyEntrySchema),
  unlocksLifetime: v.number(),
  unlocks30Days: v.number(),
  logContinues: v.boolean(),
  epochContinues: v.boolean(),
  technician: v.object({
    unlocks12Months: v.number(),
    finished12Months: v.number(),
    today: v.number(),
    dailyLimit: v.number(),
    lockedAgain30Days: v.number(),
  }),
});

/** Facts of an on-site unlock, on the case that the server made for it. */
export const siteFactsSchema = v.object({
  delegationId: idSchema,
  delegationNumber: v.string(),
  useIndex: v.number(),
  second: personRefSchema,
  /** False when the terminal had no trusted clock to check the hours by. */
  timeProven: v.boolean(),
  /** Who handed the record in. */
  sources: v.array(v.picklist(['technician', 'terminal'])),
  usedAt: instantSchema,
});

/** One unlock from request to NORMAL. */
export const unlockCaseSchema = v.object({
  id: idSchema,
  ticketId: idSchema,
  ticketNumber: v.string(),
  terminal: terminalRefSchema,
  technician: personRefSchema,
  state: v.picklist(unlockStates),
  askedAt: instantSchema,
  updatedAt: instantSchema,
  openedAt: v.optional(instantSchema),
  openedBy: v.optional(personRefSchema),
  decision: v.optional(decisionSchema),
  request: requestViewSchema,
  inspection: v.optional(inspectionViewSchema),
  photos: v.array(photoSchema),
  grant: v.optional(grantViewSchema),
  abort: v.optional(unlockMessageSchema),
  keyset: v.object({ bytes: unlockMessageSchema, sequence: v.number() }),
  commission: v.optional(v.object({ steps: v.array(commissionStepViewSchema), current: v.optional(v.string()) })),
  probation: v.optional(v.object({ until: instantSchema, limitFen: v.number(), releasable: v.boolean() })),
  approverOnDuty: v.optional(v.object({ name: v.string(), usualAnswerSeconds: v.optional(v.number()) })),
  evidence: v.optional(evidenceSchema),
  onSite: v.optional(siteFactsSchema),
  /** True when the technician keeps the answer until the terminal is plugged in again. */
  deferred: v.optional(v.boolean()),
  /** Proof that the newest act of this case stands in the log; absent for the moment until it does. */
  proof: v.optional(logProofSchema),
});
/** One unlock from request to NORMAL. */
export type UnlockCase = v.InferOutput<typeof unlockCaseSchema>;

/** Answer of POST …/commission: `order` is absent when nothing is left to do now. */
export const commissionAnswerSchema = v.object({ case: unlockCaseSchema, order: v.optional(unlockMessageSchema) });
/** Answer of POST …/commission. */
export type CommissionAnswer = v.InferOutput<typeof commissionAnswerSchema>;

/** Query of GET /api/unlocks; `state=active` leaves all that are not over. */
export const unlockQuerySchema = v.strictObject({
  state: v.optional(v.picklist([...unlockStates, 'active'])),
  ticketId: v.optional(idSchema),
  terminalId: v.optional(idSchema),
  cursor: v.optional(cursorSchema),
  limit: v.optional(limitQuerySchema),
});
