import { sql } from 'kysely';
import { err, ok } from '../../../../domain/result.ts';
import { Exact } from '../../../../domain/tariffs/exact.ts';
import { tariffLimits } from '../../../../domain/tariffs/limits.ts';
import type { CommonTotal, FeeService } from '../../../../domain/tariffs/rating.ts';
import { Refused } from '../../../../domain/tariffs/refused.ts';
import { shareOut } from '../../../../domain/tariffs/share.ts';
import type { Component, ShareComponent } from '../../../../domain/tariffs/tariff.ts';
import type { FeeShares, StartFeeRun } from '../../../../protocol/http/fees-work.ts';
import type { Answer } from '../../../answer.ts';
import type { Core } from '../../../core.ts';
import type { Db } from '../../../store/database.ts';
import { readVersionRows } from '../tariffs/load.ts';
import { type Member, membersOf } from './share-keys.ts';

/** Which days of which service. */
export interface ShareQuery {
  readonly service: FeeService;
  readonly from: string;
  readonly to: string;
}

interface Share {
  readonly tariffId: string;
  readonly tariffName: { readonly zh: string; readonly en: string };
  readonly unit: { readonly zh: string; readonly en: string };
  readonly part: ShareComponent;
  /** Versions of the price list that charge it on these days. */
  readonly versions: number;
}

/** One total of a run, divided. */
export interface Division {
  readonly tariffId: string;
  readonly componentId: string;
  readonly total: string;
  readonly members: readonly Member[];
}
/** A total to keep with its run. */
export interface NewDivision extends Division {
  readonly wholeFen: number;
  readonly readings: string | null;
}

function sharesIn(components: readonly Component[]): ShareComponent[] {
  return components.flatMap((part) => {
    if (part.kind === 'share') return [part];
    return part.kind === 'select' ? part.tables.flatMap((table) => sharesIn(table.components)) : [];
  });
}

/** The shares that households of a service are charged on these days, by price list. */
async function neededShares(db: Db, merchantId: string, { service, from, to }: ShareQuery): Promise<Share[]> {
  const { rows } = await sql<{ id: string; name: Share['tariffName']; details: { unit: Share['unit'] } }>`
    select t.id, t.name, t.details from fee_tariffs t where t.merchant_id = ${merchantId} and t.service = ${service}
      and (t.id in (select a.tariff_id from fee_accounts a where a.merchant_id = t.merchant_id and a.service = t.service
          and a.state = 'open')
        or t.id = (select s.tariff_id from fee_services s where s.merchant_id = t.merchant_id and s.service = t.service))
    order by t.id limit 100`.execute(db);
  const found = new Map<string, Share>();
  for (const { id, name, details } of rows) {
    const versions = await readVersionRows(db, { merchantId, tariffId: id });
    const inForce = versions.filter(
      (one) =>
        one.state !== 'draft' && one.effective_from <= to && (one.effective_to === null || one.effective_to >= from),
    );
    for (const part of inForce.flatMap(({ body }) => sharesIn(body.components))) {
      const at = `${id} ${part.id}`;
      const before = found.get(at);
      found.set(at, {
        tariffId: id,
        tariffName: name,
        unit: details.unit,
        part,
        versions: (before?.versions ?? 0) + 1,
      });
    }
  }
  return [...found.values()];
}

/** What earlier runs of the same days divided, or what was said instead later, as long as a bill of these days stands. */
async function standing(db: Db, merchantId: string, { service, from, to }: ShareQuery) {
  const { rows } = await sql<{ tariff_id: string; component_id: string; total: string; members: Member[] }>`
    select distinct on (s.tariff_id, s.component_id) s.tariff_id, s.component_id, s.total, s.members
    from fee_run_shares s join fee_runs r on r.merchant_id = s.merchant_id and r.id = s.run_id
    where r.merchant_id = ${merchantId} and r.service = ${service} and r.period_from = ${from}::date
      and r.period_to = ${to}::date and exists (select 1 from fee_runs o
        join fee_bills b on b.merchant_id = o.merchant_id and b.run_id = o.id and b.kind = 'bill' and b.state <> 'void'
        where o.merchant_id = r.merchant_id and o.service = r.service and o.period_from = r.period_from
          and o.period_to = r.period_to and (o.id = r.id or r.kind = 'correction'))
    order by s.tariff_id, s.component_id, r.started_at desc, r.id desc`.execute(db);
  return new Map(rows.map((row) => [`${row.tariff_id} ${row.component_id}`, row]));
}

/** What a run must be told of the building. */
export async function sharesAnswer(core: Core, merchantId: string, query: ShareQuery): Promise<FeeShares> {
  const [shares, known] = [await neededShares(core.db, merchantId, query), await standing(core.db, merchantId, query)];
  const items = shares.map(({ tariffId, tariffName, unit, part }) => {
    const before = known.get(`${tariffId} ${part.id}`);
    return {
      ...{ tariffId, tariffName: { ...tariffName }, componentId: part.id, label: { ...part.label } },
      ...{ of: part.of, unit: { ...unit }, key: part.key },
      ...(before === undefined ? {} : { known: before.total }),
    };
  });
  return { items };
}

type Told = NonNullable<StartFeeRun['common']>[number]['of'];

/** The whole of what is shared; `undefined` when the meter would have gone backwards. */
function totalOf(told: Told): string | undefined {
  if ('total' in told) return told.total;
  const [before, after, multiplier] = [told.before, told.after, told.multiplier ?? '1'].map((text) => Exact.read(text));
  if (before === undefined || after === undefined || multiplier === undefined) return undefined;
  const total = after.minus(before).times(multiplier);
  return total.isNegative ? undefined : total.toText();
}

/** What the shares of a total sum to, in fen; refused when it cannot be divided. */
function wholeOf({ part }: Share, total: string, members: readonly Member[]): Answer<number> {
  const whole = Exact.read(total) ?? Exact.zero;
  const amount = part.of === 'amount' ? whole : whole.times(Exact.read(part.price ?? '0') ?? Exact.zero);
  try {
    const { fen } = shareOut(amount, { total, members, self: '' }, part.remainder, part.id);
    return ok(Number(fen.reduce((sum, one) => sum + one, 0n)));
  } catch (error) {
    if (error instanceof Refused) return err('fee-refused', error.code === 'too-large' ? 'too-large' : 'common-keys');
    throw error;
  }
}

/** A total of some days that was divided, and what is said of it instead. */
export interface OtherTotal {
  readonly before: { readonly total: string; readonly wholeFen: number };
  readonly now: NewDivision;
}

/** Another total for what was divided already, among the same households by the same keys. `common-unknown`: it was not. */
export async function divideAnew(
  db: Db,
  merchantId: string,
  { service, from, to, tariffId, componentId, of }: ShareQuery & { tariffId: string; componentId: string; of: Told },
): Promise<Answer<OtherTotal>> {
  const query = { service, from, to };
  const known = (await standing(db, merchantId, query)).get(`${tariffId} ${componentId}`);
  const share = (await neededShares(db, merchantId, query)).find(
    (one) => one.tariffId === tariffId && one.part.id === componentId,
  );
  if (known === undefined || share === undefined) return err('fee-refused', 'common-unknown');
  if (share.versions > 1) return err('fee-refused', 'common-versions');
  const total = totalOf(of);
  if (total === undefined) return err('bad-request', 'common');
  const [was, whole] = [wholeOf(share, known.total, known.members), wholeOf(share, total, known.members)];
  if (!was.ok) return was;
  if (!whole.ok) return whole;
  const readings = 'total' in of ? null : JSON.stringify(of);
  const now = { tariffId, componentId, total, members: known.members, wholeFen: whole.value, readings };
  return ok({ before: { total: known.total, wholeFen: was.value }, now });
}

/** Divides what a run is told. Every share of the price lists must be told, once, and every household have its key. */
export async function divide(
  core: Core,
  merchantId: string,
  { service, from, to, common = [] }: StartFeeRun,
): Promise<Answer<NewDivision[]>> {
  const query = { service, from, to };
  const [shares, known] = [await neededShares(core.db, merchantId, query), await standing(core.db, merchantId, query)];
  const isUnknown = ({ tariffId, componentId }: (typeof common)[number]): boolean =>
    !shares.some((one) => one.tariffId === tariffId && one.part.id === componentId);
  if (common.some(isUnknown)) return err('bad-request', 'common');
  const made: NewDivision[] = [];
  for (const share of shares) {
    const { tariffId, part } = share;
    // A part is charged once in a bill of one version, and once more in that of another.
    if (share.versions > 1) return err('fee-refused', 'common-versions');
    const told = common.filter((one) => one.tariffId === tariffId && one.componentId === part.id);
    const before = known.get(`${tariffId} ${part.id}`);
    const [only] = told;
    if (told.length > 1) return err('bad-request', 'common');
    if (only === undefined && before === undefined) return err('fee-refused', 'common-missing');
    const total = only === undefined ? before?.total : totalOf(only.of);
    if (total === undefined) return err('bad-request', 'common');
    if (before !== undefined && Exact.read(total)?.compare(Exact.read(before.total) ?? Exact.zero) !== 0)
      return err('fee-refused', 'common-known');
    const members =
      before === undefined ? await membersOf(core.db, merchantId, { ...query, tariffId, part }) : undefined;
    if (members !== undefined && !members.ok) return members;
    const all = members?.value ?? before?.members ?? [];
    if (all.length > tariffLimits.membersMax) return err('fee-refused', 'too-large');
    // Without a household there is nothing to divide, and nobody is billed either.
    if (all.length === 0) continue;
    const whole = wholeOf(share, total, all);
    if (!whole.ok) return whole;
    const readings = only === undefined || 'total' in only.of ? null : JSON.stringify(only.of);
    made.push({ tariffId, componentId: part.id, total, members: all, wholeFen: whole.value, readings });
  }
  return ok(made);
}

/** Keeps what a run divides, in the transaction that begins it. */
export async function insertDivisions(
  db: Db,
  merchantId: string,
  runId: string,
  divisions: readonly NewDivision[],
): Promise<void> {
  for (const { tariffId, componentId, total, members, wholeFen, readings } of divisions)
    await db
      .insertInto('fee_run_shares')
      .values({
        ...{ merchant_id: merchantId, run_id: runId, tariff_id: tariffId, component_id: componentId },
        ...{ total, whole_fen: wholeFen, readings, members: JSON.stringify(members) },
      })
      .execute();
}

/** What a run divides, read once for all of its bills. */
export async function readDivisions(db: Db, merchantId: string, runId: string | null): Promise<Division[]> {
  if (runId === null) return [];
  const rows = await db
    .selectFrom('fee_run_shares')
    .select(['tariff_id', 'component_id', 'total', 'members'])
    .where('merchant_id', '=', merchantId)
    .where('run_id', '=', runId)
    .execute();
  return rows.map((row) => ({
    ...{ tariffId: row.tariff_id, componentId: row.component_id, total: row.total, members: row.members },
  }));
}

/** What is shared with one household, as rating wants it. */
export function commonOf(
  divisions: readonly Division[],
  tariffId: string,
  accountId: string,
): Readonly<Record<string, CommonTotal>> {
  const own = divisions.filter((one) => one.tariffId === tariffId);
  return Object.fromEntries(
    own.map(({ componentId, total, members }) => [componentId, { total, members, self: accountId }]),
  );
}
