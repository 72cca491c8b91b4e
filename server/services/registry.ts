import { err, ok } from '../../domain/result.ts';
import type {
  ChangeMerchant,
  ChangeTerminal,
  CreateMerchant,
  Merchant,
  RegisterTerminal,
  Terminal,
  TerminalDetail,
  TerminalPage,
} from '../../protocol/http/registry.ts';
import type { Actor, Answer } from '../answer.ts';
import { writeAudit } from '../audit/records.ts';
import type { Core } from '../core.ts';
import { sqlState, uniqueViolation } from '../store/database.ts';
import { historyOf } from './history.ts';
import type { Page, PageQuery } from './paging.ts';
import { countTerminals, readTerminal, readTerminals, type TerminalFilter } from './terminal-rows.ts';

/** Merchants and their terminals. `actor` is absent for start-up code and the command line. */
export interface RegistryService {
  listMerchants(): Promise<Page<Merchant>>;
  createMerchant(actor: Actor | undefined, body: CreateMerchant): Promise<Answer<Merchant>>;
  changeMerchant(actor: Actor, id: string, body: ChangeMerchant): Promise<Answer<Merchant>>;
  listTerminals(query: PageQuery & TerminalFilter): Promise<TerminalPage>;
  getTerminal(id: string): Promise<Answer<TerminalDetail>>;
  registerTerminal(actor: Actor | undefined, body: RegisterTerminal): Promise<Answer<Terminal>>;
  changeTerminal(actor: Actor, id: string, body: ChangeTerminal): Promise<Answer<Terminal>>;
}

const merchantsMax = 1_000;

/** Builds the service. */
export function createRegistryService(core: Core): RegistryService {
  return {
    listMerchants: async () => ({ items: await readMerchants(core) }),
    createMerchant: (actor, body) => createMerchant(core, actor, body),
    changeMerchant: (actor, id, body) => changeMerchant(core, actor, id, body),
    listTerminals: async (query) => ({ ...(await readTerminals(core, query)), counts: await countTerminals(core) }),
    getTerminal: async (id) => {
      const terminal = await readTerminal(core, id);
      return terminal === undefined
        ? err('not-found')
        : ok({ ...terminal, history: await historyOf(core, `terminal:${id}`) });
    },
    registerTerminal: (actor, body) => registerTerminal(core, actor, body),
    changeTerminal: (actor, id, body) => changeTerminal(core, actor, id, body),
  };
}

async function readMerchants(core: Core, id?: string): Promise<Merchant[]> {
  const base = core.db
    .selectFrom('merchants as m')
    .select((eb) => [
      'm.id',
      'm.name',
      'm.contact',
      'm.address',
      'm.created_at',
      eb
        .selectFrom('terminals as t')
        .whereRef('t.merchant_id', '=', 'm.id')
        .select(eb.fn.countAll<number>().as('n'))
        .as('terminals'),
    ])
    .orderBy('m.name')
    .limit(merchantsMax);
  const rows = await (id === undefined ? base : base.where('m.id', '=', id)).execute();
  return rows.map(({ created_at: createdAt, terminals, ...row }) => ({
    ...row,
    terminals: terminals ?? 0,
    createdAt: createdAt.toISOString(),
  }));
}

async function merchantAnswer(core: Core, id: string): Promise<Answer<Merchant>> {
  const [merchant] = await readMerchants(core, id);
  return merchant === undefined ? err('not-found') : ok(merchant);
}

async function createMerchant(core: Core, actor: Actor | undefined, body: CreateMerchant): Promise<Answer<Merchant>> {
  const nowMs = core.clock();
  const isNew = await core.db.transaction().execute(async (db) => {
    const made = await db
      .insertInto('merchants')
      .values({ ...body, created_at: new Date(nowMs) })
      .onConflict((conflict) => conflict.column('id').doNothing())
      .executeTakeFirst();
    if (made.numInsertedOrUpdatedRows !== 1n) return false;
    await writeAudit(db, nowMs, {
      act: 'merchant.created',
      actorId: actor?.id,
      subject: `merchant:${body.id}`,
      facts: {},
    });
    return true;
  });
  if (isNew) core.bus.publish({ name: 'audit', id: body.id });
  const answer = await merchantAnswer(core, body.id);
  if (!answer.ok) return answer;
  const isSame = (['name', 'contact', 'address'] as const).every((field) => answer.value[field] === body[field]);
  return isSame ? answer : err('exists-with-different-body', 'id');
}

async function changeMerchant(core: Core, actor: Actor, id: string, body: ChangeMerchant): Promise<Answer<Merchant>> {
  const nowMs = core.clock();
  const set = withoutAbsent(body);
  await core.db.transaction().execute(async (db) => {
    if (Object.keys(set).length > 0) await db.updateTable('merchants').set(set).where('id', '=', id).execute();
    await writeAudit(db, nowMs, { act: 'merchant.changed', actorId: actor.id, subject: `merchant:${id}`, facts: set });
  });
  core.bus.publish({ name: 'audit', id });
  return merchantAnswer(core, id);
}

type Present<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

function withoutAbsent<T extends object>(body: T): Present<T> {
  return Object.fromEntries(Object.entries(body).filter(([, value]) => value !== undefined)) as Present<T>;
}

async function registerTerminal(
  core: Core,
  actor: Actor | undefined,
  body: RegisterTerminal,
): Promise<Answer<Terminal>> {
  const nowMs = core.clock();
  const merchant = await merchantAnswer(core, body.merchantId);
  if (!merchant.ok) return err('not-found', 'merchantId');
  const { id, merchantId, label, serial, model, place, seal } = body;
  const identityKey = Buffer.from(body.identityPublicKey, 'base64url');
  const packageKey = body.packagePublicKey === undefined ? null : Buffer.from(body.packagePublicKey, 'base64url');
  try {
    const isNew = await core.db.transaction().execute(async (db) => {
      const made = await db
        .insertInto('terminals')
        .values({
          ...{ id, label, serial, model, place, seal, merchant_id: merchantId },
          device_id: Buffer.from(body.deviceId, 'hex'),
          identity_public_key: identityKey,
          package_public_key: packageKey,
          state_confirmed: null,
          confirmed_at: null,
          key_check: null,
          probation_until: null,
          registered_at: new Date(nowMs),
        })
        .onConflict((conflict) => conflict.column('id').doNothing())
        .executeTakeFirst();
      if (made.numInsertedOrUpdatedRows !== 1n) return false;
      await writeAudit(db, nowMs, {
        act: 'terminal.registered',
        actorId: actor?.id,
        subject: `terminal:${id}`,
        facts: { serial, deviceId: body.deviceId, identityPublicKey: identityKey.toString('hex') },
      });
      return true;
    });
    if (isNew) core.bus.publish({ name: 'terminal', id }, { name: 'audit', id });
    return await registeredAnswer(core, body, isNew);
  } catch (error) {
    if (sqlState(error) === uniqueViolation) return err('already-exists', 'serial');
    throw error;
  }
}

async function registeredAnswer(core: Core, body: RegisterTerminal, isNew: boolean): Promise<Answer<Terminal>> {
  const terminal = await readTerminal(core, body.id);
  if (terminal === undefined) return err('not-found');
  const isSame = isNew || (terminal.serial === body.serial && terminal.deviceId === body.deviceId);
  return isSame ? ok(terminal) : err('exists-with-different-body', 'id');
}

async function changeTerminal(core: Core, actor: Actor, id: string, body: ChangeTerminal): Promise<Answer<Terminal>> {
  const nowMs = core.clock();
  const { merchantId, ...rest } = withoutAbsent(body);
  if (merchantId !== undefined && !(await merchantAnswer(core, merchantId)).ok) return err('not-found', 'merchantId');
  const set = { ...rest, ...(merchantId === undefined ? {} : { merchant_id: merchantId }) };
  await core.db.transaction().execute(async (db) => {
    const changed = await db
      .updateTable('terminals')
      .set((eb) => ({ ...set, version: eb('version', '+', 1) }))
      .where('id', '=', id)
      .executeTakeFirst();
    if (changed.numUpdatedRows === 0n) return;
    await writeAudit(db, nowMs, {
      act: 'terminal.changed',
      actorId: actor.id,
      subject: `terminal:${id}`,
      facts: { ...rest, ...(merchantId === undefined ? {} : { merchantId }) },
    });
  });
  const terminal = await readTerminal(core, id);
  if (terminal === undefined) return err('not-found');
  core.bus.publish({ name: 'terminal', id }, { name: 'audit', id });
  return ok(terminal);
}
