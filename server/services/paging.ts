import { pageDefaultRows } from '../../protocol/http/limits.ts';

/** How much of a list is wanted: at most `limit` rows behind `after`, an id or position from the last cursor. */
export interface PageQuery {
  readonly limit: number;
  readonly after?: string | undefined;
}

/** One page; `nextCursor` is absent on the last. */
export interface Page<T> {
  readonly items: T[];
  readonly nextCursor?: string;
}

/** The page that a query string asks for. */
export function pageQuery(query: {
  readonly cursor?: string | undefined;
  readonly limit?: number | undefined;
}): PageQuery {
  const after = query.cursor === undefined ? undefined : Buffer.from(query.cursor, 'base64url').toString('utf8');
  return { limit: query.limit ?? pageDefaultRows, after };
}

/** Cuts rows, of which one more than `limit` was read, to a page. `keyOf` gives what the next page starts behind. */
export function pageOf<T>(rows: T[], limit: number, keyOf: (item: T) => string): Page<T> {
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  if (rows.length <= limit || last === undefined) return { items };
  return { items, nextCursor: Buffer.from(keyOf(last)).toString('base64url') };
}
