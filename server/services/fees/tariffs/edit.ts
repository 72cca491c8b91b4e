import { err, ok } from '../../../../domain/result.ts';
import { compileTariff } from '../../../../domain/tariffs/compile.ts';
import type { Tariff, TariffVersion } from '../../../../domain/tariffs/tariff.ts';
import type { CreateFeeTariff, FeeTariff, SaveFeeVersion } from '../../../../protocol/http/fees-work.ts';
import type { Answer } from '../../../answer.ts';
import type { Core } from '../../../core.ts';
import { type Db, sqlState, uniqueViolation } from '../../../store/database.ts';
import { uuidv7 } from '../../../store/uuid.ts';
import { type Clerk, inOneAct } from '../parts.ts';
import { readTariffRow, readVersionRows, type TariffPlace, type TariffRow, tariffOf, versionOf } from './load.ts';
import { readTariffJson } from './shape.ts';
import { shippedTariff } from './shipped.ts';
import { tariffAnswer } from './views.ts';

/** A version's place. */
export interface VersionPlace extends TariffPlace {
  readonly versionId: string;
}

const versionsMax = 60;

/** A draft as it is typed. */
export interface DraftJson {
  readonly effectiveFrom: string;
  readonly effectiveTo?: string | undefined;
  readonly body: Readonly<Record<string, unknown>>;
  readonly examples: readonly unknown[];
}

/** Reads a typed draft as the only version of its tariff, so that faults name its own fields. */
export function readDraft(row: TariffRow, id: string, draft: DraftJson): Answer<TariffVersion> {
  const { effectiveTo } = draft;
  const version = {
    ...draft.body,
    id,
    state: 'draft',
    effectiveFrom: draft.effectiveFrom,
    ...(effectiveTo === undefined ? {} : { effectiveTo }),
    examples: draft.examples,
  };
  const read = readTariffJson({ ...tariffOf(row, []), versions: [version] });
  if (!read.ok) return err('bad-request', read.detail);
  const compiled = compileTariff(read.value, { drafts: true });
  if (!compiled.ok) return err('bad-request', compiled.detail ?? 'body');
  const [only] = read.value.versions;
  return only === undefined ? err('bad-request', 'body') : ok(only);
}

function bodyOf({
  id: _id,
  state: _state,
  effectiveFrom: _from,
  effectiveTo: _to,
  examples: _examples,
  ...body
}: TariffVersion) {
  return body;
}

/** Holds a tariff, so that what two people do to its versions at once comes one after the other. */
export async function lockTariff(db: Db, { merchantId, tariffId }: TariffPlace): Promise<TariffRow | undefined> {
  return db
    .selectFrom('fee_tariffs')
    .selectAll()
    .where('merchant_id', '=', merchantId)
    .where('id', '=', tariffId)
    .forNoKeyUpdate()
    .executeTakeFirst();
}

/** Makes a draft of a version or changes it. What is or was in force is never changed: make a new version. */
export async function saveVersion(
  core: Core,
  actor: Clerk,
  place: VersionPlace,
  body: SaveFeeVersion,
): Promise<Answer<FeeTariff>> {
  const { merchantId, tariffId, versionId } = place;
  const facts = { tariffId, versionId, effectiveFrom: body.effectiveFrom };
  const done = await inOneAct(core, { act: 'fees.version-saved', actor, merchantId, facts }, async (db) => {
    const row = await lockTariff(db, place);
    if (row === undefined) return err('not-found');
    const draft = readDraft(row, versionId, body);
    if (!draft.ok) return draft;
    const versions = await readVersionRows(db, place);
    const old = versions.find(({ id }) => id === versionId);
    if (old !== undefined && old.state !== 'draft') return err('not-in-state', old.state);
    if ((old?.version ?? 0) !== body.version) return err('not-in-state', 'version');
    if (old === undefined && versions.length >= versionsMax) return err('too-large', 'versions');
    const set = {
      effective_from: body.effectiveFrom,
      effective_to: body.effectiveTo ?? null,
      body: JSON.stringify(bodyOf(draft.value)),
      examples: JSON.stringify(draft.value.examples ?? []),
      note: body.note,
    };
    await (old === undefined
      ? db
          .insertInto('fee_tariff_versions')
          .values({
            ...{ merchant_id: merchantId, tariff_id: tariffId, id: versionId, number: (versions[0]?.number ?? 0) + 1 },
            ...set,
            created_at: new Date(core.clock()),
            created_by: actor?.id ?? null,
          })
          .execute()
      : db
          .updateTable('fee_tariff_versions')
          .set((eb) => ({ ...set, version: eb('version', '+', 1) }))
          .where('merchant_id', '=', merchantId)
          .where('id', '=', versionId)
          .execute());
    return ok(undefined);
  });
  return done.ok ? tariffAnswer(core, place) : done;
}

async function insertTariff(core: Core, db: Db, actor: Clerk, place: TariffPlace, tariff: Tariff): Promise<void> {
  const { id: _id, service, name, versions, ...details } = tariff;
  const at = new Date(core.clock());
  await db
    .insertInto('fee_tariffs')
    .values({
      ...{ merchant_id: place.merchantId, id: place.tariffId, service, name: JSON.stringify(name) },
      details: JSON.stringify(details),
      created_at: at,
      created_by: actor?.id ?? null,
    })
    .execute();
  const ordered = [...versions].sort((a, b) => (a.effectiveFrom < b.effectiveFrom ? -1 : 1));
  for (const [index, version] of ordered.entries())
    await db
      .insertInto('fee_tariff_versions')
      .values({
        ...{ merchant_id: place.merchantId, tariff_id: place.tariffId, id: uuidv7(core.clock()), number: index + 1 },
        ...{ effective_from: version.effectiveFrom, effective_to: version.effectiveTo ?? null },
        body: JSON.stringify(bodyOf(version)),
        examples: JSON.stringify(version.examples ?? []),
        note: version.docRef ?? '',
        created_at: at,
        created_by: actor?.id ?? null,
      })
      .execute();
}

/** Brings in a whole tariff; each of its versions is a draft, whatever the file says: nobody here has looked at it yet. */
export async function createTariff(
  core: Core,
  actor: Clerk,
  merchantId: string,
  body: CreateFeeTariff,
): Promise<Answer<FeeTariff>> {
  const place = { merchantId, tariffId: body.id };
  if ((await readTariffRow(core.db, place)) !== undefined) return tariffAnswer(core, place);
  const json = body.shipped === undefined ? body.tariff : await shippedTariff(body.shipped);
  if (json === undefined) return err('bad-request', body.shipped === undefined ? 'tariff' : 'shipped');
  const tariff = readTariffJson(json);
  if (!tariff.ok) return err('bad-request', tariff.detail);
  const compiled = compileTariff(tariff.value, { drafts: true });
  if (!compiled.ok) return err('bad-request', compiled.detail);
  const facts = { tariffId: body.id, service: tariff.value.service, shipped: body.shipped };
  try {
    const done = await inOneAct(core, { act: 'fees.tariff-created', actor, merchantId, facts }, async (db) => {
      const payee = await db
        .selectFrom('fee_payees')
        .select('merchant_id')
        .where('merchant_id', '=', merchantId)
        .executeTakeFirst();
      if (payee === undefined) return err('not-found');
      await insertTariff(core, db, actor, place, tariff.value);
      return ok(undefined);
    });
    return done.ok ? await tariffAnswer(core, place) : done;
  } catch (error) {
    if (sqlState(error) === uniqueViolation) return err('already-exists', 'id');
    throw error;
  }
}

/** The tariff with what is or was in force, and one draft as if it were. */
export async function tariffWith(
  core: Core,
  place: TariffPlace,
  draft: TariffVersion | undefined,
): Promise<Answer<Tariff>> {
  const row = await readTariffRow(core.db, place);
  if (row === undefined) return err('not-found');
  const rows = await readVersionRows(core.db, place);
  const others = rows
    .filter(({ state, id }) => state !== 'draft' && id !== draft?.id)
    .map((one) => versionOf(one, false))
    .filter((one) => one.effectiveFrom !== draft?.effectiveFrom);
  const all = draft === undefined ? others : [...others, { ...draft, state: 'active' as const }];
  return ok(tariffOf(row, all));
}
