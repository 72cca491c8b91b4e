import * as v from 'valibot';
import { err, ok } from '../../domain/result.ts';
import type { Result } from '../../domain/result.ts';
import { authBasePath } from '../../protocol/http/paths.ts';
import type { ApiClient, RawAnswer } from './client.ts';
import type { ApiFailureCode, ApiResult } from './failures.ts';
import { askPasskey, makePasskey } from './passkeys.ts';
import type { PasskeyError } from './passkeys.ts';

/** What the sign-in library says no with; the sentence comes from the dictionary. */
export type AuthRefusal =
  | 'wrong-credentials'
  | 'wrong-password'
  | 'wrong-code'
  | 'too-late'
  | 'locked-for-now'
  | 'sign-in-again'
  | 'unknown-passkey'
  | 'already-set-up';
/** Why a sign-in act failed. */
export type AuthError = AuthRefusal | PasskeyError | ApiFailureCode;

const refusals: Readonly<Record<string, AuthRefusal>> = {
  INVALID_EMAIL_OR_PASSWORD: 'wrong-credentials',
  INVALID_PASSWORD: 'wrong-password',
  INVALID_CODE: 'wrong-code',
  INVALID_TWO_FACTOR_COOKIE: 'too-late',
  CHALLENGE_NOT_FOUND: 'too-late',
  TOO_MANY_ATTEMPTS_REQUEST_NEW_CODE: 'locked-for-now',
  ACCOUNT_TEMPORARILY_LOCKED: 'locked-for-now',
  SESSION_NOT_FRESH: 'sign-in-again',
  SESSION_EXPIRED: 'sign-in-again',
  PASSKEY_NOT_FOUND: 'unknown-passkey',
  AUTHENTICATION_FAILED: 'unknown-passkey',
  PREVIOUSLY_REGISTERED: 'already-set-up',
  TOTP_ALREADY_ENABLED: 'already-set-up',
};

const passkeySchema = v.object({
  id: v.string(),
  name: v.nullish(v.string()),
  createdAt: v.nullish(v.string()),
});
/** A registered passkey. */
export type Passkey = v.InferOutput<typeof passkeySchema>;

const totpSchema = v.object({ totpURI: v.string(), backupCodes: v.array(v.string()) });
/** What an authenticator app needs, and the codes for a lost phone; both are shown once. */
export type TotpSetup = v.InferOutput<typeof totpSchema>;

const signInSchema = v.object({ twoFactorRedirect: v.optional(v.boolean()) });
const optionsSchema = v.record(v.string(), v.unknown());

/** The acts of the sign-in library that the screens need, without its client: a few calls, typed and never throwing. */
export class AuthClient {
  readonly #api: ApiClient;

  constructor(api: ApiClient) {
    this.#api = api;
  }

  /** Signs in; `second-factor` means that a code must follow. */
  async signIn(email: string, password: string): Promise<Result<'signed-in' | 'second-factor', AuthError>> {
    const answer = await this.#send('POST', '/sign-in/email', signInSchema, { email, password });
    return answer.ok ? ok(answer.value.twoFactorRedirect === true ? 'second-factor' : 'signed-in') : answer;
  }

  /** The six digits of the authenticator app: ends a sign-in, or confirms a new set-up. */
  async verifyCode(code: string): Promise<Result<void, AuthError>> {
    return nothing(await this.#send('POST', '/two-factor/verify-totp', v.unknown(), { code }));
  }

  /** One of the codes for a lost phone. */
  async verifyBackupCode(code: string): Promise<Result<void, AuthError>> {
    return nothing(await this.#send('POST', '/two-factor/verify-backup-code', v.unknown(), { code }));
  }

  /** Signs in with a passkey of this device. */
  async signInWithPasskey(): Promise<Result<void, AuthError>> {
    const options = await this.#send('GET', '/passkey/generate-authenticate-options', optionsSchema);
    if (!options.ok) return options;
    const response = await askPasskey(options.value);
    if (!response.ok) return response;
    return nothing(
      await this.#send('POST', '/passkey/verify-authentication', v.unknown(), { response: response.value }),
    );
  }

  /** The reader's passkeys. */
  async listPasskeys(): Promise<Result<Passkey[], AuthError>> {
    return this.#send('GET', '/passkey/list-user-passkeys', v.array(passkeySchema));
  }

  /** Makes a passkey on this device; `name` helps to recognise it later. */
  async addPasskey(name: string): Promise<Result<void, AuthError>> {
    const options = await this.#send('GET', '/passkey/generate-register-options', optionsSchema);
    if (!options.ok) return options;
    const response = await makePasskey(options.value);
    if (!response.ok) return response;
    return nothing(
      await this.#send('POST', '/passkey/verify-registration', v.unknown(), { response: response.value, name }),
    );
  }

  /** Forgets a passkey. */
  async removePasskey(id: string): Promise<Result<void, AuthError>> {
    return nothing(await this.#send('POST', '/passkey/delete-passkey', v.unknown(), { id }));
  }

  /** Begins the set-up of an authenticator app; it counts only after `verifyCode`. */
  async beginTotp(password: string): Promise<Result<TotpSetup, AuthError>> {
    return this.#send('POST', '/two-factor/enable', totpSchema, { password });
  }

  /** Takes the authenticator app away. */
  async removeTotp(password: string): Promise<Result<void, AuthError>> {
    return nothing(await this.#send('POST', '/two-factor/disable', v.unknown(), { password }));
  }

  async #send<T>(
    method: 'GET' | 'POST',
    path: string,
    schema: v.GenericSchema<unknown, T>,
    body?: object,
  ): Promise<Result<T, AuthError>> {
    const answer = await this.#api.raw({
      method,
      path: authBasePath + path,
      isSignIn: true,
      ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    });
    return authResult(answer, schema);
  }
}

/** Maps an answer of the sign-in library to a value or a refusal of ours. */
export function authResult<T>(answer: ApiResult<RawAnswer>, schema: v.GenericSchema<unknown, T>): Result<T, AuthError> {
  if (!answer.ok) return err(refusals[answer.detail ?? ''] ?? answer.error, answer.detail);
  const parsed = v.safeParse(schema, answer.value.json);
  return parsed.success ? ok(parsed.output) : err('unreadable');
}

function nothing(result: Result<unknown, AuthError>): Result<void, AuthError> {
  return result.ok ? ok(undefined) : result;
}
