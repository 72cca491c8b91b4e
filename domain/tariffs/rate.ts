import { addFen, type Fen } from '../money.ts';
import { err, ok, type Result } from '../result.ts';
import { adjust } from './adjust.ts';
import type { CompiledTariff, CompiledVersion } from './compiled.ts';
import { rateComponent } from './components.ts';
import { dayText, readDay, readInstant } from './days.ts';
import { type Days, type DraftLine, fenOf, roundTogether, type Scope } from './draft.ts';
import { Exact } from './exact.ts';
import { lateFeeLines } from './late-fee.ts';
import { tariffLimits } from './limits.ts';
import type { RatedBill, RatedLine, RateInput, RateRefusal, TierPosition } from './rating.ts';
import { Refused, refuse } from './refused.ts';
import { StateBook } from './state.ts';
import { UsageBook } from './usage.ts';
import { cashWords } from './words.ts';

interface Span extends Days {
  readonly version: CompiledVersion;
}

function dayOf(text: string, name: string): number {
  return readDay(text) ?? refuse('bad-input', `${name}: "${text}" is no day yyyy-mm-dd`);
}

/** The version that holds on a day, for a contract that began on another. The first is also for those before it. */
function versionOn(
  { versions, split }: CompiledTariff,
  day: number,
  contractFrom: number | undefined,
): CompiledVersion {
  const holds = ({ from, to }: CompiledVersion): boolean => day >= from && day < to;
  if (split === 'contract' && contractFrom === undefined && versions.filter(holds).length > 1) {
    refuse('unknown-variable', 'account.contractFrom: is not known, and several prices hold at once');
  }
  const found = versions.findLast((version, index) => {
    if (!holds(version)) return false;
    if (split !== 'contract' || index === 0 || contractFrom === undefined || contractFrom >= version.from) return true;
    return version.existingFrom !== undefined && day >= version.existingFrom;
  });
  return found ?? refuse('no-version', `versions: none holds on ${dayText(day)}`);
}

function cutDays({ versions, split }: CompiledTariff, bill: Days, book: UsageBook): number[] {
  const changes =
    split === 'reading-date'
      ? book.readingDays()
      : versions.flatMap(({ from, to, existingFrom }) =>
          existingFrom === undefined ? [from, to] : [from, to, existingFrom],
        );
  const inside = changes.filter((day) => day > bill.from && day < bill.to);
  return [bill.from, ...[...new Set(inside)].sort((a, b) => a - b), bill.to];
}

/** The bill's days by version. By reading date a stretch between two readings goes by its last day. */
function spansOf(tariff: CompiledTariff, bill: Days, book: UsageBook, contractFrom: number | undefined): Span[] {
  const single = tariff.versions[0];
  if (tariff.versions.length === 1 && single !== undefined && single.from <= bill.from && single.to >= bill.to) {
    return [{ ...bill, version: single }];
  }
  const days = cutDays(tariff, bill, book);
  const spans: Span[] = [];
  days.slice(1).forEach((to, index) => {
    const from = days[index] ?? to;
    const version = versionOn(tariff, tariff.split === 'reading-date' ? to - 1 : from, contractFrom);
    const before = spans.at(-1);
    if (before?.version === version) spans[spans.length - 1] = { from: before.from, to, version };
    else spans.push({ from, to, version });
  });
  return spans;
}

function rateSpan(scope: Scope): void {
  for (const component of scope.version.components) rateComponent(scope, component, scope.span);
  adjust(scope);
}

type Writable<T> = { -readonly [K in keyof T]: T[K] };

function finished(line: DraftLine): RatedLine {
  const done: Writable<RatedLine> = {
    id: line.id,
    componentId: line.componentId,
    label: line.label,
    kind: line.kind,
    version: line.version,
    unroundedYuan: line.exact.toText(),
    amountFen: line.rounded,
    words: line.words,
    basis: line.basis,
  };
  if (line.quantity !== undefined) done.quantity = line.quantity;
  if (line.unit !== undefined) done.unit = line.unit;
  if (line.price !== undefined) done.price = line.price;
  if (line.invoiceClass !== undefined) done.invoiceClass = line.invoiceClass;
  if (line.taxRate !== undefined) done.taxRate = line.taxRate;
  return done;
}

function totalOf(lines: readonly RatedLine[]): Fen {
  let total = 0 as Fen;
  for (const { amountFen } of lines) total = addFen(total, amountFen);
  return total;
}

function cashLine(
  tariff: CompiledTariff,
  version: CompiledVersion | undefined,
  lines: readonly RatedLine[],
): readonly RatedLine[] {
  if (version?.rounding.cash === undefined) return [];
  const { cash, cashMode } = version.rounding;
  const total = Exact.of(totalOf(lines), 100);
  const exact = total.roundedTo(cash, cashMode).minus(total);
  if (exact.isZero) return [];
  return [
    {
      id: 'rounding',
      componentId: 'rounding',
      label: { zh: '尾数取整', en: 'Rounding' },
      kind: 'rounding',
      version: version.id,
      unroundedYuan: exact.toText(),
      amountFen: fenOf(exact, Exact.of(1n, 100n), 'half-up'),
      words: cashWords(cash.toText(), tariff.money),
      basis: { rule: 'rounding' },
    },
  ];
}

function periodOf(input: RateInput): Days | undefined {
  if (input.period === undefined) return undefined;
  const [from, to] = [dayOf(input.period.from, 'period.from'), dayOf(input.period.to, 'period.to')];
  if (to <= from) refuse('bad-period', 'period.to: is not after period.from');
  if (to - from > tariffLimits.periodMaxDays) refuse('too-large', 'period: is too long');
  return { from, to };
}

interface Charges {
  readonly lines: readonly RatedLine[];
  readonly usage: RatedBill['usage'];
  readonly tiers: readonly TierPosition[];
  readonly versions: readonly string[];
  /** The version of the bill's last day, which says how the total is rounded. */
  readonly last?: CompiledVersion | undefined;
}

function rateCharges(
  tariff: CompiledTariff,
  input: RateInput,
  bill: Days,
  contract: number | undefined,
  state: StateBook,
): Charges {
  const book = new UsageBook(input.usage ?? {}, bill.from, bill.to, tariff);
  const spans = spansOf(tariff, bill, book, contract);
  const positions = new Map<string, TierPosition>();
  const drafts: DraftLine[] = [];
  for (const { version, from, to } of spans) {
    const lines: DraftLine[] = [];
    rateSpan({ tariff, version, input, bill, span: { from, to }, book, state, lines, positions });
    for (const line of lines) drafts.push(line);
  }
  const last = spans.at(-1)?.version;
  if (last?.rounding.at === 'bill') roundTogether(drafts, last.rounding);
  return {
    last,
    lines: drafts.map(finished),
    usage: book.rows(),
    tiers: [...positions.values()],
    versions: [...new Set(spans.map(({ version }) => version.id))],
  };
}

function rateAll(tariff: CompiledTariff, input: RateInput): RatedBill {
  const minute = readInstant(input.asOf, tariff.zoneMinutes);
  if (minute === undefined) return refuse('bad-input', `asOf: "${input.asOf}" is no instant with an offset`);
  const { contractFrom, movedIn } = input.account;
  const began = contractFrom ?? movedIn;
  const beganName = contractFrom === undefined ? 'account.movedIn' : 'account.contractFrom';
  const contract = began === undefined ? undefined : dayOf(began, beganName);
  const state = new StateBook(input.previous);
  const bill = periodOf(input);
  const { lateFees = [] } = input;
  if (lateFees.length > tariffLimits.lateFeesMax) refuse('too-large', 'lateFees: has too many');
  if (bill === undefined && lateFees.length === 0) refuse('bad-period', 'period: is missing');
  const charges: Charges =
    bill === undefined
      ? { lines: [], usage: [], tiers: [], versions: [] }
      : rateCharges(tariff, input, bill, contract, state);
  const day = Math.floor(minute / 1440);
  const onDay = (due: number): CompiledVersion => versionOn(tariff, due, contract);
  const late = lateFees.flatMap((base) => lateFeeLines(tariff, onDay, base, day, input.account.customerClass));
  const charged = late.length === 0 ? charges.lines : [...charges.lines, ...late];
  const cash = cashLine(tariff, charges.last, charged);
  const lines = cash.length === 0 ? charged : [...charged, ...cash];
  return {
    lines,
    totalFen: totalOf(lines),
    usage: charges.usage,
    tiers: charges.tiers,
    state: state.after(),
    versions: charges.versions,
  };
}

/**
 * What one household owes for one bill: the same input gives the same bill, at any time and anywhere. Reads no clock.
 * Whatever is missing or cannot be is a refusal whose detail begins with the place, never an amount of 0.
 */
export function rate(tariff: CompiledTariff, input: RateInput): Result<RatedBill, RateRefusal> {
  try {
    return ok(rateAll(tariff, input));
  } catch (error) {
    if (error instanceof Refused) return err(error.code, error.message);
    throw error;
  }
}
