import type { FeeBillRow } from '../../../protocol/http/fees-office.ts';
import type { FeeRun, FeeVersion } from '../../../protocol/http/fees-work.ts';
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

/** What a refusal of fees means, in words. */
export function failureWords(failure: ApiFailure): string {
  const { reason, refusal } = officeFeesText.t;
  const known = failure.field === undefined ? undefined : (reason[failure.field] ?? refusal[failure.field]);
  return known ?? [...shared.t.failure[failure.error], failure.field ?? ''].join(' ').trim();
}
