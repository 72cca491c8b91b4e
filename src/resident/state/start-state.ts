import type { KeptBill } from './kept.ts';
import type { Entry, PageEffect, PageState } from './page-types.ts';

/** What the page is opened with. */
export interface Opening {
  readonly entry: Entry;
  readonly language: 'zh' | 'en';
  readonly nowMs: number;
  readonly isOnline: boolean;
  readonly code?: string | undefined;
  /** Only with the entry `kept`. */
  readonly kept?: KeptBill | undefined;
}

/** The first state, and what must be done at once: documents that were kept are checked again before they are shown. */
export function startState(opening: Opening): { readonly state: PageState; readonly effects: readonly PageEffect[] } {
  const { entry, language, nowMs, isOnline, code, kept } = opening;
  const state: PageState = {
    ...{ entry, language, nowMs, isOnline },
    openedMs: nowMs,
    link: { phase: 'joining', carrier: 'none' },
    ...(code === undefined ? {} : { code }),
    mustConfirm: kept?.mustConfirm ?? false,
    isConfirmed: kept?.isConfirmed ?? false,
    ...(kept?.quote === undefined ? {} : { check: { document: kept.quote } }),
    ...(kept?.receipt === undefined ? {} : { proof: kept.receipt }),
    ...(kept?.channel === undefined ? {} : { channel: kept.channel }),
    ...(kept?.unanswered === undefined ? {} : { unanswered: kept.unanswered }),
    ...(kept?.payment === undefined ? {} : { payment: { ...kept.payment, step: 'away' as const, asks: 0 } }),
  };
  const effects: PageEffect[] = [];
  if (kept?.receipt !== undefined) effects.push({ type: 'check-receipt', document: kept.receipt });
  if (kept?.quote !== undefined) effects.push({ type: 'check-quote', document: kept.quote });
  return { state, effects };
}
