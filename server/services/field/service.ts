import { secondBlocked } from '../../../domain/unlock/delegation-policy.ts';
import { err, ok } from '../../../domain/result.ts';
import type {
  AskDelegation,
  DecideDelegation,
  DelegationPackage,
  DelegationView,
  DeviceRecords,
  EnrolFieldKey,
  FieldKey,
  Revoke,
  Seconds,
  SubmitSiteRecord,
} from '../../../protocol/http/field.ts';
import type { UnlockCase } from '../../../protocol/http/unlocks.ts';
import type { Actor, Answer } from '../../answer.ts';
import type { Page, PageQuery } from '../paging.ts';
import type { UnlockService } from '../unlocks/service.ts';
import { pageOf } from '../paging.ts';
import { askDelegation } from './ask.ts';
import { decideDelegation, type DecideContext } from './decide.ts';
import { readSecondKeys, readTerminalsWanted, secondFacts } from './facts.ts';
import { enrolFieldKey, listFieldKeys, revokeFieldKey } from './keys.ts';
import { delegationPackage } from './package.ts';
import { submitDeviceRecords, submitSiteRecord } from './records.ts';
import { revokeDelegations } from './revoke.ts';
import { type DelegationRow, findDelegation, readDelegations, viewDelegation } from './rows.ts';

/** What a list of delegations is narrowed to. */
export interface DelegationQuery extends PageQuery {
  readonly state?: DelegationView['state'] | undefined;
  readonly technicianId?: string | undefined;
  /** Those that name the caller as second person. */
  readonly second: boolean;
}

/** Work on site: keys of persons, delegations, and what came of them. */
export interface FieldService {
  enrolKey(actor: Actor, body: EnrolFieldKey): Promise<Answer<FieldKey>>;
  listKeys(actor: Actor, query: PageQuery & { readonly personId?: string | undefined }): Promise<Page<FieldKey>>;
  revokeKey(actor: Actor, id: string, body: Revoke): Promise<Answer<FieldKey>>;
  seconds(actor: Actor, ticketId: string): Promise<Answer<Seconds>>;
  ask(actor: Actor, body: AskDelegation): Promise<Answer<DelegationView>>;
  list(actor: Actor, query: DelegationQuery): Promise<Page<DelegationView>>;
  get(actor: Actor, id: string): Promise<Answer<DelegationView>>;
  decide(actor: Actor, id: string, body: DecideDelegation): Promise<Answer<DelegationView>>;
  /** `actor` is absent for the command line. */
  revoke(actor: Actor | undefined, id: string, body: Revoke): Promise<Answer<DelegationView>>;
  package(actor: Actor, id: string): Promise<Answer<DelegationPackage>>;
  submit(actor: Actor, body: SubmitSiteRecord): Promise<Answer<UnlockCase>>;
  submitByDevice(body: DeviceRecords): Promise<Answer<{ taken: number; known: number }>>;
  /** The newest ones of everybody, for the command line. */
  recent(limit: number): Promise<DelegationView[]>;
  /** By the number that people say, such as `D-3391`. */
  findByNumber(number: string): Promise<DelegationView | undefined>;
}

/** What the service is wired to. */
export interface FieldContext extends DecideContext {
  readonly unlocks: Pick<UnlockService, 'get'>;
}

/** Builds the service. */
export function createFieldService(context: FieldContext): FieldService {
  const { core } = context;
  const seen = async (answer: Promise<Answer<DelegationRow>>): Promise<Answer<DelegationView>> => {
    const settled = await answer;
    return settled.ok ? ok(viewDelegation(settled.value)) : settled;
  };
  return {
    enrolKey: (actor, body) => enrolFieldKey(core, actor, body),
    listKeys: (actor, query) => listFieldKeys(core, actor, query),
    revokeKey: (actor, id, body) => revokeFieldKey(core, actor, id, body),
    seconds: (actor, ticketId) => listSeconds(context, actor, ticketId),
    ask: (actor, body) => seen(askDelegation(core, actor, body)),
    list: (actor, query) => listDelegations(context, actor, query),
    get: (actor, id) => seen(getDelegation(context, actor, id)),
    decide: (actor, id, body) => seen(decideDelegation(context, actor, id, body)),
    revoke: (actor, id, body) => seen(revokeDelegation(context, actor, id, body)),
    package: (actor, id) => delegationPackage(context, actor, id),
    submit: async (actor, body) => {
      const caseId = await submitSiteRecord(core, actor, body);
      return caseId.ok ? context.unlocks.get(actor, caseId.value) : caseId;
    },
    submitByDevice: (body) => submitDeviceRecords(core, body),
    recent: async (limit) => (await readDelegations(core.db, { limit })).map(viewDelegation),
    findByNumber: (number) => findByNumber(context, number),
  };
}

async function findByNumber({ core }: FieldContext, number: string): Promise<DelegationView | undefined> {
  const sequence = Number(/^D-(\d{1,10})$/i.exec(number)?.[1] ?? Number.NaN);
  if (!Number.isSafeInteger(sequence)) return undefined;
  const [row] = await readDelegations(core.db, { limit: 1, before: sequence + 1 });
  return row?.sequence === sequence ? viewDelegation(row) : undefined;
}

async function listSeconds({ core }: FieldContext, actor: Actor, ticketId: string): Promise<Answer<Seconds>> {
  const nowMs = core.clock();
  const [terminal] = await readTerminalsWanted(core.db, [ticketId], actor.id, nowMs);
  if (terminal === undefined) return err('not-found', 'ticketId');
  const keys = await readSecondKeys(core.db, actor.id, nowMs);
  const items = keys
    .filter(
      (key) => key.person_id !== actor.id && (key.role !== 'merchant' || key.merchant_id === terminal.merchant_id),
    )
    .map((key) => {
      const blocked = secondBlocked(core.delegationPolicy, secondFacts(key, actor.id, terminal.merchant_id));
      return {
        keyId: key.key_id,
        person: { id: key.person_id, name: key.person_name },
        role: key.role as Seconds['items'][number]['role'],
        label: key.label,
        ...(blocked === undefined ? {} : { blocked }),
      };
    });
  return ok({ items });
}

const isOffice = (actor: Actor): boolean => actor.role === 'operator' || actor.role === 'approver';

function maySee(actor: Actor, row: DelegationRow): boolean {
  const isSecond = row.seconds.some((second) => second.person.id === actor.id);
  return isOffice(actor) || row.technician_id === actor.id || isSecond;
}

async function getDelegation({ core }: FieldContext, actor: Actor, id: string): Promise<Answer<DelegationRow>> {
  const row = await findDelegation(core.db, id);
  return row === undefined || !maySee(actor, row) ? err('not-found') : ok(row);
}

async function listDelegations(
  { core }: FieldContext,
  actor: Actor,
  query: DelegationQuery,
): Promise<Page<DelegationView>> {
  const asSecond = query.second || actor.role === 'merchant';
  const own = isOffice(actor) ? query.technicianId : actor.id;
  const rows = await readDelegations(core.db, {
    state: query.state,
    ...(asSecond ? { secondId: actor.id } : { technicianId: own }),
    limit: query.limit + 1,
    before: /^\d{1,15}$/.test(query.after ?? '') ? Number(query.after) : undefined,
  });
  const { items, nextCursor } = pageOf(rows, query.limit, (row) => String(row.sequence));
  return { items: items.map(viewDelegation), ...(nextCursor === undefined ? {} : { nextCursor }) };
}

async function revokeDelegation(
  { core }: FieldContext,
  actor: Actor | undefined,
  id: string,
  body: Revoke,
): Promise<Answer<DelegationRow>> {
  const found = await findDelegation(core.db, id);
  const isForeign = actor !== undefined && !isOffice(actor) && found?.technician_id !== actor.id;
  if (found === undefined || isForeign) return err('not-found');
  if (found.state === 'revoked') return ok(found);
  const cause = { actor, reason: body.reason, nowMs: core.clock() };
  const changed = await core.db.transaction().execute((db) => revokeDelegations(db, [id], cause));
  if (changed.length === 0) return err('not-in-state');
  core.bus.publish({ name: 'delegation', id }, { name: 'audit', id });
  const row = await findDelegation(core.db, id);
  return row === undefined ? err('not-found') : ok(row);
}
