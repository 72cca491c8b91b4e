/** The office's words for correcting many bills at once, in English: a price list for days gone by, a building's total. */
export const officeFeeCorrectionsEn = {
  versionTitle: (number: number) => `Version ${number} covers days that were billed`,
  versionHint:
    'The bills stay as they are. Each household gets the difference as a bill of its own: on top where the new price is higher, given back where it is lower.',
  totalTitle: (label: string) => `Correct the total: ${label}`,
  totalHint:
    'The new total is divided among the same households by the same keys. Each gets the difference as a bill of its own; the shares sum to the new total exactly.',
  correctTotal: 'Correct the total',
  toldBefore: (total: string) => `The run was told ${total}; the total was corrected later.`,
  right: (label: string, unit: string) => `${label}: right use of the whole building, ${unit}`,
  rightAmount: (label: string) => `${label}: right amount, yuan`,
  look: 'See what changes',
  looking: 'Working it out …',
  counts: (households: number, bills: number) =>
    `${households === 1 ? '1 household' : `${households} households`}, ${bills === 1 ? '1 bill' : `${bills} bills`}`,
  /** What the shown households' bills come to. */
  sum: (shown: number, all: number, old: string, fresh: string) =>
    `${shown === all ? 'Together' : `The first ${shown} of ${all} together`}: ${old} → ${fresh}`,
  /** What all shares come to. */
  whole: (old: string, fresh: string) => `All shares: ${old} → ${fresh}`,
  columns: { household: 'Household', old: 'Before', fresh: 'After', change: 'Difference' },
  same: 'same',
  more: 'Show more households',
  notPossible: (count: number) =>
    count === 1
      ? 'One of those shown cannot be corrected; the run lists it with its reason.'
      : `${count} of those shown cannot be corrected; the run lists them with their reasons.`,
  none: 'No bill of these days is there any more.',
  reason: 'Why, for the bill and the record',
  correct: 'Correct the bills',
  again: 'Correct bills that are left over',
  started: 'The bills are being corrected.',
  kind: 'Correction',
  titleOf: (about: string) => `Correction: ${about}`,
  made: (count: number) => (count === 1 ? '1 household corrected' : `${count} households corrected`),
  kept: (count: number) => (count === 1 ? '1 came to the same' : `${count} came to the same`),
  refusals: (count: number) => `${count} not corrected, each with its reason`,
  noRefusals: 'Every household was corrected or came to the same.',
};

/** Shape of the words for corrections. */
export type OfficeFeeCorrectionsText = typeof officeFeeCorrectionsEn;
