import { sql } from 'kysely';
import { err, ok } from '../../../domain/result.ts';
import { feeServices, type FeeService } from '../../../domain/tariffs/rating.ts';
import type { FeePayee, FeePayees, SetFeePayee, SetFeeService } from '../../../protocol/http/fees-office.ts';
import type { Answer } from '../../answer.ts';
import type { Core } from '../../core.ts';
import type { Db } from '../../store/database.ts';
import { type Clerk, inOneAct, serviceRow, todayOf } from './parts.ts';

const payeesMax = 500;
const terminalsMax = 500;

interface PayeeSums {
  merchant_id: string;
  name: string;
  is_active: boolean;
  services: FeeService[] | null;
  households: number;
  open_bills: number;
  open_fen: number;
  overdue_fen: number;
}

/** Who bills what, and what is owed to them. */
export async function listPayees(core: Core): Promise<FeePayees> {
  const { rows } = await sql<PayeeSums>`
    select p.merchant_id, m.name, p.is_active,
      (select array_agg(s.service) from fee_services s where s.merchant_id = p.merchant_id and s.is_active) as services,
      (select count(*) from fee_accounts a where a.merchant_id = p.merchant_id and a.state = 'open') as households,
      coalesce(b.n, 0) as open_bills, coalesce(b.fen, 0)::bigint as open_fen, coalesce(b.overdue, 0)::bigint as overdue_fen
    from fee_payees p join merchants m on m.id = p.merchant_id
    left join lateral (select count(*) as n, sum(left_fen) as fen,
        sum(left_fen) filter (where due_on < ${todayOf(core)}::date) as overdue
      from fee_bills b where b.merchant_id = p.merchant_id and b.state = 'open') b on true
    order by m.name, m.id limit ${payeesMax}`.execute(core.db);
  const items = rows.map((row) => ({
    merchantId: row.merchant_id,
    name: row.name,
    isActive: row.is_active,
    services: feeServices.filter((service) => row.services?.includes(service)),
    households: row.households,
    openBills: row.open_bills,
    openFen: row.open_fen,
    overdueFen: row.overdue_fen,
  }));
  return { items };
}

async function servicesOf(core: Core, merchantId: string): Promise<FeePayee['services']> {
  const rows = await core.db
    .selectFrom('fee_services as s')
    .selectAll('s')
    .select((eb) =>
      eb
        .selectFrom('fee_accounts as a')
        .whereRef('a.merchant_id', '=', 's.merchant_id')
        .whereRef('a.service', '=', 's.service')
        .where('a.state', '=', 'open')
        .select(eb.fn.countAll<number>().as('n'))
        .as('households'),
    )
    .select((eb) =>
      eb
        .selectFrom('fee_accounts as a')
        .whereRef('a.merchant_id', '=', 's.merchant_id')
        .whereRef('a.service', '=', 's.service')
        .where('a.state', '=', 'open')
        .where('a.secret_hash', 'is not', null)
        .select(eb.fn.countAll<number>().as('n'))
        .as('with_secret'),
    )
    .where('s.merchant_id', '=', merchantId)
    .execute();
  const order = (service: FeeService): number => feeServices.indexOf(service);
  return rows
    .sort((a, b) => order(a.service) - order(b.service))
    .map((row) => ({
      version: row.version,
      service: row.service,
      isActive: row.is_active,
      numberMin: row.number_min,
      numberMax: row.number_max,
      numberName: row.number_name,
      secretDigits: row.secret_digits,
      secretName: row.secret_name,
      dueDays: row.due_days,
      ...(row.top_up_min_fen === null || row.top_up_max_fen === null
        ? {}
        : { topUp: { minFen: row.top_up_min_fen, maxFen: row.top_up_max_fen, usual: row.top_up_usual.map(Number) } }),
      ...(row.tariff_id === null ? {} : { tariffId: row.tariff_id }),
      households: row.households ?? 0,
      withSecret: row.with_secret ?? 0,
    }));
}

/** A payee with its services and terminals. */
export async function payeeAnswer(core: Core, merchantId: string): Promise<Answer<FeePayee>> {
  const row = await core.db
    .selectFrom('fee_payees as p')
    .innerJoin('merchants as m', 'm.id', 'p.merchant_id')
    .selectAll('p')
    .select('m.name')
    .where('p.merchant_id', '=', merchantId)
    .executeTakeFirst();
  if (row === undefined) return err('not-found');
  const terminals = await core.db
    .selectFrom('fee_payee_terminals')
    .select('terminal_id')
    .where('merchant_id', '=', merchantId)
    .orderBy('terminal_id')
    .limit(terminalsMax)
    .execute();
  return ok({
    merchantId,
    version: row.version,
    name: row.name,
    isActive: row.is_active,
    digitsAboveFen: row.digits_above_fen,
    allocation: row.allocation,
    receiptTitle: row.receipt_title,
    receiptFooter: row.receipt_footer,
    terminalIds: terminals.map(({ terminal_id: id }) => id),
    services: await servicesOf(core, merchantId),
  });
}

async function writePayee(db: Db, merchantId: string, { version, ...body }: SetFeePayee, now: Date): Promise<boolean> {
  const set = {
    is_active: body.isActive,
    digits_above_fen: body.digitsAboveFen,
    allocation: body.allocation,
    receipt_title: body.receiptTitle,
    receipt_footer: body.receiptFooter,
    changed_at: now,
  };
  if (version === 0) {
    const made = db.insertInto('fee_payees').values({ merchant_id: merchantId, ...set });
    const done = await made.onConflict((conflict) => conflict.doNothing()).executeTakeFirst();
    return done.numInsertedOrUpdatedRows === 1n;
  }
  const changed = await db
    .updateTable('fee_payees')
    .set((eb) => ({ ...set, version: eb('version', '+', 1) }))
    .where('merchant_id', '=', merchantId)
    .where('version', '=', version)
    .executeTakeFirst();
  return changed.numUpdatedRows === 1n;
}

/**
 * Makes a merchant a payee, or changes what is known of it. The list of terminals is the whole list. Refused when
 * somebody changed it since it was read.
 */
export async function setPayee(
  core: Core,
  actor: Clerk,
  merchantId: string,
  body: SetFeePayee,
): Promise<Answer<FeePayee>> {
  const { terminalIds, version: _read, ...facts } = body;
  const now = new Date(core.clock());
  const wanted = [...new Set(terminalIds)];
  const done = await inOneAct(
    core,
    { act: 'fees.payee-set', actor, merchantId, facts: { ...facts, terminalIds: wanted } },
    async (db) => {
      const merchant = await db.selectFrom('merchants').select('id').where('id', '=', merchantId).executeTakeFirst();
      if (merchant === undefined) return err('not-found');
      const known =
        wanted.length === 0 ? [] : await db.selectFrom('terminals').select('id').where('id', 'in', wanted).execute();
      if (known.length < wanted.length) return err('bad-request', 'terminalIds');
      if (!(await writePayee(db, merchantId, body, now))) return err('not-in-state', 'version');
      const gone = db.deleteFrom('fee_payee_terminals').where('merchant_id', '=', merchantId);
      await (wanted.length === 0 ? gone : gone.where('terminal_id', 'not in', wanted)).execute();
      if (wanted.length > 0)
        await db
          .insertInto('fee_payee_terminals')
          .values(
            wanted.map((id) => ({
              merchant_id: merchantId,
              terminal_id: id,
              added_at: now,
              added_by: actor?.id ?? null,
            })),
          )
          .onConflict((conflict) => conflict.doNothing())
          .execute();
      return ok(undefined);
    },
  );
  return done.ok ? payeeAnswer(core, merchantId) : done;
}

function faultOf(body: SetFeeService): string | undefined {
  if (body.numberMin > body.numberMax) return 'numberMax';
  if (body.topUp === undefined) return undefined;
  const { minFen, maxFen, usual } = body.topUp;
  if (maxFen < minFen) return 'topUp.maxFen';
  return usual.every((fen) => fen >= minFen && fen <= maxFen) ? undefined : 'topUp.usual';
}

async function writeService(db: Db, merchantId: string, body: SetFeeService, now: Date): Promise<boolean> {
  const set = {
    is_active: body.isActive,
    number_min: body.numberMin,
    number_max: body.numberMax,
    number_name: JSON.stringify(body.numberName),
    secret_digits: body.secretDigits,
    secret_name: JSON.stringify(body.secretName),
    due_days: body.dueDays,
    top_up_min_fen: body.topUp?.minFen ?? null,
    top_up_max_fen: body.topUp?.maxFen ?? null,
    top_up_usual: [...(body.topUp?.usual ?? [])],
    tariff_id: body.tariffId ?? null,
    changed_at: now,
  };
  if (body.version === 0) {
    const made = db.insertInto('fee_services').values({ merchant_id: merchantId, service: body.service, ...set });
    const done = await made.onConflict((conflict) => conflict.doNothing()).executeTakeFirst();
    return done.numInsertedOrUpdatedRows === 1n;
  }
  const changed = await db
    .updateTable('fee_services')
    .set((eb) => ({ ...set, version: eb('version', '+', 1) }))
    .where('merchant_id', '=', merchantId)
    .where('service', '=', body.service)
    .where('version', '=', body.version)
    .executeTakeFirst();
  return changed.numUpdatedRows === 1n;
}

/**
 * True when households have agreed digits of another number than the one that is wanted. Only a hash of the digits is
 * kept, and a terminal asks for as many as the service says: such households could no longer be found.
 */
async function losesHouseholds(db: Db, merchantId: string, body: SetFeeService): Promise<boolean> {
  const old = await serviceRow(db, merchantId, body.service);
  if (old === undefined || old.secret_digits === body.secretDigits) return false;
  const row = await db
    .selectFrom('fee_accounts')
    .select('id')
    .where('merchant_id', '=', merchantId)
    .where('service', '=', body.service)
    .where('state', '=', 'open')
    .where('secret_hash', 'is not', null)
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}

/** Sets how a service is asked for. Refused when somebody changed it since it was read. */
export async function setService(
  core: Core,
  actor: Clerk,
  merchantId: string,
  body: SetFeeService,
): Promise<Answer<FeePayee>> {
  const fault = faultOf(body);
  if (fault !== undefined) return err('bad-request', fault);
  const facts = { service: body.service, isActive: body.isActive, dueDays: body.dueDays, tariffId: body.tariffId };
  const done = await inOneAct(core, { act: 'fees.service-set', actor, merchantId, facts }, async (db) => {
    const payee = await db
      .selectFrom('fee_payees')
      .select('merchant_id')
      .where('merchant_id', '=', merchantId)
      .executeTakeFirst();
    if (payee === undefined) return err('not-found');
    if (body.tariffId !== undefined) {
      const tariff = await db
        .selectFrom('fee_tariffs')
        .select('service')
        .where('merchant_id', '=', merchantId)
        .where('id', '=', body.tariffId)
        .executeTakeFirst();
      if (tariff?.service !== body.service) return err('bad-request', 'tariffId');
    }
    if (await losesHouseholds(db, merchantId, body)) return err('not-in-state', 'secretDigits');
    if (!(await writeService(db, merchantId, body, new Date(core.clock())))) return err('not-in-state', 'version');
    return ok(undefined);
  });
  return done.ok ? payeeAnswer(core, merchantId) : done;
}
