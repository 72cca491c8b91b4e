import { Exact } from './exact.ts';
import { tariffLimits } from './limits.ts';
import type { CommonTotal } from './rating.ts';
import { refuse } from './refused.ts';
import { apportion } from './draft.ts';

const fenStep = Exact.of(1n, 100n);

/** What everybody pays of a common amount. */
export interface Shares {
  /** Fen, in the order of the members; they sum to the whole. */
  readonly fen: readonly bigint[];
  readonly keys: Exact;
}

function readKeys({ members }: CommonTotal, path: string): Exact[] {
  if (members.length === 0) refuse('bad-input', `${path}.members: is empty`);
  if (members.length > tariffLimits.membersMax) refuse('too-large', `${path}.members: has too many`);
  return members.map(({ key }, index) => {
    const value = Exact.read(key);
    if (value === undefined || value.isNegative) {
      return refuse('bad-input', `${path}.members.${String(index)}.key: "${key}" is no decimal from 0 on`);
    }
    return value;
  });
}

/**
 * Divides an amount by keys so that the parts sum to it. Each part is cut to whole fen; what is missing goes, a fen each,
 * to the largest remainders, or all of it to the first.
 */
export function shareOut(
  amount: Exact,
  common: CommonTotal,
  remainder: 'largest-remainder' | 'first',
  path: string,
): Shares {
  const keys = readKeys(common, path);
  const sum = keys.reduce((total, key) => total.plus(key), Exact.zero);
  if (sum.isZero) refuse('formula-error', `${path}.members: all keys are 0`);
  const whole = amount.stepsOf(fenStep, 'half-up');
  const total = Exact.of(whole, 100n);
  const parts = keys.map((key) => total.times(key).over(sum));
  if (remainder === 'largest-remainder') return { fen: apportion(parts, whole, fenStep), keys: sum };
  const cut = parts.map((part) => part.over(fenStep).floor());
  const missing = whole - cut.reduce((given, part) => given + part, 0n);
  return { fen: cut.map((part, index) => (index === 0 ? part + missing : part)), keys: sum };
}

const known = new WeakMap<CommonTotal['members'], Map<string, Shares>>();

/** The same, worked out once for all bills of a building that are rated with the same list of members. */
export function shareOnce(
  amount: Exact,
  common: CommonTotal,
  remainder: 'largest-remainder' | 'first',
  path: string,
): Shares {
  const key = `${remainder} ${amount.toText()}`;
  const before = known.get(common.members) ?? new Map<string, Shares>();
  const shares = before.get(key) ?? shareOut(amount, common, remainder, path);
  if (before.size < 8) known.set(common.members, before.set(key, shares));
  return shares;
}
