import type { CreateFeeAccount, FeeAccount, FeePayee } from '../../../protocol/http/fees-office.ts';

/** What stands in the form of a household, all as text. */
export interface HouseholdForm {
  service: string;
  number: string;
  secret: string;
  label: string;
  area: string;
  innerArea: string;
  class: string;
  object: CreateFeeAccount['payerObject'];
  coefficient: string;
  persons: string;
  movedIn: string;
  tariffId: string;
}

/** An empty form, or that of a household. */
export function householdForm(old: FeeAccount | undefined, services: FeePayee['services']): HouseholdForm {
  return {
    service: old?.service ?? services.find(({ isActive }) => isActive)?.service ?? services[0]?.service ?? '',
    number: old?.number ?? '',
    secret: '',
    label: old?.label ?? '',
    area: old?.areaM2 ?? '',
    innerArea: old?.innerAreaM2 ?? '',
    class: old?.customerClass ?? '',
    object: old?.payerObject ?? 'home',
    coefficient: old?.values['coefficient'] ?? '',
    persons: '',
    movedIn: old?.movedIn ?? '',
    tariffId: old?.tariffId ?? '',
  };
}

/** What was typed, without what was left empty. */
function filled<K extends string>(entries: Readonly<Record<K, string>>): Partial<Record<K, string>> {
  const kept = (Object.entries(entries) as [K, string][]).map(([name, text]) => [name, text.trim()] as const);
  return Object.fromEntries(kept.filter(([, text]) => text !== '')) as Partial<Record<K, string>>;
}

/** What may be taken away from a household again. */
const facts = ({ area, innerArea, class: customerClass, movedIn }: HouseholdForm) => ({
  ...{ areaM2: area, innerAreaM2: innerArea, customerClass, movedIn },
});

/** What was there and was emptied is taken away; what stays empty is not named. */
function changedFacts(form: HouseholdForm, old: FeeAccount) {
  const [now, before] = [facts(form), facts(householdForm(old, []))];
  const names = Object.keys(now) as (keyof typeof now)[];
  const emptied = names.filter((name) => now[name].trim() === '' && before[name] !== '');
  return { ...filled(now), ...Object.fromEntries(emptied.map((name) => [name, null])) };
}

function shared(form: HouseholdForm, old: FeeAccount | undefined) {
  const { coefficient: _before, ...others } = old?.values ?? {};
  const values = { ...others, ...filled({ coefficient: form.coefficient }) };
  return {
    label: form.label,
    payerObject: form.object,
    ...filled({ secret: form.secret }),
    ...(old === undefined && Object.keys(values).length === 0 ? {} : { values }),
  };
}

/** The body that registers the household. */
export function newHousehold(form: HouseholdForm, id: string): CreateFeeAccount {
  const persons = form.persons.trim();
  return {
    ...{ id, service: form.service as CreateFeeAccount['service'], number: form.number.trim() },
    ...shared(form, undefined),
    ...filled(facts(form)),
    ...(persons === '' ? {} : { persons: Number(persons) }),
    ...(form.tariffId === '' ? {} : { tariffId: form.tariffId }),
  };
}

/** The body that changes the household from what was read of it. */
export function changedHousehold(form: HouseholdForm, old: FeeAccount) {
  const tariffId = form.tariffId === '' ? null : form.tariffId;
  return { version: old.version, ...shared(form, old), ...changedFacts(form, old), tariffId };
}
