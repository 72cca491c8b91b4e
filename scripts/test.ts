import { startVitest, type TestCase } from 'vitest/node';
import { ensureBuilt } from './build-app.ts';

/**
 * Counts over all projects; what was skipped is printed with its reason, what passed only at the second try with what the
 * first one said. `flaky` is part of `passed`.
 */
interface Totals {
  passed: number;
  flaky: number;
  failed: number;
  skipped: number;
}

/** One stage after the other; the projects of a stage go side by side (`vitest.config.ts`). */
const stages = [['fast'], ['integration'], ['browser', 'cable', 'moments']] as const;
const filters = process.argv.slice(2);
const totals: Totals = { passed: 0, flaky: 0, failed: 0, skipped: 0 };

/** Counts a test that passed; one that needed a second try is named, because there is a fault in it or in the product. */
function countPassed(test: TestCase): void {
  totals.passed += 1;
  if (test.diagnostic()?.flaky !== true) return;
  totals.flaky += 1;
  const said = test.result().errors?.[0]?.message.trim().split('\n')[0] ?? 'no error given';
  process.stdout.write(`flaky: ${test.fullName}: first try: ${said}\n`);
}

async function runProject(project: string): Promise<void> {
  const vitest = await startVitest('test', filters, {
    watch: false,
    run: true,
    project: [project],
    passWithNoTests: true,
  });
  for (const module of vitest.state.getTestModules()) {
    if (module.state() === 'failed' && module.children.size === 0) totals.failed += 1;
    for (const test of module.children.allTests()) {
      const result = test.result();
      if (result.state === 'passed') countPassed(test);
      else if (result.state === 'failed') totals.failed += 1;
      else {
        totals.skipped += 1;
        const reason = result.state === 'skipped' ? result.note : undefined;
        process.stdout.write(`skipped: ${test.fullName}: ${reason ?? 'no reason given'}\n`);
        if (reason === undefined) totals.failed += 1;
      }
    }
  }
  totals.failed += vitest.state.getUnhandledErrors().length;
  await vitest.close();
}

await ensureBuilt();
for (const stage of stages) await Promise.all(stage.map(runProject));
if (totals.skipped > 0) process.stdout.write(`\n${totals.skipped} skipped, each with its reason above\n`);
if (totals.flaky > 0) process.stdout.write(`\n${totals.flaky} passed only at the second try\n`);
process.stdout.write(`\n${totals.passed} passed, ${totals.failed} failed\n`);
process.exit(totals.failed === 0 && totals.passed > 0 ? 0 : 1);
