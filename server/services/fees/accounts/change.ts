import { err, ok } from '../../../../domain/result.ts';
import type { ChangeFeeAccount, FeeAccount, SetFeePersons } from '../../../../protocol/http/fees-office.ts';
import type { Answer } from '../../../answer.ts';
import type { Core } from '../../../core.ts';
import type { Db } from '../../../store/database.ts';
import { type Clerk, inOneAct, serviceRow, todayOf } from '../parts.ts';
import { maskedLabel, secretHash } from '../secrets.ts';
import { isTariffOf } from './create.ts';
import { stillNeeded, usualClass } from './needs.ts';
import { accountAnswer, type AccountPlace, type FeeAccountRow } from './rows.ts';
import { unbilledDays } from './unbilled.ts';

/** Locks a household and gives its row. */
export async function lockAccount(db: Db, { merchantId, accountId }: AccountPlace): Promise<FeeAccountRow | undefined> {
  return db
    .selectFrom('fee_accounts')
    .selectAll()
    .where('merchant_id', '=', merchantId)
    .where('id', '=', accountId)
    .forNoKeyUpdate()
    .executeTakeFirst();
}

function columnsOf(body: ChangeFeeAccount, secret: Buffer | undefined) {
  return {
    ...(body.label === undefined ? {} : { label: body.label, label_masked: maskedLabel(body.label) }),
    ...(body.tariffId === undefined ? {} : { tariff_id: body.tariffId }),
    ...(body.areaM2 === undefined ? {} : { area_m2: body.areaM2 }),
    ...(body.innerAreaM2 === undefined ? {} : { inner_area_m2: body.innerAreaM2 }),
    ...(body.customerClass === undefined ? {} : { customer_class: body.customerClass ?? usualClass }),
    ...(body.payerObject === undefined ? {} : { payer_object: body.payerObject }),
    ...(body.values === undefined ? {} : { amounts: JSON.stringify(body.values) }),
    ...(body.movedIn === undefined ? {} : { moved_in: body.movedIn }),
    ...(body.movedOut === undefined ? {} : { moved_out: body.movedOut }),
    ...(secret === undefined ? {} : { secret_hash: secret }),
  };
}

/** What keeps a household from being ended: something owed to either side, or days that nobody billed or gave up. */
async function hindranceOf(
  db: Db,
  row: FeeAccountRow,
  body: ChangeFeeAccount,
  lastDay: string,
): Promise<string | undefined> {
  const { merchant_id: merchantId, id: accountId } = row;
  const open = await db
    .selectFrom('fee_bills')
    .select('id')
    .where('merchant_id', '=', merchantId)
    .where('account_id', '=', accountId)
    .where('state', '=', 'open')
    .executeTakeFirst();
  if (open !== undefined) return 'open-bills';
  const last = await db
    .selectFrom('fee_balance_entries')
    .select('after_fen')
    .where('merchant_id', '=', merchantId)
    .where('account_id', '=', accountId)
    .orderBy('number', 'desc')
    .limit(1)
    .executeTakeFirst();
  if ((last?.after_fen ?? 0) > 0) return 'balance';
  const unbilled = body.confirmUnbilled === true ? undefined : await unbilledDays(db, row, lastDay);
  return unbilled === undefined ? undefined : `unbilled: ${unbilled}`;
}

async function faultOf(db: Db, row: FeeAccountRow, body: ChangeFeeAccount): Promise<string | undefined> {
  if (!(await isTariffOf(db, row.merchant_id, row.service, body.tariffId))) return 'tariffId';
  const movedIn = body.movedIn === undefined ? row.moved_in : body.movedIn;
  const movedOut = body.movedOut === undefined ? row.moved_out : body.movedOut;
  if (movedIn !== null && movedOut !== null && movedOut < movedIn) return 'movedOut';
  if (body.secret === undefined) return undefined;
  const service = await serviceRow(db, row.merchant_id, row.service);
  return service?.secret_digits === body.secret.length ? undefined : 'secret';
}

/** Changes what is named. Bills that were made keep the household as it was then. */
export async function changeAccount(
  core: Core,
  actor: Clerk,
  place: AccountPlace,
  body: ChangeFeeAccount,
): Promise<Answer<FeeAccount>> {
  const secret = body.secret === undefined ? undefined : await secretHash(core.keys(), body.secret);
  const changed = Object.keys(body).filter((name) => name !== 'version');
  const facts = { accountId: place.accountId, changed, ...(body.close === true ? { closed: true } : {}) };
  const act = { act: 'fees.account-changed', actor, merchantId: place.merchantId, facts };
  const done = await inOneAct(core, act, async (db) => {
    const row = await lockAccount(db, place);
    if (row === undefined) return err('not-found');
    if (row.version !== body.version) return err('not-in-state', 'version');
    if (row.state === 'closed') return err('not-in-state', 'closed');
    const fault = await faultOf(db, row, body);
    if (fault !== undefined) return err('bad-request', fault);
    const needed = await stillNeeded(db, row, body, todayOf(core));
    if (needed !== undefined) return err('fee-refused', needed);
    const closing =
      body.close === true
        ? {
            state: 'closed' as const,
            closed_at: new Date(core.clock()),
            moved_out: body.movedOut ?? row.moved_out ?? todayOf(core),
          }
        : undefined;
    const hindrance = closing && (await hindranceOf(db, row, body, closing.moved_out));
    if (hindrance !== undefined) return err('fee-refused', hindrance);
    await db
      .updateTable('fee_accounts')
      .set((eb) => ({ ...columnsOf(body, secret), ...closing, version: eb('version', '+', 1) }))
      .where('merchant_id', '=', place.merchantId)
      .where('id', '=', place.accountId)
      .execute();
    return ok(undefined);
  });
  return done.ok ? accountAnswer(core, place) : done;
}

/** Says how many live there from a day on. What was said before for the same day no longer counts, but stays known. */
export async function setPersons(
  core: Core,
  actor: Clerk,
  place: AccountPlace,
  body: SetFeePersons,
): Promise<Answer<FeeAccount>> {
  const { merchantId, accountId } = place;
  const facts = { accountId, from: body.from, count: body.count };
  const done = await inOneAct(core, { act: 'fees.persons-set', actor, merchantId, facts }, async (db) => {
    const row = await lockAccount(db, place);
    if (row === undefined) return err('not-found');
    if (row.state === 'closed') return err('not-in-state', 'closed');
    await db
      .insertInto('fee_persons')
      .values({
        ...{ merchant_id: merchantId, account_id: accountId, id: body.id, from_on: body.from, count: body.count },
        entered_at: new Date(core.clock()),
        entered_by: actor?.id ?? null,
      })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
    return ok(undefined);
  });
  return done.ok ? accountAnswer(core, place) : done;
}
