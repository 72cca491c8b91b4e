import { runTool } from './processes.ts';
import { bundleReport } from './bundle-budget.ts';
import { ensureBuilt } from './build-app.ts';

/** One check: what it holds, and the program that holds it. */
interface Check {
  readonly name: string;
  readonly tool: string;
  readonly args: readonly string[];
}

// The longest first, so that none is left over at the end.
const checks: readonly Check[] = [
  { name: 'lint', tool: 'eslint', args: ['.', '--max-warnings', '0'] },
  { name: 'types: domain and protocol (no DOM, no Node)', tool: 'tsc', args: ['-p', 'tsconfig.pure.json'] },
  { name: 'types: server, stand-ins, tests, scripts', tool: 'tsc', args: ['-p', 'tsconfig.node.json'] },
  {
    name: 'types: app and worker',
    tool: 'svelte-check',
    args: ['--tsconfig', './tsconfig.web.json', '--fail-on-warnings', '--output', 'human'],
  },
  { name: 'format', tool: 'prettier', args: ['--check', '.', '--log-level', 'warn'] },
  { name: 'dead code and unused dependencies', tool: 'knip', args: ['--no-progress'] },
  { name: 'layers, sizes, names', tool: 'vitest', args: ['run', '--project', 'fast', 'tests/arch', '--reporter=dot'] },
];

const failed: string[] = [];
const waiting = [...checks];

/** Takes one check after the other until none is left. What each wrote is printed in one piece. */
async function workThrough(): Promise<void> {
  for (let check = waiting.shift(); check !== undefined; check = waiting.shift()) {
    const result = await runTool(check.tool, check.args, { output: 'kept' });
    const seconds = (result.milliseconds / 1000).toFixed(1);
    const end = result.code === 0 ? 'ok' : 'FAILED';
    process.stdout.write(`\n── ${check.name}\n${result.text}   ${end} in ${seconds} s\n`);
    if (result.code !== 0) failed.push(check.name);
  }
}

// Two at a time: each keeps one core busy.
await Promise.all([workThrough(), workThrough()]);

process.stdout.write('\n── bundle sizes\n');
await ensureBuilt({ force: true });
const report = bundleReport();
for (const line of report.lines) process.stdout.write(`   ${line}\n`);
if (!report.met) failed.push('bundle sizes');

process.stdout.write(failed.length === 0 ? '\nAll checks passed.\n' : `\nFailed: ${failed.join('; ')}\n`);
process.exitCode = failed.length === 0 ? 0 : 1;
