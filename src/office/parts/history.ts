import { lockReasons, reasonsOf } from '../../../domain/unlock/states.ts';
import type { LockReason } from '../../../domain/unlock/states.ts';
import type { HistoryEntry } from '../../../protocol/http/registry.ts';
import { i18n } from '../../i18n/i18n.svelte.ts';
import { officeText } from '../../i18n/office.ts';
import { shared } from '../../i18n/shared.ts';

/** An act or a kind of event in the reader's language; an unknown one is shown as the server names it. */
export function actWords(act: string): string {
  return officeText.t.act[act] ?? act;
}

/** One line of a terminal's history in words: what happened, and for locks why. */
export function historyWords(entry: Pick<HistoryEntry, 'kind' | 'facts'>): string {
  const reasons = reasonsIn(entry.facts).map((reason) => shared.t.reason[reason]);
  const separator = i18n.language === 'zh' ? '：' : ': ';
  return actWords(entry.kind) + (reasons.length === 0 ? '' : separator + i18n.formats.list(reasons));
}

function reasonsIn(facts: Readonly<Record<string, unknown>>): LockReason[] {
  const { reasons } = facts;
  if (typeof reasons === 'number') return reasonsOf(reasons);
  return Array.isArray(reasons) ? lockReasons.filter((reason) => reasons.includes(reason)) : [];
}
