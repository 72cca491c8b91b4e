import { figureLine, isMet } from '../tests/bench/figure.ts';
import type { Figure } from '../tests/bench/figure.ts';
import { benchmarks } from '../tests/bench/registry.ts';

const flags = process.argv.slice(2).filter((argument) => argument.startsWith('--'));
const names = process.argv.slice(2).filter((argument) => !argument.startsWith('--'));
const isJson = flags.includes('--json');

function usage(): never {
  const list = Object.entries(benchmarks).map(([name, { about }]) => `  ${name.padEnd(8)} ${about}\n`);
  process.stderr.write(`Usage: npm run bench -- NAME… [--json]\n${list.join('')}`);
  process.exit(2);
}

async function runOne(name: string): Promise<boolean> {
  const benchmark = benchmarks[name];
  if (benchmark === undefined) return usage();
  if (!isJson) process.stdout.write(`\n${name}: ${benchmark.about}\n`);
  const figures: Figure[] = [];
  for await (const figure of benchmark.run()) {
    figures.push(figure);
    const record = { benchmark: name, ...figure, value: figure.missing === undefined ? figure.value : null };
    process.stdout.write(
      isJson ? `${JSON.stringify({ ...record, met: isMet(figure) })}\n` : `  ${figureLine(figure)}\n`,
    );
  }
  return figures.length > 0 && figures.every(isMet);
}

if (flags.some((flag) => flag !== '--json') || names.length === 0) usage();
let isEveryGoalMet = true;
for (const name of names) isEveryGoalMet = (await runOne(name)) && isEveryGoalMet;
process.exit(isEveryGoalMet ? 0 : 1);
