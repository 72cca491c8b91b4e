import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** What of JSON Schema the published schema uses. */
interface Node {
  readonly $ref?: string;
  readonly anyOf?: readonly Node[];
  readonly oneOf?: readonly Node[];
  readonly enum?: readonly string[];
  readonly const?: string;
  readonly type?: string;
  readonly pattern?: string;
  readonly properties?: Readonly<Record<string, Node>>;
  readonly required?: readonly string[];
  readonly items?: Node;
  readonly additionalProperties?: Node | false;
}

const file = fileURLToPath(new URL('../../../tariffs/schema/tariff.schema.json', import.meta.url));
const { $defs } = JSON.parse(readFileSync(file, 'utf8')) as { readonly $defs: Readonly<Record<string, Node>> };

/** Entries by which nothing is worked out: names, sources, what is printed beside an amount, and worked examples. */
const untold = new Set([
  'id',
  'label',
  'name',
  'service',
  'region',
  'unit',
  'currency',
  'sources',
  'publishedOn',
  'docRef',
  'examples',
  'reason',
]);

const patterns = new Map<string, RegExp>();
function hasPattern(pattern: string, text: string): boolean {
  const known = patterns.get(pattern) ?? new RegExp(pattern);
  patterns.set(pattern, known);
  return known.test(text);
}

const solved = (node: Node): Node =>
  node.$ref === undefined ? node : ($defs[node.$ref.split('/').at(-1) ?? ''] as Node);
const branchesOf = ({ anyOf, oneOf }: Node): readonly Node[] | undefined => anyOf ?? oneOf;
const nameOf = (node: Node): string => solved(node).properties?.['kind']?.const ?? '';

/** Components within tables are components. */
const below = (path: string, property: string): string =>
  property === 'components' ? 'component' : `${path}.${property}`;

/** Calls back for every value that a person may choose in a schema: `path=value`, and whether what may be left out is there. */
function choices(node_: Node, path: string, tell: (option: string) => void, depth = 0): void {
  const node = solved(node_);
  if (depth > 20) return;
  const branches = branchesOf(node);
  if (branches !== undefined) {
    branches.forEach((branch, index) => {
      const name = nameOf(branch) === '' ? String(index) : nameOf(branch);
      tell(`${path}:${name}`);
      choices(branch, `${path}:${name}`, tell, depth + 1);
    });
  }
  for (const value of node.enum ?? []) tell(`${path}=${value}`);
  if (node.type === 'boolean') for (const value of ['true', 'false']) tell(`${path}=${value}`);
  for (const [property, inner] of Object.entries(node.properties ?? {})) {
    if (untold.has(property) || solved(inner).const !== undefined) continue;
    if (node.required?.includes(property) === false)
      for (const is of ['with', 'without']) tell(`${path} ${is} ${property}`);
    choices(inner, below(path, property), tell, depth + 1);
  }
  if (node.items !== undefined) choices(node.items, path, tell, depth + 1);
  if (typeof node.additionalProperties === 'object') choices(node.additionalProperties, path, tell, depth + 1);
}

function fits(node_: Node, value: unknown): boolean {
  const node = solved(node_);
  const branches = branchesOf(node);
  if (branches !== undefined) return branches.some((branch) => fits(branch, value));
  if (node.const !== undefined) return node.const === value;
  if (node.type === 'null') return value === null;
  if (typeof value === 'string')
    return node.type === 'string' && (node.pattern === undefined || hasPattern(node.pattern, value));
  if (node.type !== 'object' || typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const { properties = {}, required = [] } = node;
  const hasAll = required.every((name) => Object.hasOwn(value, name));
  const names = Object.keys(value);
  if (!hasAll || names.some((name) => !Object.hasOwn(properties, name))) return false;
  const kind = properties['kind'];
  return kind?.const === undefined || kind.const === (value as { readonly kind?: unknown }).kind;
}

/** Calls back for every choice that was made in a value. */
export function chosen(node_: Node, value: unknown, path: string, tell: (option: string) => void): void {
  const node = solved(node_);
  const branches = branchesOf(node);
  if (branches !== undefined) {
    const index = branches.findIndex((branch) => fits(branch, value));
    const branch = branches[index];
    if (branch === undefined) throw new Error(`${path}: ${JSON.stringify(value)} is nothing that the schema knows`);
    const name = nameOf(branch) === '' ? String(index) : nameOf(branch);
    tell(`${path}:${name}`);
    chosen(branch, value, `${path}:${name}`, tell);
    return;
  }
  if (node.enum !== undefined || node.type === 'boolean') tell(`${path}=${String(value)}`);
  if (Array.isArray(value)) {
    for (const one of value) if (node.items !== undefined) chosen(node.items, one, path, tell);
    return;
  }
  if (typeof value !== 'object' || value === null) return;
  const entries = value as Readonly<Record<string, unknown>>;
  for (const [property, inner] of Object.entries(node.properties ?? {})) {
    if (untold.has(property) || solved(inner).const !== undefined) continue;
    const isThere = Object.hasOwn(entries, property);
    if (node.required?.includes(property) === false) tell(`${path} ${isThere ? 'with' : 'without'} ${property}`);
    if (isThere) chosen(inner, entries[property], below(path, property), tell);
  }
  if (typeof node.additionalProperties !== 'object') return;
  for (const one of Object.values(entries)) chosen(node.additionalProperties, one, path, tell);
}

/** The published schemas of a tariff and of what a bill is rated from. */
export const tariffNode = $defs['tariff'] as Node;
/** What a bill is rated from. */
export const inputNode = $defs['rateInput'] as Node;

/** What the schema lets through and `compileTariff` refuses: only usage has hours, and only components have seasons. */
const cannotBeMeant = [
  /^component:(?!per-unit|tiered|package)[a-z-]+\.when(?: with (?:weekdays|hours|holidays)|\.holidays=)/,
  /adjustments:[a-z]+\.when(?: with (?:seasons|weekdays|hours|holidays)|\.holidays=)/,
];

/** Every choice of the rule model that can be meant. */
export function allOptions(): ReadonlySet<string> {
  const options = new Set<string>();
  for (const [node, path] of [[tariffNode, 'tariff'] as const, [inputNode, 'bill'] as const]) {
    choices(node, path, (option) => {
      if (!cannotBeMeant.some((pattern) => pattern.test(option))) options.add(option);
    });
  }
  return options;
}
