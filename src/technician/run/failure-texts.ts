import type { SharedText } from '../../i18n/shared.en.ts';
import type { TechnicianText } from '../../i18n/technician.en.ts';
import type { ActFailure } from './failure.ts';

type Texts = readonly [what: string, next: string];

function pairOf(texts: readonly string[] | undefined): Texts | undefined {
  return texts === undefined ? undefined : [texts[0] ?? '', texts[1] ?? ''];
}

/** What happened and what to do, for any failure of an act; a code without a text is shown itself. */
export function failureTexts({ from, code, detail }: ActFailure, t: TechnicianText, shared: SharedText): Texts {
  const serverTexts: Readonly<Record<string, readonly string[]>> = shared.failure;
  const tables = { cable: t.cableError, server: serverTexts, page: t.pageError };
  return pairOf(tables[from][code]) ?? [code, detail];
}
