import { type SqlBool, sql } from 'kysely';
import { err, ok } from '../../../../domain/result.ts';
import type { RatedAccount } from '../../../../domain/tariffs/rating.ts';
import type { FeeMeter, FeeReading } from '../../../../protocol/http/fees-meters.ts';
import type { FeeAccount, FeeBillRow } from '../../../../protocol/http/fees-office.ts';
import type { Answer } from '../../../answer.ts';
import type { Core } from '../../../core.ts';
import type { Db } from '../../../store/database.ts';
import { isNamed, registersOf } from '../meters/registers.ts';
import { todayOf } from '../parts.ts';
import { openNumber } from '../secrets.ts';

/** Where a household is. */
export interface AccountPlace {
  readonly merchantId: string;
  readonly accountId: string;
}

const shownMax = { bills: 60, readings: 400, entries: 60, meters: 50, persons: 100 } as const;

/** A household's row. */
export async function readAccountRow(db: Db, { merchantId, accountId }: AccountPlace) {
  return db
    .selectFrom('fee_accounts')
    .selectAll()
    .where('merchant_id', '=', merchantId)
    .where('id', '=', accountId)
    .executeTakeFirst();
}
/** A household's row. */
export type FeeAccountRow = NonNullable<Awaited<ReturnType<typeof readAccountRow>>>;

/** How many lived there from which day on, oldest first; of entries for one day the newest counts. */
export async function readPersons(
  db: Db,
  { merchantId, accountId }: AccountPlace,
): Promise<{ from: string; count: number }[]> {
  const rows = await db
    .selectFrom('fee_persons')
    .select(['from_on', 'count'])
    .where('merchant_id', '=', merchantId)
    .where('account_id', '=', accountId)
    .orderBy('entered_at')
    .orderBy('id')
    .limit(shownMax.persons)
    .execute();
  const byDay = new Map(rows.map((row) => [row.from_on, row.count]));
  return [...byDay].sort(([a], [b]) => (a < b ? -1 : 1)).map(([from, count]) => ({ from, count }));
}

/** The household as a tariff sees it. */
export function ratedAccountOf(row: FeeAccountRow, persons: RatedAccount['persons']): RatedAccount {
  return {
    ...(row.area_m2 === null ? {} : { areaM2: row.area_m2 }),
    ...(row.inner_area_m2 === null ? {} : { innerAreaM2: row.inner_area_m2 }),
    ...(persons === undefined || persons.length === 0 ? {} : { persons }),
    customerClass: row.customer_class,
    payerObject: row.payer_object,
    ...(row.moved_in === null ? {} : { movedIn: row.moved_in }),
    ...(row.moved_out === null ? {} : { movedOut: row.moved_out }),
    values: row.amounts,
  };
}

/** A reading as the office sees it. */
export function readingView(row: {
  readonly id: string;
  readonly meter_id: string;
  readonly register: string;
  readonly read_on: string;
  readonly value: string;
  readonly quality: FeeReading['quality'];
  readonly supersedes: string | null;
  readonly reason: string;
  readonly entered_at: Date;
  readonly by?: string | null;
  readonly is_current: SqlBool;
}): FeeReading {
  return {
    id: row.id,
    meterId: row.meter_id,
    register: row.register,
    on: row.read_on,
    value: row.value,
    quality: row.quality,
    isCurrent: row.is_current === true,
    ...(row.supersedes === null ? {} : { supersedes: row.supersedes }),
    ...(row.reason === '' ? {} : { reason: row.reason }),
    at: row.entered_at.toISOString(),
    ...(row.by === null || row.by === undefined ? {} : { by: row.by }),
  };
}

/** Readings of a household, newest first, with those that others took the place of. */
export async function readReadings(db: Db, { merchantId, accountId }: AccountPlace) {
  return db
    .selectFrom('fee_readings as r')
    .leftJoin('user as u', 'u.id', 'r.entered_by')
    .selectAll('r')
    .select((eb) => [
      'u.name as by',
      eb
        .not(
          eb.exists(
            eb
              .selectFrom('fee_readings as later')
              .whereRef('later.merchant_id', '=', 'r.merchant_id')
              .whereRef('later.supersedes', '=', 'r.id')
              .select('later.id'),
          ),
        )
        .as('is_current'),
    ])
    .where('r.merchant_id', '=', merchantId)
    .where('r.account_id', '=', accountId)
    .orderBy('r.read_on', 'desc')
    .orderBy('r.entered_at', 'desc')
    .limit(shownMax.readings)
    .execute();
}

/** Meters of a household, oldest first. */
export async function readMeters(db: Db, { merchantId, accountId }: AccountPlace) {
  return db
    .selectFrom('fee_meters')
    .selectAll()
    .where('merchant_id', '=', merchantId)
    .where('account_id', '=', accountId)
    .orderBy('from_on')
    .orderBy('id')
    .limit(shownMax.meters)
    .execute();
}

async function metersView(core: Core, place: AccountPlace): Promise<FeeMeter[]> {
  const [meters, readings] = await Promise.all([readMeters(core.db, place), readReadings(core.db, place)]);
  return meters.toReversed().map((row) => ({
    id: row.id,
    kind: row.kind,
    registers: registersOf(readings.filter((one) => one.meter_id === row.id && one.is_current === true)).filter(
      isNamed,
    ),
    serial: row.serial,
    ...(row.max_dial === null ? {} : { maxDial: row.max_dial }),
    multiplier: row.multiplier,
    ...(row.replaces === null ? {} : { replaces: row.replaces }),
    from: row.from_on,
    ...(row.to_on === null ? {} : { to: row.to_on }),
    readings: readings.filter((reading) => reading.meter_id === row.id).map((reading) => readingView(reading)),
  }));
}

/** A bill as lists show it. */
export function billRowView(
  row: {
    readonly id: string;
    readonly kind: FeeBillRow['kind'];
    readonly corrects: string | null;
    readonly state: FeeBillRow['state'];
    readonly is_corrected: boolean;
    readonly period_from: string;
    readonly period_to: string;
    readonly due_on: string;
    readonly principal_fen: number;
    readonly paid_fen: number;
    readonly left_fen: number;
    readonly version: number;
    readonly made_at: Date;
    readonly reason: string;
    readonly void_reason: string | null;
  },
  today: string,
): FeeBillRow {
  const reason = row.void_reason ?? row.reason;
  return {
    id: row.id,
    kind: row.kind,
    ...(row.corrects === null ? {} : { corrects: row.corrects }),
    state: row.state,
    isCorrected: row.is_corrected,
    from: row.period_from,
    to: row.period_to,
    dueOn: row.due_on,
    isOverdue: row.state === 'open' && row.due_on < today,
    principalFen: row.principal_fen,
    paidFen: row.paid_fen,
    leftFen: row.state === 'void' ? 0 : row.left_fen,
    version: row.version,
    madeAt: row.made_at.toISOString(),
    ...(reason === '' ? {} : { reason }),
  };
}

async function billsView(core: Core, { merchantId, accountId }: AccountPlace): Promise<FeeBillRow[]> {
  const rows = await core.db
    .selectFrom('fee_bills')
    .select(['id', 'kind', 'corrects', 'state', 'is_corrected', 'period_from', 'period_to', 'due_on', 'principal_fen'])
    .select(['paid_fen', 'left_fen', 'version', 'made_at', 'reason', 'void_reason'])
    .where('merchant_id', '=', merchantId)
    .where('account_id', '=', accountId)
    .orderBy('period_to', 'desc')
    .orderBy('made_at', 'desc')
    .limit(shownMax.bills)
    .execute();
  const today = todayOf(core);
  return rows.map((row) => billRowView(row, today));
}

async function entriesView(core: Core, { merchantId, accountId }: AccountPlace): Promise<FeeAccount['entries']> {
  const rows = await core.db
    .selectFrom('fee_balance_entries as e')
    .leftJoin('user as u', 'u.id', 'e.by')
    .select(['e.id', 'e.number', 'e.kind', 'e.amount_fen', 'e.after_fen', 'e.note', 'e.at', 'u.name as by'])
    .where('e.merchant_id', '=', merchantId)
    .where('e.account_id', '=', accountId)
    .orderBy('e.number', 'desc')
    .limit(shownMax.entries)
    .execute();
  return rows.map((row) => ({
    id: row.id,
    number: row.number,
    kind: row.kind,
    amountFen: row.amount_fen,
    afterFen: row.after_fen,
    note: row.note,
    at: row.at.toISOString(),
    ...(row.by === null ? {} : { by: row.by }),
  }));
}

interface Sums {
  open_bills: number;
  open_fen: number;
  overdue_fen: number;
  tariff_name: { zh: string; en: string } | null;
}

async function sumsOf(core: Core, row: FeeAccountRow): Promise<Sums> {
  const { rows } = await sql<Sums>`
    select count(*) filter (where b.state = 'open') as open_bills,
      coalesce(sum(b.left_fen) filter (where b.state = 'open'), 0)::bigint as open_fen,
      coalesce(sum(b.left_fen) filter (where b.state = 'open' and b.due_on < ${todayOf(core)}::date), 0)::bigint as overdue_fen,
      (select t.name from fee_tariffs t where t.merchant_id = ${row.merchant_id} and t.id = coalesce(${row.tariff_id}::uuid,
        (select s.tariff_id from fee_services s where s.merchant_id = ${row.merchant_id} and s.service = ${row.service})))
        as tariff_name
    from fee_bills b where b.merchant_id = ${row.merchant_id} and b.account_id = ${row.id}`.execute(core.db);
  return rows[0] ?? { open_bills: 0, open_fen: 0, overdue_fen: 0, tariff_name: null };
}

/** One household with everything that hangs on it. */
export async function accountAnswer(core: Core, place: AccountPlace): Promise<Answer<FeeAccount>> {
  const row = await readAccountRow(core.db, place);
  if (row === undefined) return err('not-found');
  const [sums, persons, meters, bills, entries] = await Promise.all([
    sumsOf(core, row),
    readPersons(core.db, place),
    metersView(core, place),
    billsView(core, place),
    entriesView(core, place),
  ]);
  return ok({
    id: row.id,
    service: row.service,
    label: row.label,
    labelMasked: row.label_masked,
    tail: row.tail,
    number: openNumber(core.keys(), row.id, row.number_sealed),
    hasSecret: row.secret_hash !== null,
    state: row.state,
    openBills: sums.open_bills,
    openFen: sums.open_fen,
    overdueFen: sums.overdue_fen,
    balanceFen: entries[0]?.afterFen ?? 0,
    ...(row.tariff_id === null ? {} : { tariffId: row.tariff_id }),
    ...(sums.tariff_name === null ? {} : { tariffName: sums.tariff_name }),
    ...(row.area_m2 === null ? {} : { areaM2: row.area_m2 }),
    ...(row.inner_area_m2 === null ? {} : { innerAreaM2: row.inner_area_m2 }),
    customerClass: row.customer_class,
    payerObject: row.payer_object,
    values: row.amounts,
    ...(row.moved_in === null ? {} : { movedIn: row.moved_in }),
    ...(row.moved_out === null ? {} : { movedOut: row.moved_out }),
    version: row.version,
    persons,
    meters,
    bills,
    entries,
  });
}
