import type { FeeBillRow } from '../../../protocol/http/fees-office.ts';
import type { FeeImportPreview, FeeRun, FeeVersion } from '../../../protocol/http/fees-work.ts';
import type { ApiFailure } from '../../api/failures.ts';
import { officeFeesText } from '../../i18n/office-fees.ts';
import { shared } from '../../i18n/shared.ts';
import type { GlyphName, Tint } from '../../ui/icons.ts';

interface Look {
  readonly glyph: GlyphName;
  readonly tint: Tint;
}

/** How a bill's state looks: overdue is the one that asks for somebody. */
export function billLook(bill: FeeBillRow): Look {
  if (bill.isOverdue) return { glyph: 'warn', tint: 'wait' };
  return {
    open: { glyph: 'half', tint: 'now' },
    paid: { glyph: 'done', tint: 'ok' },
    void: { glyph: 'none', tint: 'off' },
  }[bill.state] as Look;
}

/** How a version's state looks. */
export const versionLooks: Readonly<Record<FeeVersion['state'], Look>> = {
  draft: { glyph: 'empty', tint: 'off' },
  active: { glyph: 'done', tint: 'ok' },
  retired: { glyph: 'none', tint: 'off' },
};

/** How a run's state looks. */
export const runLooks: Readonly<Record<FeeRun['state'], Look>> = {
  running: { glyph: 'now', tint: 'now' },
  done: { glyph: 'done', tint: 'ok' },
  cancelled: { glyph: 'stop', tint: 'wait' },
};

/** What a refusal's own name means; it may name whom it is about behind that. */
function nameWords(name: string): string | undefined {
  const { reason, refusal, forms, files } = officeFeesText.t;
  const [field = '', about] = name.split(': ', 2);
  const known = reason[field] ?? refusal[field] ?? forms.reason[field] ?? forms.fault[field] ?? files.fault[field];
  return known === undefined || about === undefined ? known : `${known} ${about}`;
}

/** What a refusal of fees means, in words. */
export function failureWords(failure: ApiFailure): string {
  const known = failure.field === undefined ? undefined : nameWords(failure.field);
  return known ?? [...shared.t.failure[failure.error], failure.field ?? ''].join(' ').trim();
}

/** What is wrong with a row of a file. A fault without a column is about the row as a whole. */
export function faultsWords(faults: FeeImportPreview['rows'][number]['faults']): string {
  const { fault } = officeFeesText.t.files;
  return faults
    .map(({ column, reason }) =>
      column === '' ? (nameWords(reason) ?? reason) : `${column} ${fault[reason] ?? reason}`,
    )
    .join('; ');
}

/** What is wrong with a form's field, by its name in the interface; nothing when the failure is about another. */
export function faultOf(failure: ApiFailure | undefined, name: string): string | undefined {
  const field = failure?.field;
  if (field !== name && field?.startsWith(`${name}.`) !== true) return undefined;
  if (failure === undefined || failure.error === 'fee-refused') return undefined;
  const { fault, reason } = officeFeesText.t.forms;
  return failure.error === 'not-in-state' ? reason[name] : fault[name];
}

/** The words for a failure that none of the form's fields shows. */
export function restOf(failure: ApiFailure | undefined, names: readonly string[]): string | undefined {
  if (failure === undefined || names.some((name) => faultOf(failure, name) !== undefined)) return undefined;
  return failureWords(failure);
}

/**
 * Why a last value cannot be, said at its field; nothing when the failure is about another. Nothing can be ticked there
 * for a dial that turned over, so the words are other ones than those of a reading.
 */
export function valueFault(failure: ApiFailure | undefined, register: string): string | undefined {
  const [field, about = ''] = failure?.field?.split(': ', 2) ?? [];
  if (about !== register) return undefined;
  if (field === 'reading-falls') return officeFeesText.t.forms.meter.falls;
  return field === 'above-dial' ? officeFeesText.t.reason['above-dial'] : undefined;
}
