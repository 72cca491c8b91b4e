import type { RatedBill, RateInput } from '../../../domain/tariffs/rating.ts';
import type { Component, Tariff } from '../../../domain/tariffs/tariff.ts';
import type { Sums } from './second/bill.ts';
import type { Evaluated } from './second/evaluate.ts';
import { num, textOf } from './second/numbers.ts';

/** A bill as text, so that two can be compared at once. Lines of nothing are printed for the reader's sake alone. */
export function toldByEngine({ lines, totalFen, tiers, state, versions }: RatedBill): string {
  const told = lines
    .filter(({ amountFen, unroundedYuan }) => amountFen !== 0 || unroundedYuan !== '0')
    .map((line) => `${line.componentId} ${line.kind} ${line.version} ${String(line.amountFen)} ${line.unroundedYuan}`);
  const stands = tiers.map(
    (tier) => `${tier.componentId} ${tier.window} ${tier.used} ${String(tier.current)} ${String(tier.left)}`,
  );
  const rows = (table: Readonly<Record<string, Readonly<Record<string, string>>>> = {}, isUsed = false): string[] =>
    Object.entries(table).flatMap(([id, row]) =>
      Object.entries(row).map(([name, text]) => {
        const value = num(text);
        const isRead = value !== undefined && !(isUsed && value < 0n);
        return `${id} ${name} ${isRead ? textOf(value) : '?'}`;
      }),
    );
  return text(told, totalFen, stands, rows(state.used, true), rows(state.billed), versions);
}

/** The same of the second evaluation. */
export function toldBySecond({ lines, used, billed, positions, versions }: Evaluated): string {
  const told = lines
    .map((line) => ({ line, exact: textOf(line.exact) }))
    .filter(({ line, exact }) => line.fen !== 0n || exact !== '0')
    .map(({ line, exact }) => `${line.of} ${line.kind} ${line.version} ${String(line.fen)} ${exact}`);
  const total = lines.reduce((sum, { fen }) => sum + Number(fen), 0);
  const stands = [...positions].map(([id, { window, used: amount, current, left }]) => {
    const rest = left === null ? 'null' : textOf(left);
    return `${id} ${window} ${textOf(amount)} ${String(current)} ${rest}`;
  });
  const rows = (sums: Sums): string[] =>
    [...sums].flatMap(([id, row]) =>
      [...row].map(([name, value]) => `${id} ${name} ${value === null ? '?' : textOf(value)}`),
    );
  return text(told, total, stands, rows(used), rows(billed), versions);
}

function text(
  lines: readonly string[],
  total: number,
  stands: readonly string[],
  used: readonly string[],
  billed: readonly string[],
  versions: readonly string[],
): string {
  const blocks = [
    lines,
    [`total ${String(total)}`],
    [...stands].sort(),
    [...used].sort(),
    [...billed].sort(),
    [...new Set(versions)],
  ];
  return blocks.map((block) => block.join('\n')).join('\n--\n');
}

/** Only what came to something in a bill, for counting which rules really worked. */
export function effective(tariff: Tariff, input: RateInput, { lines, versions }: RatedBill): Tariff {
  const ids = new Set(
    lines
      .filter(({ unroundedYuan }) => unroundedYuan !== '0')
      .map(({ componentId, version }) => `${version} ${componentId}`),
  );
  const hasLate = lines.some(({ kind }) => kind === 'late-fee');
  const within = (version: string, parts: readonly Component[]): Component[] =>
    parts.flatMap((part): Component[] => {
      if (part.kind !== 'select') return ids.has(`${version} ${part.id}`) ? [part] : [];
      const tables = part.tables.map((table) => ({ ...table, components: within(version, table.components) }));
      return tables.some(({ components }) => components.length > 0) ? [{ ...part, tables }] : [];
    });
  const worked = tariff.versions
    .filter(({ id }) => versions.includes(id) || (hasLate && input.period === undefined))
    .map(({ lateFee, adjustments, ...version }) => ({
      ...version,
      components: within(version.id, version.components),
      ...(adjustments && { adjustments: adjustments.filter(({ id }) => ids.has(`${version.id} ${id}`)) }),
      ...(hasLate && lateFee !== undefined ? { lateFee } : undefined),
    }));
  return { ...tariff, versions: worked };
}
