import { ok } from '../../../../domain/result.ts';
import type { FeeCorrectionPreview } from '../../../../protocol/http/fees-corrections.ts';
import type { Core } from '../../../core.ts';
import { lockAccount } from '../accounts/change.ts';
import { readAccountRow } from '../accounts/rows.ts';
import { RatingTools, type Trial } from '../billing/rating-tools.ts';
import { correctHousehold, type HouseholdCorrection } from './household.ts';
import { type CorrectionScope, countMeant, nextMeant } from './scope.ts';

/** Households that are looked at in one answer; each is corrected and undone again. */
const pageHouseholds = 50;

/** Undoes a correction that was only tried. */
class Tried extends Error {
  readonly outcome: Awaited<ReturnType<typeof correctHousehold>>;

  constructor(outcome: Tried['outcome']) {
    super('tried');
    this.outcome = outcome;
  }
}

interface Trying {
  readonly core: Core;
  readonly scope: CorrectionScope;
  readonly tools: RatingTools;
}

/** What a correction would make of one household: it is made as it will be, and undone. */
async function tryOne({ core, scope, tools }: Trying, accountId: string): Promise<Tried['outcome']> {
  const nothing: HouseholdCorrection = { oldFen: 0, newFen: 0, corrections: 0 };
  try {
    await core.db.transaction().execute(async (db) => {
      const row = await lockAccount(db, { merchantId: scope.merchantId, accountId });
      if (row === undefined) throw new Tried(ok(nothing));
      const task = { scope, tools, corrector: { by: undefined }, reason: 'preview' };
      throw new Tried(await correctHousehold(core, db, row, task));
    });
  } catch (error) {
    if (error instanceof Tried) return error.outcome;
    throw error;
  }
  return ok(nothing);
}

/** A page of what a correction would change, household by household, in the order in which a run goes through them. */
export async function previewCorrection(
  core: Core,
  scope: CorrectionScope,
  trial: Trial,
  behind: string | undefined,
): Promise<FeeCorrectionPreview> {
  const trying = { core, scope, tools: new RatingTools(scope.merchantId, trial) };
  const counted = await countMeant(core.db, scope);
  const ids = await nextMeant(core.db, scope, behind ?? null, pageHouseholds + 1);
  const shown = ids.slice(0, pageHouseholds);
  const items: FeeCorrectionPreview['items'] = [];
  for (const accountId of shown) {
    const household = await readAccountRow(core.db, { merchantId: scope.merchantId, accountId });
    if (household === undefined) continue;
    const outcome = await tryOne(trying, accountId);
    const about = { accountId, label: household.label, tail: household.tail };
    if (!outcome.ok) items.push({ ...about, refusal: outcome.error, detail: outcome.detail ?? '' });
    else items.push({ ...about, oldFen: outcome.value.oldFen, newFen: outcome.value.newFen });
  }
  const last = shown.at(-1);
  return {
    ...{ bills: counted.bills, households: counted.households, items },
    ...(ids.length > pageHouseholds && last !== undefined ? { next: last } : {}),
  };
}
