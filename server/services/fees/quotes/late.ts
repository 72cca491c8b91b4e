import type { Fen } from '../../../../domain/money.ts';
import type { CompiledTariff, CompiledVersion } from '../../../../domain/tariffs/compiled.ts';
import { rate } from '../../../../domain/tariffs/rate.ts';
import type { LateFeeBase } from '../../../../domain/tariffs/rating.ts';
import { shanghaiRfc3339 } from '../../../channels/shared/shanghai-time.ts';
import type { Db } from '../../../store/database.ts';
import { loadCompiled } from '../tariffs/load.ts';
import type { Words } from './words.ts';

/** A bill whose late fee is asked for. */
export interface LateFeeAsk {
  readonly tariffId: string;
  readonly customerClass: string;
  /** When the household's contract began; where versions go by that, none holds without it. */
  readonly movedIn: string | null;
  readonly base: LateFeeBase;
}

/** A late fee in all, what was paid of it included, and how it comes about. */
export interface LateFee {
  readonly fen: Fen;
  readonly label: Words;
  readonly words: Words;
}

/**
 * Late fees by bill, as of an instant; bills without one are left out. Throws when the tariff refuses: what cannot be
 * worked out is never taken for nothing.
 */
export async function lateFeesOf(
  db: Db,
  merchantId: string,
  asks: readonly LateFeeAsk[],
  atMs: number,
): Promise<ReadonlyMap<string, LateFee>> {
  const groups = new Map<string, LateFeeAsk[]>();
  for (const ask of asks) {
    const key = `${ask.tariffId} ${ask.customerClass} ${ask.movedIn ?? ''}`;
    groups.set(key, [...(groups.get(key) ?? []), ask]);
  }
  const found = new Map<string, LateFee>();
  for (const group of groups.values()) {
    for (const [billId, late] of await rateGroup(db, merchantId, group, atMs)) found.set(billId, late);
  }
  return found;
}

/**
 * The tariff with each version holding until another one does. A bill is due some weeks after its days, and its price list
 * may have ended by then; the rule that it was made under goes on for it.
 */
function lasting(tariff: CompiledTariff): CompiledTariff {
  const { versions } = tariff;
  const lastOf = ({ to }: CompiledVersion): number => {
    const isHeld = versions.some((other) => other.from <= to && other.to > to);
    return isHeld ? to : Math.min(Infinity, ...versions.map(({ from }) => from).filter((from) => from >= to));
  };
  return { ...tariff, versions: versions.map((version) => ({ ...version, to: lastOf(version) })) };
}

async function rateGroup(
  db: Db,
  merchantId: string,
  group: readonly LateFeeAsk[],
  atMs: number,
): Promise<readonly (readonly [string, LateFee])[]> {
  const [first] = group;
  if (first === undefined) return [];
  const { tariffId, customerClass, movedIn } = first;
  const compiled = await loadCompiled(db, { merchantId, tariffId });
  if (!compiled.ok) throw new Error(`late fees of tariff ${tariffId}: ${compiled.error} ${compiled.detail ?? ''}`);
  const lateFees = group.map(({ base }) => base);
  const account = { customerClass, ...(movedIn === null ? {} : { movedIn }) };
  const rated = rate(lasting(compiled.value), { account, asOf: shanghaiRfc3339(atMs), lateFees });
  if (!rated.ok) throw new Error(`late fees of tariff ${tariffId}: ${rated.error} ${rated.detail ?? ''}`);
  return rated.value.lines.flatMap(({ kind, basis, amountFen, label, words }) =>
    kind === 'late-fee' && basis.billId !== undefined && amountFen > 0
      ? [[basis.billId, { fen: amountFen, label, words }] as const]
      : [],
  );
}
