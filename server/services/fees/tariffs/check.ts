import { err, ok } from '../../../../domain/result.ts';
import { checkTariff } from '../../../../domain/tariffs/check.ts';
import { compileTariff } from '../../../../domain/tariffs/compile.ts';
import { rate } from '../../../../domain/tariffs/rate.ts';
import type { Tariff, TariffVersion } from '../../../../domain/tariffs/tariff.ts';
import type { ActivatedFeeVersion, CheckFeeVersion, ExampleReportView } from '../../../../protocol/http/fees-work.ts';
import type { Answer } from '../../../answer.ts';
import type { Core } from '../../../core.ts';
import { readDraft, tariffWith } from './edit.ts';
import { readTariffRow, type TariffPlace } from './load.ts';
import { ratedView } from './views.ts';

/** The id of a draft that is tried and not kept. */
export const triedId = 'draft';

/** What the examples of one version give. */
export function reportOf(tariff: Tariff, version: TariffVersion): ExampleReportView {
  const report = checkTariff(tariff);
  const results = report.results.filter((one) => one.version === version.id);
  if (report.fault !== undefined) return { isRight: false, problem: report.fault, examples: [] };
  const compiled = compileTariff(tariff, { drafts: true });
  const examples = results.map((one, index) => {
    const example = version.examples?.[index];
    const rated = compiled.ok && example !== undefined ? rate(compiled.value, example.input) : undefined;
    return {
      name: one.name,
      isRight: one.ok,
      expected: one.expected,
      got: one.got,
      ...(rated?.ok === true ? { rated: ratedView(rated.value) } : {}),
    };
  });
  return { isRight: examples.length > 0 && examples.every(({ isRight }) => isRight), examples };
}

/** Works through the examples of a draft as it is typed. */
export async function checkDraft(
  core: Core,
  place: TariffPlace,
  body: CheckFeeVersion,
): Promise<Answer<ExampleReportView>> {
  const row = await readTariffRow(core.db, place);
  if (row === undefined) return err('not-found');
  const draft = readDraft(row, triedId, body);
  if (!draft.ok) return ok({ isRight: false, problem: draft.detail ?? draft.error, examples: [] });
  const tariff = await tariffWith(core, place, draft.value);
  return tariff.ok ? ok(reportOf(tariff.value, draft.value)) : tariff;
}

/** Why a version does not come into force. */
export type Hindrance = NonNullable<ActivatedFeeVersion['reason']>;

/** What is wrong with a version's examples. */
export function exampleReason(report: ExampleReportView): Hindrance | undefined {
  if (report.problem !== undefined) return 'bad-tariff';
  if (report.examples.length === 0) return 'no-example';
  return report.isRight ? undefined : 'example-wrong';
}
