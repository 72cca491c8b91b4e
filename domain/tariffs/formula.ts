import { Exact } from './exact.ts';
import { tariffLimits } from './limits.ts';
import { refuse } from './refused.ts';

/** Names that a formula may use, besides `value.NAME` for the account's own named numbers. */
export const formulaNames = ['area', 'innerArea', 'persons', 'months', 'days', 'usage'] as const;
/** One of the names. */
export type FormulaName = (typeof formulaNames)[number] | `value.${string}`;

type Operator = '+' | '-' | '*' | '/';
type FunctionName = 'min' | 'max' | 'round';
type Node =
  | { readonly type: 'number'; readonly value: Exact }
  | { readonly type: 'name'; readonly name: FormulaName }
  | { readonly type: 'operation'; readonly operator: Operator; readonly left: Node; readonly right: Node }
  | { readonly type: 'call'; readonly name: FunctionName; readonly parameters: readonly Node[] };

/** A formula that was understood. */
export interface Formula {
  readonly text: string;
  readonly root: Node;
  readonly names: readonly FormulaName[];
}

const tokenPattern =
  /\s*(?:(\d{1,18}(?:\.\d{1,12})?)|([A-Za-z][A-Za-z0-9_]*(?:\.[A-Za-z][A-Za-z0-9_]*)?)|([-+*/(),]))/y;

function tokensOf(text: string): string[] | undefined {
  const tokens: string[] = [];
  tokenPattern.lastIndex = 0;
  const end = text.trimEnd().length;
  while (tokenPattern.lastIndex < end) {
    const match = tokenPattern.exec(text);
    if (match === null) return undefined;
    tokens.push(match[0].trim());
  }
  return tokens;
}

const functionNames: readonly string[] = ['min', 'max', 'round'];
const isName = (name: string): name is FormulaName =>
  (formulaNames as readonly string[]).includes(name) || name.startsWith('value.');

/** Reads by descent: sum → product → part. Throws a FormulaFault with what is wrong. */
class Parser {
  readonly names = new Set<FormulaName>();
  #at = 0;
  #depth = 0;
  readonly #tokens: readonly string[];

  constructor(tokens: readonly string[]) {
    this.#tokens = tokens;
  }

  whole(): Node {
    const root = this.#sum();
    if (this.#at < this.#tokens.length) throw new FormulaFault(`"${this.#peek()}" is not expected here`);
    return root;
  }

  #peek(): string {
    return this.#tokens[this.#at] ?? '';
  }

  #take(): string {
    this.#at += 1;
    return this.#tokens[this.#at - 1] ?? '';
  }

  #expect(token: string): void {
    if (this.#take() !== token) throw new FormulaFault(`"${token}" is missing`);
  }

  #sum(): Node {
    this.#depth += 1;
    if (this.#depth > tariffLimits.formulaMaxDepth) throw new FormulaFault('it is nested too deeply');
    let left = this.#product();
    while (this.#peek() === '+' || this.#peek() === '-') {
      left = { type: 'operation', operator: this.#take() as Operator, left, right: this.#product() };
    }
    this.#depth -= 1;
    return left;
  }

  #product(): Node {
    let left = this.#part();
    while (this.#peek() === '*' || this.#peek() === '/') {
      left = { type: 'operation', operator: this.#take() as Operator, left, right: this.#part() };
    }
    return left;
  }

  #part(): Node {
    const token = this.#take();
    if (token === '(') {
      const inside = this.#sum();
      this.#expect(')');
      return inside;
    }
    if (functionNames.includes(token)) return this.#call(token as FunctionName);
    const value = Exact.read(token);
    if (value !== undefined) return { type: 'number', value };
    if (!isName(token)) throw new FormulaFault(token === '' ? 'it ends too early' : `"${token}" is no known name`);
    this.names.add(token);
    return { type: 'name', name: token };
  }

  #call(name: FunctionName): Node {
    this.#expect('(');
    const parameters = [this.#sum()];
    while (this.#peek() === ',') {
      this.#take();
      parameters.push(this.#sum());
    }
    this.#expect(')');
    if (name === 'round' && parameters.length > 2) throw new FormulaFault('round takes a number and its decimals');
    return { type: 'call', name, parameters };
  }
}

/** What is wrong with a formula's text. */
export class FormulaFault extends Error {}

/** Reads a formula: + - * / with their usual order, parentheses, min, max, round. Throws a FormulaFault. */
export function parseFormula(text: string): Formula {
  if (text.length > tariffLimits.formulaMaxChars) throw new FormulaFault('it is too long');
  const tokens = tokensOf(text);
  if (tokens === undefined || tokens.length === 0) throw new FormulaFault('it has a character that means nothing here');
  const parser = new Parser(tokens);
  const root = parser.whole();
  return { text, root, names: [...parser.names] };
}

function decimalsOf(value: Exact): number {
  if (value.bottom !== 1n || value.top < 0n || value.top > 12n) refuse('formula-error', 'round: decimals are 0 to 12');
  return Number(value.top);
}

function called(name: FunctionName, values: readonly Exact[]): Exact {
  const [first = Exact.zero, ...rest] = values;
  if (name === 'min') return rest.reduce((least, value) => least.min(value), first);
  if (name === 'max') return rest.reduce((most, value) => most.max(value), first);
  const step = Exact.of(1n, 10n ** BigInt(decimalsOf(rest[0] ?? Exact.zero)));
  return first.roundedTo(step, 'half-up');
}

/** Works a formula out. `valueOf` gives a name's number, or refuses. A division by 0 is a refusal. */
export function evaluate(formula: Formula, valueOf: (name: FormulaName) => Exact): Exact {
  const work = (node: Node): Exact => {
    if (node.type === 'number') return node.value;
    if (node.type === 'name') return valueOf(node.name);
    if (node.type === 'call') return called(node.name, node.parameters.map(work));
    const [left, right] = [work(node.left), work(node.right)];
    if (node.operator === '+') return left.plus(right);
    if (node.operator === '-') return left.minus(right);
    if (node.operator === '*') return left.times(right);
    if (right.isZero) refuse('formula-error', `"${formula.text}" divides by 0`);
    return left.over(right);
  };
  return work(formula.root);
}
