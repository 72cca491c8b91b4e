import { err, ok } from '../../../../domain/result.ts';
import type { CreateFeeAccount, FeeAccount } from '../../../../protocol/http/fees-office.ts';
import type { Answer } from '../../../answer.ts';
import type { Core } from '../../../core.ts';
import { type Db, sqlState, uniqueViolation } from '../../../store/database.ts';
import { uuidv7 } from '../../../store/uuid.ts';
import { type Clerk, hashOf, inOneAct, serviceRow, todayOf } from '../parts.ts';
import { maskedLabel, numberHash, plainNumber, sealNumber, secretHash, tailOf } from '../secrets.ts';
import { accountAnswer, readAccountRow } from './rows.ts';

/** What tells whether a household was made before with another body: without its secrets in clear. */
function bodyHashOf(core: Core, merchantId: string, body: CreateFeeAccount): Buffer {
  const { number, secret, ...rest } = body;
  const found = numberHash(core.keys(), merchantId, body.service, number).toString('hex');
  const agreed = secret === undefined ? '' : numberHash(core.keys(), body.id, body.service, secret).toString('hex');
  return hashOf({ ...rest, found, agreed });
}

/** The first thing about a new household that its service or its tariff does not take. */
async function faultOf(db: Db, merchantId: string, body: CreateFeeAccount): Promise<string | undefined> {
  const service = await serviceRow(db, merchantId, body.service);
  if (service === undefined) return 'service';
  const digits = plainNumber(body.number).length;
  if (digits < service.number_min || digits > service.number_max) return 'number';
  if (body.secret !== undefined && body.secret.length !== service.secret_digits) return 'secret';
  return (await isTariffOf(db, merchantId, body.service, body.tariffId)) ? undefined : 'tariffId';
}

/** True when a household of a service may be billed by this tariff, or names none. */
export async function isTariffOf(
  db: Db,
  merchantId: string,
  service: string,
  tariffId: string | null | undefined,
): Promise<boolean> {
  if (tariffId === undefined || tariffId === null) return true;
  const row = await db
    .selectFrom('fee_tariffs')
    .select('service')
    .where('merchant_id', '=', merchantId)
    .where('id', '=', tariffId)
    .executeTakeFirst();
  return row?.service === service;
}

interface NewRow {
  readonly merchantId: string;
  readonly actor: Clerk;
  readonly body: CreateFeeAccount;
  readonly secret: Buffer | null;
}

async function insertAccount(core: Core, db: Db, { merchantId, actor, body, secret }: NewRow): Promise<void> {
  const keys = core.keys();
  const now = new Date(core.clock());
  await db
    .insertInto('fee_accounts')
    .values({
      ...{ merchant_id: merchantId, id: body.id, service: body.service, label: body.label },
      number_hash: numberHash(keys, merchantId, body.service, body.number),
      number_sealed: sealNumber(keys, body.id, body.number),
      tail: tailOf(body.number),
      secret_hash: secret,
      label_masked: maskedLabel(body.label),
      tariff_id: body.tariffId ?? null,
      area_m2: body.areaM2 ?? null,
      inner_area_m2: body.innerAreaM2 ?? null,
      ...(body.customerClass === undefined ? {} : { customer_class: body.customerClass }),
      ...(body.payerObject === undefined ? {} : { payer_object: body.payerObject }),
      amounts: JSON.stringify(body.values ?? {}),
      moved_in: body.movedIn ?? null,
      body_hash: bodyHashOf(core, merchantId, body),
      created_at: now,
      created_by: actor?.id ?? null,
    })
    .execute();
  if (body.persons === undefined) return;
  await db
    .insertInto('fee_persons')
    .values({
      ...{ merchant_id: merchantId, account_id: body.id, id: uuidv7(core.clock()), count: body.persons },
      from_on: body.movedIn ?? `${todayOf(core).slice(0, 4)}-01-01`,
      entered_at: now,
      entered_by: actor?.id ?? null,
    })
    .execute();
}

/**
 * Makes a household, and what comes `along` with it, in one transaction. `already-exists`: an open one of this service
 * has the number.
 */
export async function makeAccount(
  core: Core,
  actor: Clerk,
  merchantId: string,
  body: CreateFeeAccount,
  along: (db: Db) => Promise<Answer<void>> = () => Promise.resolve(ok(undefined)),
): Promise<Answer<void>> {
  const before = await readAccountRow(core.db, { merchantId, accountId: body.id });
  if (before !== undefined) {
    const isSame = before.body_hash.equals(bodyHashOf(core, merchantId, body));
    return isSame ? ok(undefined) : err('exists-with-different-body', 'id');
  }
  const secret = body.secret === undefined ? null : await secretHash(core.keys(), body.secret);
  const facts = { accountId: body.id, service: body.service };
  try {
    return await inOneAct(core, { act: 'fees.account-created', actor, merchantId, facts }, async (db) => {
      const fault = await faultOf(db, merchantId, body);
      if (fault !== undefined) return err('bad-request', fault);
      await insertAccount(core, db, { merchantId, actor, body, secret });
      return along(db);
    });
  } catch (error) {
    if (sqlState(error) === uniqueViolation) return err('already-exists', 'number');
    throw error;
  }
}

/** A new household. */
export async function createAccount(
  core: Core,
  actor: Clerk,
  merchantId: string,
  body: CreateFeeAccount,
): Promise<Answer<FeeAccount>> {
  const made = await makeAccount(core, actor, merchantId, body);
  return made.ok ? accountAnswer(core, { merchantId, accountId: body.id }) : made;
}
