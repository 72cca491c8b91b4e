import type { FeeMeter, FeeReading, InstallFeeMeter } from '../../../protocol/http/fees-meters.ts';
import { officeFeesText } from '../../i18n/office-fees.ts';

/** Values of a meter as they are typed: of its one register, whose name is empty, or of each. */
export type TypedValues = Record<string, string>;

const order = ['sharp', 'peak', 'flat', 'valley', 'deep'];

function byRegister(a: string, b: string): number {
  const place = (name: string): number => (order.includes(name) ? order.indexOf(name) : order.length);
  return place(a) - place(b) || (a < b ? -1 : a > b ? 1 : 0);
}

/** Registers from the dearest to the cheapest part of the day, others behind them by name. */
export function inOrder(registers: readonly string[]): string[] {
  return [...registers].sort(byRegister);
}

/** Readings newest first, those of one day in the order of their registers. */
export function rowsOf(readings: readonly FeeReading[]): FeeReading[] {
  return [...readings].sort((a, b) => (a.on === b.on ? byRegister(a.register, b.register) : a.on < b.on ? 1 : -1));
}

/** What a register is called on screen. */
export function registerName(register: string): string {
  return officeFeesText.t.meters.register[register] ?? register;
}

/** What stands in the form of a meter, all as text. */
export interface MeterForm {
  kind: string;
  serial: string;
  maxDial: string;
  multiplier: string;
  on: string;
  way: 'one' | 'parts';
  registers: string;
  firsts: TypedValues;
  finals: TypedValues;
}

/** An empty form, or that of a meter which takes the place of another: as that one was. */
export function meterForm(old: FeeMeter | undefined, kind: string, today: string): MeterForm {
  const registers = inOrder(old?.registers ?? []);
  return {
    ...{ kind: old?.kind ?? kind, serial: '', on: today },
    ...{ maxDial: old?.maxDial ?? '', multiplier: old?.multiplier ?? '' },
    way: registers.length === 0 ? 'one' : 'parts',
    registers: registers.length === 0 ? 'peak flat valley' : registers.join(' '),
    ...{ firsts: { '': '0' }, finals: {} },
  };
}

/** The new meter's registers, as they were typed; none for one with a single value. */
export function registersOf({ way, registers }: MeterForm): string[] {
  if (way === 'one') return [];
  return [
    ...new Set(
      registers
        .trim()
        .toLowerCase()
        .split(/[\s,，、]+/)
        .filter((name) => name !== ''),
    ),
  ];
}

/** Values as the interface wants them: one, or one for each register. */
export function valuesOf(registers: readonly string[], typed: TypedValues) {
  const text = (name: string): string => (typed[name] ?? '').trim();
  if (registers.length === 0) return { value: text('') };
  return { values: Object.fromEntries(registers.map((name) => [name, text(name)])) };
}

/** The body that hangs a meter up, in place of the old one where there is one. */
export function installBody(form: MeterForm, id: string, old: FeeMeter | undefined): InstallFeeMeter {
  const [maxDial, multiplier] = [form.maxDial.trim(), form.multiplier.trim()];
  const first = valuesOf(registersOf(form), form.firsts);
  const last = old === undefined ? undefined : valuesOf(old.registers, form.finals);
  return {
    ...{ id, kind: form.kind, serial: form.serial.trim(), on: form.on.trim() },
    ...(first.values === undefined ? { firstValue: first.value } : { firstValues: first.values }),
    ...(maxDial === '' ? {} : { maxDial }),
    ...(multiplier === '' ? {} : { multiplier }),
    ...(old === undefined || last === undefined
      ? {}
      : {
          replaces: {
            meterId: old.id,
            ...(last.values === undefined ? { finalValue: last.value } : { finalValues: last.values }),
          },
        }),
  };
}
