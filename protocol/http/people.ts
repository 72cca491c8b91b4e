import * as v from 'valibot';
import { idSchema, instantSchema, nameSchema, personIdSchema, roles } from './common.ts';

/** Languages of the screens. */
export const locales = ['zh', 'en'] as const;

/** The signed-in person. `passkeys` counts registered passkeys; `totp` says whether an authenticator app is set up. */
export const meSchema = v.object({
  id: personIdSchema,
  name: v.string(),
  email: v.string(),
  role: v.picklist(roles),
  locale: v.picklist(locales),
  passkeys: v.number(),
  totp: v.boolean(),
});
/** The signed-in person. */
export type Me = v.InferOutput<typeof meSchema>;

/** A person as lists and cases show them. */
export const personRefSchema = v.object({ id: personIdSchema, name: v.string() });
/** A person as lists and cases show them. */
export type PersonRef = v.InferOutput<typeof personRefSchema>;

/** A staff account as the office sees it. */
export const personSchema = v.object({
  ...personRefSchema.entries,
  email: v.string(),
  role: v.picklist(roles),
  state: v.picklist(['invited', 'active', 'disabled']),
  merchantId: v.optional(idSchema),
  passkeys: v.number(),
  totp: v.boolean(),
  createdAt: instantSchema,
});
/** A staff account as the office sees it. */
export type Person = v.InferOutput<typeof personSchema>;

/**
 * A second factor given at this moment. For a passkey, first POST /api/factors/passkey-challenge with the case id,
 * then hand `assertion` on exactly as the browser's WebAuthn JSON (`PublicKeyCredential.toJSON()`).
 */
export const factorSchema = v.variant('kind', [
  v.strictObject({ kind: v.literal('totp'), code: v.pipe(v.string(), v.regex(/^\d{6}$/, 'must be six digits')) }),
  v.strictObject({ kind: v.literal('passkey'), challengeId: idSchema, assertion: v.record(v.string(), v.unknown()) }),
]);
/** A second factor given at this moment. */
export type Factor = v.InferOutput<typeof factorSchema>;

/** A second factor for an act that gives rights; `id` is what a passkey's challenge was made for. */
export const confirmSchema = v.strictObject({ id: idSchema, factor: factorSchema });
/** A second factor for an act that gives rights. */
export type Confirm = v.InferOutput<typeof confirmSchema>;

/** POST /api/people: invites somebody; the answer's link works once, for 72 hours. */
export const invitePersonSchema = v.strictObject({
  email: v.pipe(v.string(), v.trim(), v.email('must be an e-mail address'), v.maxLength(200)),
  name: nameSchema,
  role: v.picklist(roles),
  merchantId: v.optional(idSchema),
  confirm: v.optional(confirmSchema),
});
/** POST /api/people. */
export type InvitePerson = v.InferOutput<typeof invitePersonSchema>;

/** POST …/invitation: invites again. Without `confirm` it is only found out whether that can be, as with a first one. */
export const reinvitePersonSchema = v.strictObject({ confirm: v.optional(confirmSchema) });

/** Answer to an invitation: hand `link` to the person; it is shown only here. */
export const invitationSchema = v.object({ person: personSchema, link: v.string(), expiresAt: instantSchema });
/** Answer to an invitation. */
export type Invitation = v.InferOutput<typeof invitationSchema>;

/** PATCH /api/people/:id. */
export const changePersonSchema = v.strictObject({
  name: v.optional(nameSchema),
  role: v.optional(v.picklist(roles)),
  disabled: v.optional(v.boolean()),
});
/** PATCH /api/people/:id. */
export type ChangePerson = v.InferOutput<typeof changePersonSchema>;

/** GET /api/invitations/:token: what the invited person sees before setting a password. */
export const invitationViewSchema = v.object({
  email: v.string(),
  name: v.string(),
  role: v.picklist(roles),
  expiresAt: instantSchema,
});
/** What the invited person sees before setting a password. */
export type InvitationView = v.InferOutput<typeof invitationViewSchema>;

/** POST /api/invitations/:token: uses the link up; then sign in at /api/auth and add a passkey or TOTP. */
export const acceptInvitationSchema = v.strictObject({
  password: v.pipe(v.string(), v.minLength(12, 'must have at least 12 characters'), v.maxLength(128)),
});
/** POST /api/invitations/:token. */
export type AcceptInvitation = v.InferOutput<typeof acceptInvitationSchema>;

/** POST /api/factors/passkey-challenge: a challenge made for this one case. */
export const passkeyChallengeRequestSchema = v.strictObject({ caseId: idSchema });
/** Answer: `options` is the WebAuthn request options JSON. */
export const passkeyChallengeSchema = v.object({
  challengeId: idSchema,
  options: v.record(v.string(), v.unknown()),
  expiresAt: instantSchema,
});
/** Answer to a passkey challenge request. */
export type PasskeyChallenge = v.InferOutput<typeof passkeyChallengeSchema>;
