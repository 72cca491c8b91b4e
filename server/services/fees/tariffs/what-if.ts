import { err, ok } from '../../../../domain/result.ts';
import { compileTariff } from '../../../../domain/tariffs/compile.ts';
import { rate } from '../../../../domain/tariffs/rate.ts';
import type { Comparison, WhatIf, WhatIfReply } from '../../../../protocol/http/fees-work.ts';
import type { Answer } from '../../../answer.ts';
import type { Core } from '../../../core.ts';
import { readAccountRow } from '../accounts/rows.ts';
import { rateHousehold } from '../billing/rate-household.ts';
import { triedId } from './check.ts';
import { readDraft, tariffWith, type VersionPlace } from './edit.ts';
import { readTariffRow, readVersionRows, type TariffPlace, versionOf } from './load.ts';
import { readRateInput } from './shape.ts';
import { ratedView } from './views.ts';

const comparedMax = 2_000;
const shownMax = 200;

/** Rates one imagined bill under what is in force, or under a draft as it is typed. */
export async function whatIf(core: Core, place: TariffPlace, body: WhatIf): Promise<Answer<WhatIfReply>> {
  const row = await readTariffRow(core.db, place);
  if (row === undefined) return err('not-found');
  const draft = body.draft === undefined ? undefined : readDraft(row, triedId, body.draft);
  if (draft?.ok === false) return ok({ refusal: 'bad-tariff', detail: draft.detail ?? draft.error });
  const tariff = await tariffWith(core, place, draft?.value);
  if (!tariff.ok) return tariff;
  const compiled = compileTariff(tariff.value);
  if (!compiled.ok) return ok({ refusal: compiled.error, detail: compiled.detail ?? '' });
  const input = readRateInput(body.input);
  if (!input.ok) return ok({ refusal: input.error, detail: input.detail ?? '' });
  const rated = rate(compiled.value, input.value);
  if (rated.ok) return ok({ rated: ratedView(rated.value) });
  return ok({ refusal: rated.error, ...(rated.detail === undefined ? {} : { detail: rated.detail }) });
}

/** What a version would make of the bills of a period, as if it had been in force then. Nothing is kept. */
export async function compareVersion(
  core: Core,
  place: VersionPlace,
  period: { readonly from: string; readonly to: string },
): Promise<Answer<Comparison>> {
  const row = (await readVersionRows(core.db, place)).find(({ id }) => id === place.versionId);
  if (row === undefined) return err('not-found');
  const { effectiveTo: _end, ...version } = versionOf(row, false);
  const tariff = await tariffWith(core, place, { ...version, effectiveFrom: '1900-01-01' });
  if (!tariff.ok) return tariff;
  const alone = { ...tariff.value, versions: tariff.value.versions.filter(({ id }) => id === row.id) };
  const compiled = compileTariff(alone);
  if (!compiled.ok) return err('fee-refused', compiled.error);
  const bills = await core.db
    .selectFrom('fee_bills as b')
    .innerJoin('fee_accounts as a', (join) =>
      join.onRef('a.merchant_id', '=', 'b.merchant_id').onRef('a.id', '=', 'b.account_id'),
    )
    .select([
      'b.id',
      'b.account_id',
      'b.period_from',
      'b.period_to',
      'b.principal_fen',
      'b.snapshot',
      'a.label',
      'a.tail',
    ])
    .where('b.merchant_id', '=', place.merchantId)
    .where('b.tariff_id', '=', place.tariffId)
    .where('b.kind', '=', 'bill')
    .where('b.state', '<>', 'void')
    .where('b.period_from', '>=', period.from)
    .where('b.period_to', '<=', period.to)
    .orderBy('b.period_from')
    .limit(comparedMax)
    .execute();
  const items: Comparison['items'] = [];
  for (const bill of bills) {
    const household = await readAccountRow(core.db, { merchantId: place.merchantId, accountId: bill.account_id });
    if (household === undefined) continue;
    const days = { from: bill.period_from, to: bill.period_to };
    const task = { compiled: compiled.value, period: days, account: bill.snapshot.account };
    const now = await rateHousehold(core, core.db, household, task);
    const shown = { billId: bill.id, label: bill.label, tail: bill.tail, oldFen: bill.principal_fen };
    items.push(now.ok ? { ...shown, newFen: now.value.rated.totalFen } : { ...shown, refusal: now.error });
  }
  return ok(comparisonOf(items));
}

function comparisonOf(items: Comparison['items']): Comparison {
  const rated = items.filter((item) => item.newFen !== undefined);
  const change = (item: Comparison['items'][number]): number => (item.newFen ?? item.oldFen) - item.oldFen;
  const ordered = [...items].sort((a, b) => Math.abs(change(b)) - Math.abs(change(a)));
  return {
    bills: items.length,
    oldFen: rated.reduce((sum, item) => sum + item.oldFen, 0),
    newFen: rated.reduce((sum, item) => sum + (item.newFen ?? 0), 0),
    more: rated.filter((item) => change(item) > 0).length,
    less: rated.filter((item) => change(item) < 0).length,
    items: ordered.slice(0, shownMax),
  };
}
