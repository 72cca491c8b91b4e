import { sql } from 'kysely';
import { err, ok } from '../../../domain/result.ts';
import type { Board, BoardRow, BoardState, TerminalPayments } from '../../../protocol/http/control.ts';
import type { AppScreen } from '../../../protocol/http/terminal-app.ts';
import type { OrderView } from '../../../protocol/http/payments.ts';
import type { Answer } from '../../answer.ts';
import type { Core } from '../../core.ts';
import { controlOf, readControls } from '../channels/control.ts';
import { isOnline } from './apps.ts';

const boardMax = 500;

interface Row {
  readonly id: string;
  readonly label: string;
  readonly serial: string;
  readonly place: string;
  readonly merchant_id: string;
  readonly merchant_name: string;
  readonly app_id: string | null;
  readonly paired_at: Date | null;
  readonly last_seen_at: Date | null;
  readonly screen: AppScreen | null;
  readonly state: BoardRow['control']['state'] | null;
  readonly state_reason: string | null;
  readonly by: string | null;
  readonly changed_at: Date | null;
  readonly m_state: BoardRow['control']['state'] | null;
  readonly m_reason: string | null;
  readonly m_by: string | null;
  readonly m_changed_at: Date | null;
  readonly order_id: string | null;
  readonly order_no: string | null;
  readonly amount_fen: number | null;
  readonly paid_fen: number | null;
  readonly order_state: OrderView['state'] | null;
  readonly channel: string | null;
  readonly created_at: Date | null;
  readonly total: number;
}

async function readRows(core: Core, merchantId: string | undefined): Promise<Row[]> {
  const only = merchantId === undefined ? sql`true` : sql`t.merchant_id = ${merchantId}`;
  const { rows } = await sql<Row>`
    select t.id, t.label, t.serial, t.place, t.merchant_id, m.name as merchant_name,
      a.id as app_id, a.paired_at, a.last_seen_at, a.screen,
      s.state, s.state_reason, coalesce(su.name, s.by) as by, s.changed_at,
      ms.state as m_state, ms.state_reason as m_reason, coalesce(mu.name, ms.by) as m_by, ms.changed_at as m_changed_at,
      o.id as order_id, o.order_no, o.amount_fen, o.paid_fen, o.state as order_state, o.channel, o.created_at,
      count(*) over () as total
    from terminals t
    join merchants m on m.id = t.merchant_id
    left join terminal_apps a on a.terminal_id = t.id and a.state = 'active'
    left join terminal_settings s on s.terminal_id = t.id
    left join "user" su on su.id = s.by
    left join merchant_settings ms on ms.merchant_id = t.merchant_id
    left join "user" mu on mu.id = ms.by
    left join payment_orders o on o.terminal_id = t.id and o.in_hand
    where ${only}
    order by m.name, m.id, t.label, t.id
    limit ${boardMax}`.execute(core.db);
  return rows;
}

type App = NonNullable<BoardRow['app']>;

function appOf(core: Core, row: Pick<Row, 'app_id' | 'paired_at' | 'last_seen_at' | 'screen'>): App | undefined {
  if (row.app_id === null || row.paired_at === null) return undefined;
  return {
    id: row.app_id,
    pairedAt: row.paired_at.toISOString(),
    ...(row.last_seen_at === null ? {} : { lastSeenAt: row.last_seen_at.toISOString() }),
    isOnline: isOnline(core, row.last_seen_at),
    ...(row.screen === null ? {} : { screen: row.screen }),
  };
}

function orderOf(row: Row): BoardRow['order'] {
  if (row.order_id === null || row.order_state === null || row.created_at === null) return undefined;
  return {
    id: row.order_id,
    orderNo: row.order_no ?? '',
    amountFen: row.amount_fen ?? 0,
    paidFen: row.paid_fen ?? 0,
    state: row.order_state,
    ...(row.channel === null ? {} : { channel: row.channel }),
    since: row.created_at.toISOString(),
  };
}

/** The first that holds: what somebody ordered, then what is missing, then what goes on. */
function stateOf(row: Pick<BoardRow, 'control' | 'merchantControl' | 'app' | 'order'>): BoardState {
  const controls = [row.control.state, row.merchantControl.state];
  if (controls.includes('stopped')) return 'stopped';
  if (controls.includes('paused')) return 'paused';
  if (row.app === undefined) return 'unpaired';
  if (!row.app.isOnline) return 'silent';
  const { cable, paper } = row.app.screen ?? {};
  if (cable === 'locked' || cable === 'lost' || paper === 'out') return 'trouble';
  return row.order === undefined ? 'ready' : 'paying';
}

function rowView(core: Core, row: Row): BoardRow {
  const { state, state_reason: reason, by, changed_at: at } = row;
  const control = controlOf(state === null ? undefined : { state, state_reason: reason ?? '', by, changed_at: at });
  const merchantControl = controlOf(
    row.m_state === null
      ? undefined
      : { state: row.m_state, state_reason: row.m_reason ?? '', by: row.m_by, changed_at: row.m_changed_at },
  );
  const app = appOf(core, row);
  const order = orderOf(row);
  const parts = {
    control,
    merchantControl,
    ...(app === undefined ? {} : { app }),
    ...(order === undefined ? {} : { order }),
  };
  return {
    terminalId: row.id,
    label: row.label,
    serial: row.serial,
    place: row.place,
    merchantId: row.merchant_id,
    merchantName: row.merchant_name,
    state: stateOf(parts),
    ...parts,
  };
}

/** Every terminal with its app, what it shows, its payment in progress and how it is controlled. */
export async function readBoard(core: Core, merchantId: string | undefined): Promise<Board> {
  const rows = await readRows(core, merchantId);
  return {
    items: rows.map((row) => rowView(core, row)),
    total: rows[0]?.total ?? 0,
    now: new Date(core.clock()).toISOString(),
  };
}

/** What the terminal's page in the office shows about payments. */
export async function readTerminalPayments(core: Core, terminalId: string): Promise<Answer<TerminalPayments>> {
  const terminal = await core.db
    .selectFrom('terminals')
    .select('merchant_id')
    .where('id', '=', terminalId)
    .executeTakeFirst();
  if (terminal === undefined) return err('not-found');
  const [app, code, controls] = await Promise.all([
    core.db
      .selectFrom('terminal_apps')
      .select(['id as app_id', 'paired_at', 'last_seen_at', 'screen'])
      .where('terminal_id', '=', terminalId)
      .where('state', '=', 'active')
      .executeTakeFirst(),
    core.db
      .selectFrom('activation_codes')
      .select('expires_at')
      .where('terminal_id', '=', terminalId)
      .where('used_at', 'is', null)
      .where('expires_at', '>', new Date(core.clock()))
      .executeTakeFirst(),
    readControls(core, terminal.merchant_id, terminalId),
  ]);
  const paired = app === undefined ? undefined : appOf(core, app);
  return ok({
    ...(paired === undefined ? {} : { app: paired }),
    ...(code === undefined ? {} : { codeExpiresAt: code.expires_at.toISOString() }),
    ...controls,
  });
}
