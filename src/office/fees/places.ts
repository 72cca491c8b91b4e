/** What of the fees is shown. */
export type FeeTab = 'households' | 'tariffs' | 'runs' | 'import' | 'setup';

const tabs: readonly FeeTab[] = ['households', 'tariffs', 'runs', 'import', 'setup'];

/** Where below `/office/fees` one is: a payee, one of its lists, and one thing of it. */
export interface FeePlace {
  readonly payeeId: string | undefined;
  readonly tab: FeeTab;
  readonly id: string | undefined;
}

/** Reads the parts of the path behind `/office/fees`. */
export function feePlace([payeeId, tab, id]: readonly string[]): FeePlace {
  return { payeeId, tab: tabs.find((name) => name === tab) ?? 'households', id };
}

/** The path of a list, or of one thing in it. */
export function feePath(payeeId: string, tab: FeeTab, id?: string): string {
  return ['/office/fees', payeeId, tab, ...(id === undefined ? [] : [id])].join('/');
}
