import type { ColumnType } from 'kysely';

/** A call with an idempotency key, and its sealed answer once it has one. */
export interface IdempotencyTable {
  actor_id: string;
  key: string;
  fingerprint: ColumnType<Buffer, Uint8Array, Uint8Array>;
  begun_at: Date;
  status: ColumnType<number | null, number | null | undefined, number>;
  content_type: ColumnType<string | null, string | null | undefined, string>;
  answer: ColumnType<Buffer | null, Uint8Array | null | undefined, Uint8Array | null>;
}
