import * as v from 'valibot';
import { attemptKinds } from '../../domain/payments/states.ts';
import { orderMaxFen } from '../../domain/money.ts';
import { idSchema, instantSchema, nameSchema, noteSchema } from './common.ts';
import { amountFenSchema, bilingualSchema, channelCodeSchema, fenSchema } from './payments.ts';
import { factorSchema } from './people.ts';

/** One thing that an account of this channel needs, for the office's form. */
export const channelFieldSchema = v.object({
  name: v.string(),
  in: v.picklist(['config', 'key']),
  isSecret: v.boolean(),
  isOptional: v.boolean(),
  label: bilingualSchema,
});
/** A kind of channel, as data. */
export const channelViewSchema = v.object({
  code: channelCodeSchema,
  name: bilingualSchema,
  kinds: v.array(v.picklist(attemptKinds)),
  minFen: fenSchema,
  maxFen: fenSchema,
  refundDays: v.number(),
  settles: v.boolean(),
  fields: v.array(channelFieldSchema),
});
/** A kind of channel, as data. */
export type ChannelView = v.InferOutput<typeof channelViewSchema>;

/** What was found in a pasted key. Nothing of a secret is in it. */
export const keyFactsSchema = v.object({
  kind: v.picklist(['certificate', 'private-key', 'public-key', 'text']),
  /** Such as `RSA 2048`; absent for a text. */
  algorithm: v.optional(v.string()),
  /** Common name of the certificate's holder and of who issued it. */
  subject: v.optional(v.string()),
  issuer: v.optional(v.string()),
  /** The certificate's serial number in hex. */
  serial: v.optional(v.string()),
  /** SHA-256 of the public key (SPKI) in hex; of the certificate's own key when it is one. Absent for a text. */
  fingerprint: v.optional(v.string()),
  notBefore: v.optional(instantSchema),
  notAfter: v.optional(instantSchema),
});
/** What was found in a pasted key. */
export type KeyFacts = v.InferOutput<typeof keyFactsSchema>;

/** A key's material: PEM, or a secret's text. */
const materialSchema = v.pipe(v.string(), v.trim(), v.minLength(1, 'must not be empty'), v.maxLength(8_000));
const keyIdFieldSchema = v.pipe(v.string(), v.trim(), v.regex(/^[\x21-\x7e]{1,120}$/, 'must be 1 to 120 characters'));

/** POST /api/channel-keys/inspect: looks at a key; nothing of it is kept. */
export const inspectKeySchema = v.strictObject({ material: materialSchema });
/** A new key of an account. `keyId`: the platform's name of it; a certificate's serial number when absent. */
export const addKeySchema = v.strictObject({
  id: idSchema,
  purpose: v.pipe(v.string(), v.regex(/^[a-z0-9-]{1,40}$/, 'must be a purpose of this channel')),
  keyId: v.optional(keyIdFieldSchema),
  material: materialSchema,
  notAfter: v.optional(instantSchema),
  /** Whoever adds a key could take the shop's money: a second factor, for a passkey made for the key's `id`. */
  factor: v.optional(factorSchema),
});
/** A new key of an account. */
export type AddKey = v.InferOutput<typeof addKeySchema>;

/** A key as the office sees it: never its material. `endsInDays` is below 0 once it is over. */
export const channelKeySchema = v.object({
  id: idSchema,
  purpose: v.string(),
  keyId: v.string(),
  isSecret: v.boolean(),
  state: v.picklist(['active', 'retired']),
  facts: v.partial(keyFactsSchema),
  notBefore: v.optional(instantSchema),
  notAfter: v.optional(instantSchema),
  endsInDays: v.optional(v.number()),
  /** `ended`, or below 7 or 30 days. */
  warning: v.optional(v.picklist(['ended', 'soon', 'near'])),
  /** When the platform was last spoken to while this key was in use, to the hour. */
  lastUsedAt: v.optional(instantSchema),
  addedAt: instantSchema,
  addedBy: v.optional(v.string()),
  /**
   * Of active keys. `now`: used for every call; of secrets the newest in date, of public keys all in date.
   * `reserve`: an older secret that is still accepted where the platform uses it. `later`, `over`: not in date.
   */
  use: v.optional(v.picklist(['now', 'reserve', 'later', 'over'])),
});
/** A key as the office sees it. */
export type ChannelKeyView = v.InferOutput<typeof channelKeySchema>;

/** A merchant's account with one platform. `fault`: the name of the first setting or key that is missing or wrong. */
export const channelAccountSchema = v.object({
  id: idSchema,
  merchantId: idSchema,
  channel: channelCodeSchema,
  name: bilingualSchema,
  platformMerchantId: v.string(),
  label: v.string(),
  config: v.record(v.string(), v.string()),
  /** Parts in a million of the amount. */
  feePpm: v.number(),
  /** The lower, the earlier in the terminal's list. */
  priority: v.number(),
  state: v.picklist(['active', 'paused']),
  fault: v.optional(v.string()),
  keys: v.array(channelKeySchema),
  createdAt: instantSchema,
  version: v.number(),
});
/** A merchant's account with one platform. */
export type ChannelAccountView = v.InferOutput<typeof channelAccountSchema>;

const configSchema = v.pipe(
  v.record(
    v.pipe(v.string(), v.regex(/^[a-zA-Z0-9-]{1,40}$/, 'must be a setting’s name')),
    v.pipe(v.string(), v.trim(), v.maxLength(1_000)),
  ),
  v.check((config) => Object.keys(config).length <= 40, 'must have at most 40 settings'),
);
const platformMerchantIdSchema = v.pipe(
  v.string(),
  v.trim(),
  v.regex(/^[\x21-\x7e]{1,64}$/, 'must be the platform’s number'),
);
const feePpmSchema = v.pipe(v.number(), v.safeInteger(), v.minValue(0), v.maxValue(100_000));
const prioritySchema = v.pipe(v.number(), v.safeInteger(), v.minValue(0), v.maxValue(1_000));

/** POST /api/merchants/:id/channel-accounts. It begins paused, until its keys are there. */
export const createAccountSchema = v.strictObject({
  id: idSchema,
  channel: channelCodeSchema,
  platformMerchantId: platformMerchantIdSchema,
  label: v.optional(noteSchema, ''),
  config: v.optional(configSchema, {}),
  feePpm: v.optional(feePpmSchema, 0),
  priority: v.optional(prioritySchema, 100),
});
/** A new account. */
export type CreateAccount = v.InferOutput<typeof createAccountSchema>;
/** PATCH /api/merchants/:id/channel-accounts/:accountId. `active` only when nothing of it is missing or wrong. */
export const changeAccountSchema = v.strictObject({
  platformMerchantId: v.optional(platformMerchantIdSchema),
  label: v.optional(noteSchema),
  config: v.optional(configSchema),
  feePpm: v.optional(feePpmSchema),
  priority: v.optional(prioritySchema),
  state: v.optional(v.picklist(['active', 'paused'])),
});
/** A change of an account. */
export type ChangeAccount = v.InferOutput<typeof changeAccountSchema>;

/** Windows of a limit: one payment, a day or a month of Asia/Shanghai. */
export const limitWindows = ['transaction', 'day', 'month'] as const;
/** A limit with what of its present window is taken or reserved. */
export const limitRuleSchema = v.object({
  id: idSchema,
  channel: channelCodeSchema,
  terminalId: v.optional(idSchema),
  window: v.picklist(limitWindows),
  maxFen: v.optional(fenSchema),
  maxCount: v.optional(v.number()),
  isActive: v.boolean(),
  usedFen: fenSchema,
  usedCount: v.number(),
  createdAt: instantSchema,
});
/** A limit. */
export type LimitRuleView = v.InferOutput<typeof limitRuleSchema>;
const countSchema = v.pipe(v.number(), v.safeInteger(), v.minValue(1), v.maxValue(1_000_000));
/** POST /api/merchants/:id/limits: an amount, a count or both. */
export const createLimitSchema = v.strictObject({
  id: idSchema,
  channel: channelCodeSchema,
  terminalId: v.optional(idSchema),
  window: v.picklist(limitWindows),
  maxFen: v.optional(v.pipe(amountFenSchema, v.maxValue(orderMaxFen))),
  maxCount: v.optional(countSchema),
});
/** A new limit. */
export type CreateLimit = v.InferOutput<typeof createLimitSchema>;
/** PATCH /api/merchants/:id/limits/:limitId; `null` takes a bound away. */
export const changeLimitSchema = v.strictObject({
  maxFen: v.optional(v.nullable(amountFenSchema)),
  maxCount: v.optional(v.nullable(countSchema)),
  isActive: v.optional(v.boolean()),
});
/** A change of a limit. */
export type ChangeLimit = v.InferOutput<typeof changeLimitSchema>;

/** What a merchant's receipts say, and above which refund a second factor is asked for. */
export const merchantSettingsSchema = v.object({
  receiptTitle: v.string(),
  receiptFooter: v.string(),
  refundFactorAboveFen: fenSchema,
});
/** What a merchant's receipts say. */
export type MerchantSettings = v.InferOutput<typeof merchantSettingsSchema>;
/** PATCH /api/merchants/:id/settings. */
export const changeSettingsSchema = v.strictObject({
  receiptTitle: v.optional(v.union([nameSchema, v.literal('')])),
  receiptFooter: v.optional(v.pipe(v.string(), v.trim(), v.maxLength(300))),
  refundFactorAboveFen: v.optional(v.pipe(fenSchema, v.minValue(0), v.maxValue(orderMaxFen))),
});
/** A change of a merchant's settings. */
export type ChangeSettings = v.InferOutput<typeof changeSettingsSchema>;

/** Lists of these, whole: a merchant has few. */
export const channelsSchema = v.object({ items: v.array(channelViewSchema) });
/** A merchant's accounts. */
export const channelAccountsSchema = v.object({ items: v.array(channelAccountSchema) });
/** A merchant's limits. */
export const limitRulesSchema = v.object({ items: v.array(limitRuleSchema) });
