import { sql } from 'kysely';
import type * as v from 'valibot';
import type { apiTerminalSchema } from '../../../protocol/http/merchant-api.ts';
import type { Core } from '../../core.ts';
import type { ApiKeyPrincipal } from '../../http/mount.ts';

type ApiTerminal = v.InferOutput<typeof apiTerminalSchema>;

const notSeenMs = 120_000;
const terminalsMax = 500;

interface Row {
  readonly id: string;
  readonly label: string;
  readonly place: string;
  readonly last_seen_at: Date | null;
  readonly is_paired: boolean;
  readonly is_paused: boolean;
  readonly order_id: string | null;
}

/** The terminals that a key may use, and whether each could take a payment at once. */
export async function apiTerminals(core: Core, key: ApiKeyPrincipal): Promise<{ items: ApiTerminal[] }> {
  const only = key.terminalIds === undefined ? sql`true` : sql`t.id = any(${[...key.terminalIds]}::uuid[])`;
  const { rows } = await sql<Row>`
    select t.id, t.label, t.place, a.last_seen_at, a.id is not null as is_paired,
      coalesce(s.state, 'active') <> 'active' or coalesce(m.state, 'active') <> 'active' as is_paused, o.id as order_id
    from terminals t
    left join terminal_apps a on a.terminal_id = t.id and a.state = 'active'
    left join terminal_settings s on s.terminal_id = t.id
    left join merchant_settings m on m.merchant_id = t.merchant_id
    left join payment_orders o on o.terminal_id = t.id and o.in_hand
    where t.merchant_id = ${key.merchantId} and ${only}
    order by t.label limit ${terminalsMax}`.execute(core.db);
  const oldest = core.clock() - notSeenMs;
  return { items: rows.map((row) => viewOf(row, oldest)) };
}

function viewOf(row: Row, oldestMs: number): ApiTerminal {
  const reason = reasonOf(row, oldestMs);
  return {
    id: row.id,
    label: row.label,
    place: row.place,
    isReady: reason === undefined,
    ...(reason === undefined ? {} : { reason }),
    ...(row.order_id === null ? {} : { currentPaymentId: row.order_id }),
  };
}

function reasonOf(row: Row, oldestMs: number): ApiTerminal['reason'] {
  if (!row.is_paired) return 'not-paired';
  if (row.last_seen_at === null || row.last_seen_at.getTime() < oldestMs) return 'not-seen';
  if (row.is_paused) return 'paused';
  return row.order_id === null ? undefined : 'busy';
}
