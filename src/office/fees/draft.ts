import type { CheckFeeVersion, FeeVersion } from '../../../protocol/http/fees-work.ts';

/** A version as it is typed: JSON texts and days. */
export interface TypedDraft {
  from: string;
  to: string;
  body: string;
  examples: string;
  note: string;
}

/** A version's fields as texts. */
export function typedOf(version: FeeVersion): TypedDraft {
  return {
    from: version.effectiveFrom,
    to: version.effectiveTo ?? '',
    body: JSON.stringify(version.body, undefined, 2),
    examples: JSON.stringify(version.examples, undefined, 2),
    note: version.note,
  };
}

/** What was typed as values; `body` or `examples` names the text that is no JSON. */
export function readTyped(
  typed: TypedDraft,
): { readonly value: CheckFeeVersion & { effectiveTo?: string } } | { readonly wrong: 'body' | 'examples' } {
  const body = parsed(typed.body);
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return { wrong: 'body' };
  const examples = parsed(typed.examples === '' ? '[]' : typed.examples);
  if (!Array.isArray(examples)) return { wrong: 'examples' };
  const to = typed.to.trim() === '' ? {} : { effectiveTo: typed.to.trim() };
  return { value: { effectiveFrom: typed.from.trim(), ...to, body: body as Record<string, unknown>, examples } };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** A price or bound in a version's rules that a form can change, with where it stands. */
export interface Figure {
  readonly path: readonly (string | number)[];
  readonly value: string;
  readonly is: 'price' | 'upTo' | 'amount' | 'percentPerDay';
  /** Of which part of the day. */
  readonly label?: ShownComponent['label'];
}

/** A component as the form shows it. */
export interface ShownComponent {
  readonly id: string;
  readonly kind: string;
  readonly label: { readonly zh: string; readonly en: string };
  readonly figures: readonly (readonly Figure[])[];
}

type Json = Readonly<Record<string, unknown>>;

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? (value as unknown[]) : []);

/** Prices by part of the day: one of each part, or a row of each part by tier below the tiers' bounds. */
function periodFigures(component: Json, base: Figure['path']): (readonly Figure[])[] {
  const periods = listOf(component['periods']) as readonly Json[];
  const partOf = (at: number) => ({ label: periods[at]?.['label'] as ShownComponent['label'] });
  const single = periods.flatMap((period, at): readonly Figure[][] =>
    typeof period['price'] === 'string'
      ? [[{ path: [...base, 'periods', at, 'price'], value: period['price'], is: 'price', ...partOf(at) }]]
      : [],
  );
  const bounds = listOf(component['bounds']).map((bound, tier): Figure => {
    return { path: [...base, 'bounds', tier], value: textOf(bound), is: 'upTo' };
  });
  const rows = listOf(component['prices']).map((prices, at): readonly Figure[] =>
    listOf(prices).map((price, tier) => {
      return { path: [...base, 'prices', at, tier], value: textOf(price), is: 'price', ...partOf(at) };
    }),
  );
  return [...(bounds.length === 0 ? [] : [bounds]), ...single, ...rows];
}

function figuresOf(component: Json, at: number): (readonly Figure[])[] {
  const base = ['components', at] as const;
  const rows = (listOf(component['tiers']) as readonly Json[]).map((tier, index): readonly Figure[] => [
    { path: [...base, 'tiers', index, 'upTo'], value: textOf(tier['upTo']), is: 'upTo' },
    { path: [...base, 'tiers', index, 'price'], value: textOf(tier['price']), is: 'price' },
  ]);
  const single = (['price', 'amount'] as const).filter((name) => typeof component[name] === 'string');
  return [
    ...single.map((name): readonly Figure[] => [{ path: [...base, name], value: textOf(component[name]), is: name }]),
    ...rows,
    ...periodFigures(component, base),
  ];
}

/** A day of delay, shown as what is charged is. */
function lateFeeOf(rules: Json | undefined): ShownComponent[] {
  const lateFee = rules?.['lateFee'] as Json | null | undefined;
  if (typeof lateFee?.['percentPerDay'] !== 'string') return [];
  const figure: Figure = {
    path: ['lateFee', 'percentPerDay'],
    value: lateFee['percentPerDay'],
    is: 'percentPerDay',
  };
  return [{ id: ' late-fee', kind: 'late-fee', label: labelOf(lateFee), figures: [[figure]] }];
}

const labelOf = (part: Json): ShownComponent['label'] =>
  (part['label'] as ShownComponent['label'] | undefined) ?? { zh: '', en: '' };

/** The parts of a version's JSON text that the form can show; none when it is no JSON. */
export function shownComponents(body: string): ShownComponent[] {
  const json = parsed(body) as Json | undefined;
  const components = (listOf(json?.['components']) as readonly Json[]).map((component, at) => ({
    id: textOf(component['id']),
    kind: textOf(component['kind']),
    label: labelOf(component),
    figures: figuresOf(component, at),
  }));
  return [...components, ...lateFeeOf(json)];
}

/** The worked examples' JSON text with one more; nothing when the text is no list. */
export function withExample(examples: string, example: Json): string | undefined {
  const known = parsed(examples.trim() === '' ? '[]' : examples);
  return Array.isArray(known) ? JSON.stringify([...(known as unknown[]), example], undefined, 2) : undefined;
}

/** The JSON text with one figure changed. An empty upper bound is the last tier's. */
export function withFigure(body: string, { path, is }: Figure, text: string): string {
  const json = parsed(body);
  let place = json as Record<string | number, unknown>;
  for (const step of path.slice(0, -1)) place = place[step] as Record<string | number, unknown>;
  const last = path.at(-1);
  if (last !== undefined) place[last] = is === 'upTo' && text.trim() === '' ? null : text.trim();
  return JSON.stringify(json, undefined, 2);
}
