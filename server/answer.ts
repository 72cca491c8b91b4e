import type { Result } from '../domain/result.ts';
import type { ApiErrorCode } from '../protocol/http/common.ts';
import type { Role } from '../protocol/http/common.ts';

/** What every service call gives: a value or an error code of the interface; for `bad-request` the detail is the field. */
export type Answer<T> = Result<T, ApiErrorCode>;

/** The person who acts. */
export interface Actor {
  readonly id: string;
  readonly name: string;
  readonly role: Role;
  /** The merchant whose staff this person is; only with the role `merchant`. */
  readonly merchantId?: string;
}
