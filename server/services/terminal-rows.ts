import { sql } from 'kysely';
import { reasonsOf, type TerminalState, terminalStates } from '../../domain/unlock/states.ts';
import type { Terminal, TerminalPage } from '../../protocol/http/registry.ts';
import type { Core } from '../core.ts';
import { type Page, pageOf, type PageQuery } from './paging.ts';
import { firmwareText } from './unlocks/view.ts';

/** What a list of terminals is narrowed to. `search` looks at label, serial, place and merchant. */
export interface TerminalFilter {
  readonly search?: string | undefined;
  readonly state?: TerminalState | undefined;
  readonly model?: string | undefined;
}

const heardWithinMs = 24 * 3_600_000;
const dayMs = 86_400_000;

// Needs attention first: stolen, locked, blank, on probation, then the rest; a stable order for the cursor.
const rank = sql<number>`case when t.stolen then 0 when t.state_confirmed = 'LOCKED' then 1
  when t.state_confirmed = 'BLANK' then 2 when t.state_confirmed = 'PROBATION' then 3
  when t.state_confirmed is null then 5 else 4 end`;

function selectTerminals(core: Core) {
  const since = new Date(core.clock() - 30 * dayMs);
  return core.db
    .selectFrom('terminals as t')
    .innerJoin('merchants as m', 'm.id', 't.merchant_id')
    .selectAll('t')
    .select((eb) => [
      'm.name as merchant_name',
      rank.as('rank'),
      eb
        .selectFrom('unlock_cases as c')
        .whereRef('c.terminal_id', '=', 't.id')
        .where('c.unlocked_at', '>=', since)
        .select(eb.fn.countAll<number>().as('n'))
        .as('unlocks_30'),
      eb
        .selectFrom('unlock_cases as c')
        .whereRef('c.terminal_id', '=', 't.id')
        .where('c.state', 'not in', ['refused', 'withdrawn', 'expired', 'void', 'done'])
        .select('c.id')
        .orderBy('c.asked_at', 'desc')
        .limit(1)
        .as('open_case'),
      eb
        .exists(
          eb
            .selectFrom('grants as g')
            .whereRef('g.terminal_id', '=', 't.id')
            .where('g.alarmed', '=', true)
            .where('g.state', '=', 'EXPIRED')
            .select('g.case_id'),
        )
        .as('receipt_missing'),
    ]);
}

type Row = Awaited<ReturnType<ReturnType<typeof selectTerminals>['executeTakeFirstOrThrow']>>;

function terminalOf(row: Row, nowMs: number): Terminal {
  const confirmed = terminalStates.find((state) => state === row.state_confirmed);
  return {
    id: row.id,
    label: row.label,
    serial: row.serial,
    model: row.model,
    deviceId: row.device_id.toString('hex'),
    merchantId: row.merchant_id,
    merchantName: row.merchant_name,
    place: row.place,
    seal: row.seal,
    stateWanted: terminalStates.find((state) => state === row.state_wanted) ?? 'NORMAL',
    ...(confirmed === undefined ? {} : { stateConfirmed: confirmed }),
    ...(row.confirmed_at === null ? {} : { confirmedAt: row.confirmed_at.toISOString() }),
    reasons: reasonsOf(row.reasons),
    lockEpoch: row.last_epoch,
    firmware: row.firmware === 0 ? '' : firmwareText(row.firmware),
    keys: row.keys_state as Terminal['keys'],
    ...(row.key_check === null ? {} : { keyCheckValue: row.key_check }),
    keysetSequence: row.keyset_sequence,
    unlocksLifetime: row.unlocks_lifetime,
    unlocks30Days: row.unlocks_30 ?? 0,
    stolen: row.stolen,
    identityKnown: true,
    attention: attentionOf(row, nowMs),
    ...(row.probation_until === null ? {} : { probationUntil: row.probation_until.toISOString() }),
    ...(row.open_case === null ? {} : { openCaseId: row.open_case }),
    registeredAt: row.registered_at.toISOString(),
  };
}

function attentionOf(row: Row, nowMs: number): Terminal['attention'] {
  const marks: [Terminal['attention'][number], boolean][] = [
    ['stolen', row.stolen],
    ['locked', row.state_confirmed === 'LOCKED'],
    ['blank', row.state_confirmed === 'BLANK'],
    ['waiting', row.open_case !== null && row.state_confirmed === 'LOCKED'],
    ['probation', row.state_confirmed === 'PROBATION'],
    ['receipt-missing', row.receipt_missing === true],
    [
      'not-heard',
      row.confirmed_at !== null &&
        nowMs - row.confirmed_at.getTime() > heardWithinMs &&
        row.state_confirmed !== 'NORMAL',
    ],
  ];
  return marks.filter(([, holds]) => holds).map(([name]) => name);
}

/** One terminal, or `undefined`. */
export async function readTerminal(core: Core, id: string): Promise<Terminal | undefined> {
  const row = await selectTerminals(core).where('t.id', '=', id).executeTakeFirst();
  return row === undefined ? undefined : terminalOf(row, core.clock());
}

/** One page of terminals, those that need attention first. */
export async function readTerminals(core: Core, query: PageQuery & TerminalFilter): Promise<Page<Terminal>> {
  let rows = selectTerminals(core)
    .orderBy(rank)
    .orderBy('t.label')
    .orderBy('t.id')
    .limit(query.limit + 1);
  if (query.state !== undefined) rows = rows.where('t.state_confirmed', '=', query.state);
  if (query.model !== undefined) rows = rows.where('t.model', '=', query.model);
  if (query.search !== undefined && query.search !== '') {
    const like = `%${query.search.replace(/[\\%_]/g, String.raw`\$&`)}%`;
    rows = rows.where(sql<boolean>`(t.label || ' ' || t.serial || ' ' || t.place || ' ' || m.name) ilike ${like}`);
  }
  const after = /^(\d)\|(.*)\|([0-9a-f-]{36})$/s.exec(query.after ?? '');
  if (after !== null) {
    rows = rows.where(sql<boolean>`(${rank}, t.label, t.id) > (${Number(after[1])}, ${after[2]}, ${after[3]}::uuid)`);
  }
  const found = await rows.execute();
  const { items, nextCursor } = pageOf(found, query.limit, (row) => `${String(row.rank)}|${row.label}|${row.id}`);
  const nowMs = core.clock();
  return { items: items.map((row) => terminalOf(row, nowMs)), ...(nextCursor === undefined ? {} : { nextCursor }) };
}

/** How many terminals are in each state. */
export async function countTerminals(core: Core): Promise<TerminalPage['counts']> {
  const rows = await core.db
    .selectFrom('terminals')
    .select(({ fn }) => ['state_confirmed', fn.countAll<number>().as('count')])
    .groupBy('state_confirmed')
    .execute();
  const of = (state: string | null): number => rows.find((row) => row.state_confirmed === state)?.count ?? 0;
  return {
    total: rows.reduce((sum, row) => sum + row.count, 0),
    NORMAL: of('NORMAL'),
    LOCKED: of('LOCKED'),
    BLANK: of('BLANK'),
    PROBATION: of('PROBATION'),
    unknown: of(null),
  };
}
