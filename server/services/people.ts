import { randomBytes } from 'node:crypto';
import { hashPassword, symmetricEncrypt } from 'better-auth/crypto';
import { sql } from 'kysely';
import { Secret } from 'otpauth';
import { err, ok } from '../../domain/result.ts';
import type { ApiErrorCode } from '../../protocol/http/common.ts';
import type {
  ChangePerson,
  Confirm,
  Invitation,
  InvitationView,
  InvitePerson,
  Me,
  Person,
} from '../../protocol/http/people.ts';
import type { Actor, Answer } from '../answer.ts';
import { writeAudit } from '../audit/records.ts';
import type { FactorService } from '../auth/factors.ts';
import type { Core } from '../core.ts';
import type { Trust } from '../keys/trust.ts';
import { type Db, sqlState, uniqueViolation } from '../store/database.ts';
import { confirmed, hashToken, type NewInvitation, newInvitation, viewInvitation } from './invitations.ts';
import type { Page } from './paging.ts';

/** Somebody that start-up code wants to exist. `totpSecret` is base32 and must decode to printable ASCII. */
export interface SeedPerson {
  readonly name: string;
  readonly email: string;
  readonly role: Person['role'];
  readonly locale?: Me['locale'] | undefined;
  readonly password?: string | undefined;
  readonly totpSecret?: string | undefined;
  /** For somebody of a merchant: the merchant must exist. */
  readonly merchantId?: string | undefined;
}

/** Staff accounts: invited by operators, never signing up by themselves. */
export interface PeopleService {
  me(id: string): Promise<Answer<Me>>;
  /** All accounts, or those of one merchant's staff. */
  list(merchantId?: string): Promise<Page<Person>>;
  /** `factor-needed` without a second factor; `actor` is absent for the command line, which needs none. */
  invite(actor: Actor | undefined, body: InvitePerson): Promise<Answer<Invitation>>;
  /** A new invitation for somebody who never took the last one, which ends. `not-in-state` for anybody else. */
  reinvite(actor: Actor, id: string, confirm: Confirm | undefined, guard?: ChangeGuard): Promise<Answer<Invitation>>;
  viewInvitation(token: string): Promise<Answer<InvitationView>>;
  acceptInvitation(token: string, password: string): Promise<Answer<{ done: true }>>;
  /** `guard` is asked inside the transaction, before anything is changed; what it names refuses the change. */
  change(actor: Actor, id: string, body: ChangePerson, guard?: ChangeGuard): Promise<Answer<Person>>;
  /** Makes the account unless the e-mail address is known. @returns its id. */
  ensurePerson(person: SeedPerson): Promise<string>;
  findByEmail(email: string): Promise<{ id: string } | undefined>;
}

/** Looks at a change inside its transaction; gives why it must not be. */
export type ChangeGuard = (db: Db) => Promise<ApiErrorCode | undefined>;

const peopleMax = 500;

/** What the service needs beside the core. */
export interface PeopleOptions {
  readonly publicUrl: string;
  readonly secret: string;
  readonly factors: FactorService;
}

/** Builds the service. */
export function createPeopleService(core: Core, trust: Trust, options: PeopleOptions): PeopleService {
  return {
    me: (id) => readMe(core, id),
    list: async (merchantId) => ({ items: await readPeople(core.db, merchantId) }),
    invite: (actor, body) => invite(core, options, actor, body),
    reinvite: (actor, id, confirm, guard) => reinvite(core, options, { actor, confirm, guard }, id),
    viewInvitation: (token) => viewInvitation(core, token),
    acceptInvitation: (token, password) => accept(core, trust, token, password),
    change: (actor, id, body, guard) => change(core, trust, { actor, guard }, id, body),
    ensurePerson: (person) => ensurePerson(core, trust, options, person),
    findByEmail: (email) =>
      core.db.selectFrom('user').select('id').where('email', '=', email.toLowerCase()).executeTakeFirst(),
  };
}

function selectPeople(db: Db) {
  return db.selectFrom('user as u').select((eb) => [
    'u.id',
    'u.name',
    'u.email',
    'u.role',
    'u.locale',
    'u.state',
    'u.merchantId',
    'u.createdAt',
    eb
      .selectFrom('passkey as p')
      .whereRef('p.userId', '=', 'u.id')
      .select(eb.fn.countAll<number>().as('n'))
      .as('passkeys'),
    eb
      .selectFrom('twoFactor as f')
      .whereRef('f.userId', '=', 'u.id')
      .where(sql<boolean>`coalesce(f.verified, true)`)
      .select(eb.fn.countAll<number>().as('n'))
      .as('totps'),
  ]);
}

type PersonRow = Awaited<ReturnType<ReturnType<typeof selectPeople>['executeTakeFirstOrThrow']>>;

function personOf(row: PersonRow): Person {
  return {
    id: row.id,
    name: row.name,
    email: row.email,
    role: row.role as Person['role'],
    state: row.state as Person['state'],
    ...(row.merchantId === null ? {} : { merchantId: row.merchantId }),
    passkeys: row.passkeys ?? 0,
    totp: (row.totps ?? 0) > 0,
    createdAt: row.createdAt.toISOString(),
  };
}

async function readPeople(db: Db, merchantId?: string): Promise<Person[]> {
  const all = selectPeople(db);
  const own = all.where('u.role', '=', 'merchant').where('u.merchantId', '=', merchantId ?? '');
  const rows = await (merchantId === undefined ? all : own)
    .orderBy('u.createdAt')
    .orderBy('u.id')
    .limit(peopleMax)
    .execute();
  return rows.map(personOf);
}

async function readMe(core: Core, id: string): Promise<Answer<Me>> {
  const row = await selectPeople(core.db).where('u.id', '=', id).executeTakeFirst();
  if (row === undefined || row.state === 'disabled') return err('unauthenticated');
  const { name, email, role, passkeys, totp } = personOf(row);
  return ok({ id, name, email, role, locale: row.locale === 'en' ? 'en' : 'zh', passkeys, totp });
}

function newUser(
  id: string,
  body: { email: string; name: string; role: string },
  state: string,
  locale: string,
  nowMs: number,
) {
  return {
    id,
    name: body.name,
    email: body.email.toLowerCase(),
    emailVerified: true,
    twoFactorEnabled: false,
    role: body.role,
    locale,
    state,
    merchantId: null,
    createdAt: new Date(nowMs),
    updatedAt: new Date(nowMs),
  };
}

const newId = (): string => randomBytes(16).toString('hex');

async function invite(
  core: Core,
  options: PeopleOptions,
  actor: Actor | undefined,
  body: InvitePerson,
): Promise<Answer<Invitation>> {
  if (actor !== undefined) {
    const { email, confirm } = body;
    const isKnown = core.db.selectFrom('user').select('id').where('email', '=', email.toLowerCase());
    // What cannot be is told before anybody is asked for a code.
    if (confirm === undefined && (await isKnown.executeTakeFirst()) !== undefined)
      return err('already-exists', 'email');
    const verdict = await confirmed(options.factors, actor, confirm);
    if (!verdict.ok) return verdict;
  }
  const nowMs = core.clock();
  const id = newId();
  let made: NewInvitation | undefined;
  try {
    await core.db.transaction().execute(async (db) => {
      const user = newUser(id, body, 'invited', 'zh', nowMs);
      await db
        .insertInto('user')
        .values({ ...user, merchantId: body.merchantId ?? null })
        .execute();
      made = await newInvitation(db, id, nowMs);
      await writeAudit(db, nowMs, {
        act: 'person.invited',
        actorId: actor?.id,
        subject: `person:${id}`,
        facts: { role: body.role },
      });
    });
  } catch (error) {
    if (sqlState(error) === uniqueViolation) return err('already-exists', 'email');
    throw error;
  }
  core.bus.publish({ name: 'audit', id });
  return ok(await invitationOf(core, options, id, made));
}

async function invitationOf(
  core: Core,
  options: PeopleOptions,
  id: string,
  made: NewInvitation | undefined,
): Promise<Invitation> {
  if (made === undefined) throw new Error('an invitation was not written');
  const row = await selectPeople(core.db).where('u.id', '=', id).executeTakeFirstOrThrow();
  const link = new URL(`/invitation/${made.token}`, options.publicUrl).toString();
  return { person: personOf(row), link, expiresAt: made.expiresAt.toISOString() };
}

interface Reinviting {
  readonly actor: Actor;
  readonly confirm: Confirm | undefined;
  readonly guard: ChangeGuard | undefined;
}

async function reinvite(
  core: Core,
  options: PeopleOptions,
  { actor, confirm, guard }: Reinviting,
  id: string,
): Promise<Answer<Invitation>> {
  const nowMs = core.clock();
  const verdict = confirm && (await confirmed(options.factors, actor, confirm));
  if (verdict?.ok === false) return verdict;
  const made = await core.db.transaction().execute(async (db) => {
    const refusal = await guard?.(db);
    if (refusal !== undefined) return refusal;
    const person = await db.selectFrom('user').select('state').where('id', '=', id).forUpdate().executeTakeFirst();
    if (person === undefined) return 'not-found' as const;
    if (person.state !== 'invited') return 'not-in-state' as const;
    if (confirm === undefined) return 'factor-needed' as const;
    // Whoever holds the earlier link must not be able to use it beside the new one.
    await db.deleteFrom('invitations').where('person_id', '=', id).where('used_at', 'is', null).execute();
    const invitation = await newInvitation(db, id, nowMs);
    await writeAudit(db, nowMs, { act: 'person.invited-again', actorId: actor.id, subject: `person:${id}`, facts: {} });
    return invitation;
  });
  if (typeof made === 'string') return err(made, made === 'factor-needed' ? 'confirm' : undefined);
  core.bus.publish({ name: 'audit', id });
  return ok(await invitationOf(core, options, id, made));
}

async function accept(core: Core, trust: Trust, token: string, password: string): Promise<Answer<{ done: true }>> {
  const nowMs = core.clock();
  const hashed = await hashPassword(password);
  const person = await core.db.transaction().execute(async (db) => {
    const used = await db
      .updateTable('invitations')
      .set({ used_at: new Date(nowMs) })
      .where('token_hash', '=', hashToken(token))
      .where('used_at', 'is', null)
      .where('expires_at', '>', new Date(nowMs))
      .returning('person_id')
      .executeTakeFirst();
    if (used === undefined) return undefined;
    await setPassword(db, used.person_id, hashed, nowMs);
    await writeAudit(db, nowMs, {
      act: 'person.joined',
      actorId: used.person_id,
      subject: `person:${used.person_id}`,
      facts: {},
    });
    return db
      .updateTable('user')
      .set({ state: 'active', updatedAt: new Date(nowMs) })
      .where('id', '=', used.person_id)
      .where('state', '!=', 'disabled')
      .returning(['id', 'role'])
      .executeTakeFirst();
  });
  if (person === undefined) return err('not-found');
  if (person.role === 'approver') await makeApprover(core, trust, person.id);
  core.bus.publish({ name: 'audit', id: person.id });
  return ok({ done: true });
}

async function setPassword(db: Db, personId: string, hashed: string, nowMs: number): Promise<void> {
  const now = new Date(nowMs);
  await db
    .insertInto('account')
    .values({
      id: newId(),
      accountId: personId,
      providerId: 'credential',
      userId: personId,
      password: hashed,
      createdAt: now,
      updatedAt: now,
    })
    .execute();
}

async function makeApprover(core: Core, trust: Trust, personId: string): Promise<void> {
  await trust.ensureApproverKey(personId);
  await trust.refresh();
  core.bus.publish({ name: 'keys', id: personId });
}

async function change(
  core: Core,
  trust: Trust,
  { actor, guard }: { readonly actor: Actor; readonly guard: ChangeGuard | undefined },
  id: string,
  body: ChangePerson,
): Promise<Answer<Person>> {
  if (id === actor.id && (body.disabled === true || body.role !== undefined)) return err('same-person');
  const nowMs = core.clock();
  const changed = await core.db.transaction().execute(async (db) => {
    const refusal = await guard?.(db);
    if (refusal !== undefined) return { refusal };
    const before = await db
      .selectFrom('user')
      .select(['state', 'role'])
      .where('id', '=', id)
      .forUpdate()
      .executeTakeFirst();
    if (before === undefined) return undefined;
    const hasPassword = await db.selectFrom('account').select('id').where('userId', '=', id).executeTakeFirst();
    const enabled = hasPassword === undefined ? 'invited' : 'active';
    await db
      .updateTable('user')
      .set({
        updatedAt: new Date(nowMs),
        ...(body.name === undefined ? {} : { name: body.name }),
        ...(body.role === undefined ? {} : { role: body.role }),
        ...(body.disabled === undefined ? {} : { state: body.disabled ? 'disabled' : enabled }),
      })
      .where('id', '=', id)
      .execute();
    if (body.disabled === true || body.role !== undefined)
      await db.deleteFrom('session').where('userId', '=', id).execute();
    await writeAudit(db, nowMs, {
      act: 'person.changed',
      actorId: actor.id,
      subject: `person:${id}`,
      facts: { ...body },
    });
    return { ...before, ...body };
  });
  if (changed === undefined) return err('not-found');
  if ('refusal' in changed) return err(changed.refusal);
  if (changed.role === 'approver') await trust.ensureApproverKey(id);
  await trust.refresh();
  core.bus.publish({ name: 'audit', id }, { name: 'keys', id });
  return ok(personOf(await selectPeople(core.db).where('u.id', '=', id).executeTakeFirstOrThrow()));
}

async function ensurePerson(core: Core, trust: Trust, options: PeopleOptions, person: SeedPerson): Promise<string> {
  const nowMs = core.clock();
  const id = newId();
  const made = await core.db.transaction().execute(async (db) => {
    const user = {
      ...newUser(id, person, 'active', person.locale ?? 'zh', nowMs),
      twoFactorEnabled: person.totpSecret !== undefined,
      merchantId: person.merchantId ?? null,
    };
    const inserted = await db
      .insertInto('user')
      .values(user)
      .onConflict((conflict) => conflict.column('email').doNothing())
      .executeTakeFirst();
    if (inserted.numInsertedOrUpdatedRows !== 1n) return false;
    if (person.password !== undefined) await setPassword(db, id, await hashPassword(person.password), nowMs);
    if (person.totpSecret !== undefined) await setTotp(db, options.secret, id, person.totpSecret);
    await writeAudit(db, nowMs, { act: 'person.seeded', subject: `person:${id}`, facts: { role: person.role } });
    return true;
  });
  const known = await core.db
    .selectFrom('user')
    .select('id')
    .where('email', '=', person.email.toLowerCase())
    .executeTakeFirstOrThrow();
  if (made && person.role === 'approver') await makeApprover(core, trust, known.id);
  return known.id;
}

async function setTotp(db: Db, key: string, personId: string, base32: string): Promise<void> {
  const secret = Secret.fromBase32(base32).utf8;
  if (!/^[\x20-\x7e]+$/.test(secret)) throw new RangeError('ensurePerson.totpSecret: must decode to printable ASCII');
  const backupCodes = await symmetricEncrypt({ key, data: '[]' });
  await db
    .insertInto('twoFactor')
    .values({
      id: newId(),
      secret: await symmetricEncrypt({ key, data: secret }),
      backupCodes,
      userId: personId,
      verified: true,
    })
    .execute();
}
