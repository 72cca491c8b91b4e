import { err, ok } from '../../../../domain/result.ts';
import type { FeeTariff } from '../../../../protocol/http/fees-work.ts';
import type { Answer } from '../../../answer.ts';
import type { Core } from '../../../core.ts';
import { type Clerk, inOneAct } from '../parts.ts';
import { lockTariff, type VersionPlace } from './edit.ts';
import { readVersionRows } from './load.ts';
import { tariffAnswer } from './views.ts';

/** Ends a version with its last day. Bills that were made stay; later days have no price until another version begins. */
export async function retireVersion(
  core: Core,
  actor: Clerk,
  place: VersionPlace,
  effectiveTo: string,
): Promise<Answer<FeeTariff>> {
  const { merchantId, tariffId, versionId } = place;
  const facts = { tariffId, versionId, effectiveTo };
  const done = await inOneAct(core, { act: 'fees.version-retired', actor, merchantId, facts }, async (db) => {
    await lockTariff(db, place);
    const row = (await readVersionRows(db, place)).find(({ id }) => id === versionId);
    if (row === undefined) return err('not-found');
    if (row.state === 'retired' && row.effective_to === effectiveTo) return ok(undefined);
    if (row.state !== 'active') return err('not-in-state', row.state);
    if (effectiveTo < row.effective_from) return err('bad-request', 'effectiveTo');
    await db
      .updateTable('fee_tariff_versions')
      .set((eb) => ({
        ...{ state: 'retired' as const, effective_to: effectiveTo, retired_at: new Date(core.clock()) },
        retired_by: actor?.id ?? null,
        version: eb('version', '+', 1),
      }))
      .where('merchant_id', '=', merchantId)
      .where('id', '=', versionId)
      .execute();
    return ok(undefined);
  });
  return done.ok ? tariffAnswer(core, place) : done;
}
