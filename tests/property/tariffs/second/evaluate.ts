import type { RateInput, RateRefusal } from '../../../../domain/tariffs/rating.ts';
import type { Tariff, TariffVersion } from '../../../../domain/tariffs/tariff.ts';
import { adjustment } from './adjustments.ts';
import { type Days, type Desk, fit, type Line, type Position, roundingOf, type Sums } from './bill.ts';
import { dayOf, minuteOf, zoneOf } from './calendar.ts';
import { component } from './components.ts';
import { no, Refusal } from './formula.ts';
import { lateFee } from './late-fee.ts';
import { fenOf, isNothing, known, num, rounded, yuanOf, zero } from './numbers.ts';
import { Usage } from './usage.ts';

/** What the second evaluator makes of a bill. */
export interface Evaluated {
  readonly lines: readonly Line[];
  readonly used: Sums;
  readonly billed: Sums;
  readonly positions: ReadonlyMap<string, Position>;
  readonly versions: readonly string[];
}

type Note = (what: string) => void;

const firstDayOf = ({ effectiveFrom }: TariffVersion): number => dayOf(effectiveFrom) as number;

/** The version of a day. With contracts: the newest that the contract is young enough for, or that asks for old ones. */
function versionOn(tariff: Tariff, day: number, contract: number | undefined): TariffVersion {
  const ordered = tariff.versions
    .filter(({ state }) => state !== 'draft')
    .sort((a, b) => firstDayOf(a) - firstDayOf(b));
  const holding = ordered.filter(
    (version) =>
      firstDayOf(version) <= day &&
      (version.effectiveTo === undefined || day <= (dayOf(version.effectiveTo) as number)),
  );
  if (tariff.versionSplit !== 'contract' || holding.length === 0) return holding.at(-1) ?? no('no-version');
  if (holding.length > 1 && contract === undefined) no('unknown-variable');
  const meant = holding.filter((version) => {
    const asked = version.forExistingFrom === undefined ? undefined : dayOf(version.forExistingFrom);
    const isFirst = version === ordered[0];
    return (
      isFirst || contract === undefined || contract >= firstDayOf(version) || (asked !== undefined && asked <= day)
    );
  });
  return meant.at(-1) ?? no('no-version');
}

/** By version, from looking at every day; by reading date a day goes by the last day before the next reading. */
function spansOf(tariff: Tariff, bill: Days, usage: Usage, contract: number | undefined, note: Note) {
  const byReading = tariff.versionSplit === 'reading-date';
  const readOn = byReading ? usage.places().flatMap(({ rises }) => rises.map(({ to }) => to)) : [];
  const spans: { version: TariffVersion; from: number; to: number }[] = [];
  for (let day = bill.from; day < bill.to; day += 1) {
    const next = Math.min(bill.to, ...readOn.filter((to) => to > day));
    const version = versionOn(tariff, byReading ? next - 1 : day, contract);
    const last = spans.at(-1);
    if (last?.version === version) last.to = day + 1;
    else spans.push({ version, from: day, to: day + 1 });
  }
  if (spans.length > 1) note(`versions inside a bill by ${tariff.versionSplit}`);
  if (contract !== undefined && spans.some(({ version }) => contract < firstDayOf(version))) note('an old contract');
  return spans;
}

const readSums = (rows: Readonly<Record<string, Readonly<Record<string, string>>>>, below: boolean): Sums =>
  new Map(
    Object.entries(rows).map(([id, row]) => [
      id,
      new Map(
        Object.entries(row).map(([name, text]) => {
          const value = num(text);
          return [name, value === undefined || (value < 0n && !below) ? null : value] as const;
        }),
      ),
    ]),
  );

function cashLine(
  { cash, cashMode, mode }: ReturnType<typeof roundingOf>,
  version: string,
  lines: readonly Line[],
): Line[] {
  if (cash === undefined) return [];
  const total = lines.reduce((sum, { fen }) => sum + yuanOf(fen), zero);
  const exact = rounded(total, known(cash), cashMode ?? mode) - total;
  if (isNothing(exact)) return [];
  return [{ of: 'rounding', kind: 'rounding', version, exact, fen: fenOf(exact), from: 0, to: 0, rate: undefined }];
}

function work(tariff: Tariff, input: RateInput, note: Note): Evaluated {
  const minute = minuteOf(input.asOf, zoneOf(tariff.timeZone)) ?? no('bad-input');
  const began = input.account.contractFrom ?? input.account.movedIn;
  const contract = began === undefined ? undefined : (dayOf(began) ?? no('bad-input'));
  const used = readSums(input.previous?.used ?? {}, false);
  const billed = readSums(input.previous?.billed ?? {}, true);
  const positions = new Map<string, Position>();
  const lines: Line[] = [];
  const versions: TariffVersion[] = [];
  if (input.period !== undefined) {
    const bill = { from: dayOf(input.period.from) ?? no('bad-input'), to: dayOf(input.period.to) ?? no('bad-input') };
    if (bill.to <= bill.from) no('bad-period');
    const usage = new Usage(tariff, input, bill.from, bill.to, note);
    for (const { version, from, to } of spansOf(tariff, bill, usage, contract, note)) {
      const own: Line[] = [];
      const span = { from, to };
      const desk: Desk = { tariff, input, version, bill, span, usage, used, billed, lines: own, positions, note };
      for (const part of version.components) component(desk, part, span);
      for (const part of version.adjustments ?? []) adjustment(desk, part);
      lines.push(...own);
      versions.push(version);
    }
    // Readings are printed with the bill, so they are looked at even where no price asks for them.
    usage.places();
  } else if ((input.lateFees ?? []).length === 0) no('bad-period');
  const last = versions.at(-1);
  if (last !== undefined && roundingOf(last).at === 'bill') fit(lines, roundingOf(last));
  const day = Math.floor(minute / 1440);
  for (const base of input.lateFees ?? []) {
    const version = versionOn(tariff, dayOf(base.dueOn) ?? no('bad-input'), contract);
    lines.push(...lateFee(version, base, day, input.account.customerClass, note));
  }
  if (last !== undefined) lines.push(...cashLine(roundingOf(last), last.id, lines));
  return { lines, used, billed, positions, versions: versions.map(({ id }) => id) };
}

/** Works a bill out a second time, or says why it cannot be. */
export function evaluate(tariff: Tariff, input: RateInput, note: Note): Evaluated | RateRefusal {
  try {
    return work(tariff, input, note);
  } catch (error) {
    if (error instanceof Refusal) return error.code;
    throw error;
  }
}
