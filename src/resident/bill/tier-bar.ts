import type { DocumentBill } from '../../../protocol/fees/documents.ts';

type Tiers = DocumentBill['tiers'][number];

/** One segment of the bar, in shares of its width (0 to 1). */
export interface TierSegment {
  readonly width: number;
  /** How much of the segment is used. */
  readonly filled: number;
}

/** The bar, and where on it the household stands. Pictures only: nothing is computed from these numbers. */
export interface TierBar {
  readonly segments: readonly TierSegment[];
  readonly used: number;
}

/** The open last tier is drawn this much of the whole: enough to be seen, not more than is known. */
const openShare = 0.1;

/** The bar for `tiers`; a household far into the last tier moves the end of the bar, never past it. */
export function tierBar({ tiers, used }: Tiers): TierBar {
  const bounds = tiers.map(({ upTo }) => (upTo === null ? Number.POSITIVE_INFINITY : Number(upTo)));
  const lastBound = Math.max(0, ...bounds.filter(Number.isFinite));
  const usedNumber = Math.max(0, Number(used));
  const end = Math.max(lastBound / (1 - openShare), usedNumber * 1.02, 1);
  let from = 0;
  const segments = bounds.map((bound) => {
    const to = Math.min(bound, end);
    const width = Math.max(0, to - from);
    const filled = width === 0 ? 0 : Math.min(1, Math.max(0, (usedNumber - from) / width));
    from = to;
    return { width: width / end, filled };
  });
  return { segments, used: usedNumber / end };
}
