type Json = Readonly<Record<string, unknown>>;

/** A quantity that a price list asks for: the whole use, which has no name, or a register's or a period's. */
export interface AskedQuantity {
  readonly name: string;
  /** What the list calls it. */
  readonly label?: { readonly zh: string; readonly en: string };
}

/** What a price list must be told of an imagined bill. */
export interface Asked {
  readonly quantities: readonly AskedQuantity[];
  readonly classes: readonly string[];
  readonly objects: readonly string[];
  readonly isByArea: boolean;
  readonly isByPersons: boolean;
}

/** An imagined bill as it is typed. */
export interface WhatIfForm {
  readonly quantities: Readonly<Record<string, string>>;
  readonly area: string;
  readonly people: string;
  readonly months: string;
  readonly customerClass: string;
  readonly object: string;
}

const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null;

/** Every object within a JSON value, each with the label of the part that it stands in. */
function* objectsOf(value: unknown, label?: AskedQuantity['label']): Generator<[Json, AskedQuantity['label']]> {
  if (!isObject(value)) return;
  const own = isObject(value['label']) ? (value['label'] as unknown as AskedQuantity['label']) : label;
  if (!Array.isArray(value)) yield [value, own];
  for (const inner of Object.values(value)) yield* objectsOf(inner, own);
}

const textsOf = (value: unknown): readonly string[] =>
  Array.isArray(value) ? value.filter((one): one is string => typeof one === 'string') : [];

function quantitiesOf(part: Json, label: AskedQuantity['label']): readonly AskedQuantity[] {
  const named = (name: unknown, of: AskedQuantity['label']): AskedQuantity => ({
    name: typeof name === 'string' ? name : '',
    ...(of === undefined ? {} : { label: of }),
  });
  const { usage, periods } = part;
  if (isObject(usage)) return [usage['register'] === undefined ? { name: '' } : named(usage['register'], label)];
  if (Array.isArray(periods))
    return periods.filter(isObject).map((one) => named(one['name'], one['label'] as AskedQuantity['label']));
  const formula = part['formula'] ?? (part['kind'] === 'formula' ? part['amount'] : undefined);
  return typeof formula === 'string' && /\busage\b/.test(formula) ? [{ name: '' }] : [];
}

const unique = <T>(all: readonly T[], keyOf: (one: T) => string): readonly T[] =>
  all.filter((one, at) => all.findIndex((other) => keyOf(other) === keyOf(one)) === at);

/** What the rules of a version ask for, from their JSON text. Of parts that are told the whole is the sum. */
export function askedBy(body: string): Asked {
  let json: unknown;
  try {
    json = JSON.parse(body);
  } catch {
    json = {};
  }
  const parts = [...objectsOf(json)];
  const found = unique(
    parts.flatMap(([part, label]) => quantitiesOf(part, label)),
    ({ name }) => name,
  );
  const named = found.filter(({ name }) => name !== '');
  const wordsOf = (key: string): readonly string[] =>
    unique(
      parts.flatMap(([part]) => textsOf(part[key])),
      (word) => word,
    );
  return {
    quantities: named.length > 0 ? named : found,
    classes: wordsOf('customerClass'),
    objects: wordsOf('payerObject'),
    isByArea: /\b(?:area|innerArea)\b/.test(body),
    isByPersons: /\bpersons\b|"household"/.test(body),
  };
}

/** The imagined bill: whole months from a day on. */
export function whatIfInput(asked: Asked, form: WhatIfForm, from: string): Record<string, unknown> {
  const start = new Date(`${from}T00:00:00Z`);
  const months = Math.max(1, Number(form.months) || 1);
  const end = new Date(Date.UTC(start.getUTCFullYear(), start.getUTCMonth() + months, start.getUTCDate()));
  const area = form.area.trim() || '0';
  const quantities = Object.fromEntries(
    asked.quantities.map(({ name }) => [name, (form.quantities[name] ?? usualQuantity).trim() || '0']),
  );
  return {
    account: {
      ...(asked.isByArea ? { areaM2: area, innerAreaM2: area } : {}),
      ...(asked.isByPersons ? { persons: [{ from, count: Number(form.people) || 0 }] } : {}),
      ...(form.customerClass === '' ? {} : { customerClass: form.customerClass }),
      ...(asked.objects.length === 0 ? {} : { payerObject: form.object || asked.objects[0] }),
    },
    ...(asked.quantities.length === 0 ? {} : { usage: { quantities } }),
    period: { from, to: end.toISOString().slice(0, 10) },
    asOf: `${from}T12:00:00+08:00`,
  };
}

/** What stands in the field of a quantity before anybody types. */
export const usualQuantity = '100';
/** The class of a household of which nothing else is said. */
export const usualClass = 'resident';
