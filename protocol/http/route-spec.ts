import type * as v from 'valibot';
import type { Role } from './common.ts';
import type { ApiScope } from './merchant-api.ts';

type Schema = v.GenericSchema<unknown, unknown>;

/** What one route (its method and path: `paths.ts`) takes and gives; the server mounts it, the client calls it, the OpenAPI document describes it. */
export interface RouteSpec {
  readonly summary: string;
  /**
   * `public` needs no session; `any` any role; `terminal` a paired terminal's app; a scope an API key that has it;
   * otherwise the roles that may call it.
   */
  readonly access: 'public' | 'any' | 'terminal' | ApiScope | readonly Role[];
  readonly query?: Schema;
  readonly body?: Schema | 'photo';
  /** Largest body in bytes, where it is not `jsonBodyMaxBytes`. */
  readonly maxBytes?: number;
  readonly reply: Schema | 'photo' | 'events' | 'openapi' | 'text' | 'file';
  /** Status of the success; 200 when absent. */
  readonly status?: 200 | 201;
}
