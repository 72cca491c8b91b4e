import { beforeAll, describe, expect, it } from 'vitest';
import type { FeeMeter } from '../../../protocol/http/fees-meters.ts';
import type { FeeAccount } from '../../../protocol/http/fees-office.ts';
import { officeFeesText } from '../../../src/i18n/office-fees.ts';
import { changedHousehold, householdForm, newHousehold } from '../../../src/office/fees/household-form.ts';
import { valueFault } from '../../../src/office/fees/look.ts';
import { inOrder, installBody, meterForm, registersOf, valuesOf } from '../../../src/office/fees/meter-form.ts';

beforeAll(() => officeFeesText.load());

const account = {
  ...{ service: 'water', number: '20260001', label: '101', version: 3, values: { coefficient: '2', floors: '6' } },
  ...{ areaM2: '88.5', customerClass: 'shop', payerObject: 'home', movedIn: '2026-01-01' },
} as unknown as FeeAccount;

describe('the form of a household', () => {
  it('takes away what was emptied, and names nothing that was empty before', () => {
    const form = { ...householdForm(account, []), area: ' ', class: '', movedIn: '' };
    const body = changedHousehold(form, account);
    expect(body).toMatchObject({ version: 3, areaM2: null, customerClass: null, movedIn: null, tariffId: null });
    expect(body).not.toHaveProperty('innerAreaM2');
    expect(body).not.toHaveProperty('secret');
  });
  it('sends what stays as it is, and a coefficient beside the other numbers', () => {
    const body = changedHousehold({ ...householdForm(account, []), coefficient: '' }, account);
    expect(body).toMatchObject({ areaM2: '88.5', customerClass: 'shop', values: { floors: '6' } });
  });
  it('of a new one names only what was typed', () => {
    const form = { ...householdForm(undefined, []), service: 'water', number: ' 20260002 ', label: '102', area: '70' };
    expect(newHousehold(form, 'id')).toEqual({
      ...{ id: 'id', service: 'water', number: '20260002', label: '102', areaM2: '70', payerObject: 'home' },
    });
  });
});

describe('the form of a meter', () => {
  const old = { id: 'old', kind: 'electricity', registers: ['flat', 'peak'], multiplier: '1' } as unknown as FeeMeter;
  it.each([
    ['peak flat  valley', ['peak', 'flat', 'valley']],
    ['Peak，flat、peak', ['peak', 'flat']],
    ['  ', []],
  ])('reads the parts of the day of "%s"', (registers, expected) => {
    expect(registersOf({ ...meterForm(undefined, 'water', ''), way: 'parts', registers })).toEqual(expected);
  });
  it('asks a meter with one value for one, and that in place of another for each of both', () => {
    const plain = installBody({ ...meterForm(undefined, 'water', '2026-01-01'), serial: 'W' }, 'id', undefined);
    expect(plain).toEqual({ id: 'id', kind: 'water', serial: 'W', on: '2026-01-01', firstValue: '0' });
    const form = { ...meterForm(old, 'water', '2026-01-01'), firsts: { peak: '1', flat: '2' }, finals: { peak: '8' } };
    expect(installBody(form, 'id', old)).toMatchObject({
      kind: 'electricity',
      firstValues: { peak: '1', flat: '2' },
      replaces: { meterId: 'old', finalValues: { peak: '8', flat: '' } },
    });
  });
  it('puts registers from the dearest to the cheapest, and sends each value', () => {
    expect(inOrder(['valley', 'x', 'flat', 'sharp', 'peak'])).toEqual(['sharp', 'peak', 'flat', 'valley', 'x']);
    expect(valuesOf([], { '': ' 7 ' })).toEqual({ value: '7' });
    expect(valuesOf(['peak'], { peak: '7', valley: '8' })).toEqual({ values: { peak: '7' } });
  });
  it('says what is wrong with a last value at the field of its register', () => {
    const failure = { error: 'fee-refused', field: 'reading-falls: valley' } as never;
    expect(valueFault(failure, 'valley')).toBe(officeFeesText.t.forms.meter.falls);
    expect(valueFault(failure, 'peak')).toBeUndefined();
    expect(valueFault({ error: 'fee-refused', field: 'same-day' } as never, '')).toBeUndefined();
  });
});
