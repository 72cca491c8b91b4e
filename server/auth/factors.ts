import { randomBytes } from 'node:crypto';
import {
  generateAuthenticationOptions,
  verifyAuthenticationResponse,
  type AuthenticationResponseJSON,
} from '@simplewebauthn/server';
import { symmetricDecrypt } from 'better-auth/crypto';
import { sql } from 'kysely';
import { Secret, TOTP } from 'otpauth';
import { err, ok } from '../../domain/result.ts';
import type { Factor, PasskeyChallenge } from '../../protocol/http/people.ts';
import type { Actor, Answer } from '../answer.ts';
import type { Core } from '../core.ts';
import { uuidv7 } from '../store/uuid.ts';

/** Checks a second factor that is given at this moment, for one case. */
export interface FactorService {
  /** `factor-wrong`, or `rate-limited` after too many wrong ones. A TOTP code and a challenge work once. */
  verify(actor: Actor, caseId: string, factor: Factor): Promise<Answer<void>>;
  passkeyChallenge(actor: Actor, caseId: string): Promise<PasskeyChallenge>;
  /** The next code that this person's authenticator would show and that has not been used; for the demo only. */
  demoCode(personId: string): Promise<string | undefined>;
}

/** Where passkeys of this installation live. */
export interface FactorOptions {
  readonly publicUrl: string;
  readonly allowedOrigins: readonly string[];
  readonly secret: string;
  /** Unix milliseconds of the persons' authenticators. */
  readonly clock: () => number;
}

const periodMs = 30_000;
/** How long somebody may need to read a code and hand it in, ms. */
const handInMs = 10_000;
/** Codes of this many half minutes before and after the present one are taken too. */
const toleratedSteps = 1;
const triesMax = 5;
const lockMs = 15 * 60_000;
const challengeMs = 5 * 60_000;

/** Codes follow the authenticators' own clock. */
export function createFactorService(core: Core, options: FactorOptions): FactorService {
  return {
    verify: async (actor, caseId, factor) => {
      if (!(await takeTry(core, actor.id))) return err('rate-limited');
      const isRight =
        factor.kind === 'totp'
          ? await verifyTotp(core, options, actor.id, factor.code)
          : await verifyPasskey(core, options, actor.id, caseId, factor);
      if (!isRight) return err('factor-wrong', 'factor');
      await core.db
        .updateTable('factor_states')
        .set({ tries: 0, locked_until: null })
        .where('person_id', '=', actor.id)
        .execute();
      return ok(undefined);
    },
    passkeyChallenge: (actor, caseId) => makeChallenge(core, options, actor, caseId),
    demoCode: (personId) => demoCode(core, options, personId),
  };
}

/** Counts a try before it is made, so that parallel guesses cannot outrun the limit. */
async function takeTry(core: Core, personId: string): Promise<boolean> {
  const now = new Date();
  const until = new Date(now.getTime() + lockMs);
  const { rows } = await sql<{ tries: number }>`
    insert into factor_states as f (person_id, tries) values (${personId}, 1)
    on conflict (person_id) do update set
      tries = case when f.locked_until <= ${now} then 1 else f.tries + 1 end,
      locked_until = case
        when f.locked_until > ${now} then f.locked_until
        when f.locked_until is null and f.tries + 1 > ${triesMax} then ${until}
        else null end
    returning tries, locked_until > ${now} as locked`.execute(core.db);
  return (rows[0] as { locked: boolean | null } | undefined)?.locked !== true;
}

async function totpOf(core: Core, options: FactorOptions, personId: string): Promise<TOTP | undefined> {
  const row = await core.db
    .selectFrom('twoFactor')
    .select('secret')
    .where('userId', '=', personId)
    .where(sql<boolean>`coalesce(verified, true)`)
    .executeTakeFirst();
  if (row === undefined) return undefined;
  // The sign-in library takes the secret's characters as the key and hands authenticators their base32.
  const secret = Secret.fromUTF8(await symmetricDecrypt({ key: options.secret, data: row.secret }));
  return new TOTP({ secret, digits: 6, period: periodMs / 1_000 });
}

async function verifyTotp(core: Core, options: FactorOptions, personId: string, code: string): Promise<boolean> {
  const totp = await totpOf(core, options, personId);
  const nowMs = options.clock();
  const delta = totp?.validate({ token: code, window: toleratedSteps, timestamp: nowMs }) ?? null;
  if (delta === null) return false;
  const step = Math.floor(nowMs / periodMs) + delta;
  const used = await core.db
    .updateTable('factor_states')
    .set({ totp_step: step })
    .where('person_id', '=', personId)
    .where('totp_step', '<', step)
    .executeTakeFirst();
  return used.numUpdatedRows === 1n;
}

async function demoCode(core: Core, options: FactorOptions, personId: string): Promise<string | undefined> {
  const totp = await totpOf(core, options, personId);
  const state = await core.db
    .selectFrom('factor_states')
    .select('totp_step')
    .where('person_id', '=', personId)
    .executeTakeFirst();
  const nowMs = options.clock();
  const atArrival = Math.floor((nowMs + handInMs) / periodMs);
  const step = Math.max((state?.totp_step ?? 0) + 1, atArrival - toleratedSteps);
  const latest = Math.floor(nowMs / periodMs) + toleratedSteps;
  return step > latest ? undefined : totp?.generate({ timestamp: step * periodMs });
}

async function passkeysOf(core: Core, personId: string) {
  return core.db.selectFrom('passkey').selectAll().where('userId', '=', personId).execute();
}

async function makeChallenge(
  core: Core,
  options: FactorOptions,
  actor: Actor,
  caseId: string,
): Promise<PasskeyChallenge> {
  const passkeys = await passkeysOf(core, actor.id);
  const request = await generateAuthenticationOptions({
    rpID: new URL(options.publicUrl).hostname,
    challenge: new Uint8Array(randomBytes(32)),
    userVerification: 'required',
    timeout: challengeMs,
    allowCredentials: passkeys.map((key) => ({ id: key.credentialID })),
  });
  const id = uuidv7(Date.now());
  const expiresAt = new Date(Date.now() + challengeMs);
  await core.db
    .insertInto('factor_challenges')
    .values({ id, person_id: actor.id, case_id: caseId, challenge: request.challenge, expires_at: expiresAt })
    .execute();
  return { challengeId: id, options: { ...request }, expiresAt: expiresAt.toISOString() };
}

async function verifyPasskey(
  core: Core,
  options: FactorOptions,
  personId: string,
  caseId: string,
  factor: Extract<Factor, { kind: 'passkey' }>,
): Promise<boolean> {
  const made = await core.db
    .deleteFrom('factor_challenges')
    .where('id', '=', factor.challengeId)
    .where('person_id', '=', personId)
    .where('case_id', '=', caseId)
    .where('expires_at', '>', new Date())
    .returning('challenge')
    .executeTakeFirst();
  const key = (await passkeysOf(core, personId)).find((row) => row.credentialID === factor.assertion['id']);
  if (made === undefined || key === undefined) return false;
  try {
    const verdict = await verifyAuthenticationResponse({
      response: factor.assertion as unknown as AuthenticationResponseJSON,
      expectedChallenge: made.challenge,
      expectedOrigin: [new URL(options.publicUrl).origin, ...options.allowedOrigins],
      expectedRPID: new URL(options.publicUrl).hostname,
      credential: {
        id: key.credentialID,
        publicKey: new Uint8Array(Buffer.from(key.publicKey, 'base64')),
        counter: key.counter,
      },
      requireUserVerification: true,
    });
    if (!verdict.verified) return false;
    await core.db
      .updateTable('passkey')
      .set({ counter: verdict.authenticationInfo.newCounter })
      .where('id', '=', key.id)
      .execute();
    return true;
  } catch (error) {
    core.log.info({ err: error }, 'a passkey assertion was refused');
    return false;
  }
}
