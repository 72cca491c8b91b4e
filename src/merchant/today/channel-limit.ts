/** Below this share of the limit that is left a channel is said to be near its end. */
const nearShare = 0.1;
/** Less than this is as good as nothing: no sale is that small. */
const spentFen = 500;

/** How a channel stands against its limit. */
export interface LimitLook {
  readonly state: 'free' | 'near' | 'spent' | 'none';
  /** 0 to 1. */
  readonly share: number;
  readonly leftFen: number;
}

/** How much of a day's limit is used, and what that means. Without a limit there is no bar to fill. */
export function limitLook(limit: { readonly maxFen: number; readonly usedFen: number } | undefined): LimitLook {
  if (limit === undefined) return { state: 'none', share: 0, leftFen: 0 };
  const leftFen = Math.max(0, limit.maxFen - limit.usedFen);
  const share = Math.min(1, limit.usedFen / limit.maxFen);
  const state =
    leftFen < Math.min(spentFen, limit.maxFen) ? 'spent' : leftFen <= limit.maxFen * nearShare ? 'near' : 'free';
  return { state, share, leftFen };
}
