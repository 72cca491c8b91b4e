import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Page } from 'playwright-core';

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** The part of axe-core that is used in the page. */
interface Axe {
  run(context: Document, options: object): Promise<{ violations: AxeViolation[] }>;
}
interface AxeViolation {
  readonly id: string;
  readonly help: string;
  readonly nodes: readonly { readonly target: readonly unknown[]; readonly failureSummary?: string }[];
}

/** What axe-core finds wrong on the page as it is now, one line each: rule, help, where; empty when all is well. */
export async function accessibilityProblems(page: Page): Promise<string[]> {
  if (!(await page.evaluate(() => 'axe' in globalThis))) await page.evaluate(axeSource);
  const violations = await page.evaluate(async () => {
    const { axe } = globalThis as unknown as { axe: Axe };
    const values = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
    // What was just changed is drawn by the frame after the next.
    for (let frame = 0; frame < 2; frame += 1) await new Promise((drawn) => requestAnimationFrame(drawn));
    // A colour on its way to another is no fault of either; a bar that runs down for a minute is not waited for.
    const moving = document.getAnimations().map(({ finished }) => finished.catch(() => undefined));
    await Promise.race([Promise.all(moving), new Promise((over) => setTimeout(over, 1_000))]);
    // Nobody reads the details of what is right.
    return (await axe.run(document, { runOnly: { type: 'tag', values }, resultTypes: ['violations'] })).violations;
  });
  return violations.flatMap(({ id, help, nodes }) =>
    nodes.map(({ target, failureSummary = '' }) => `${id}: ${help} at ${target.join(' ')} (${failureSummary})`),
  );
}

const sizes = [
  { width: 1440, height: 900 },
  { width: 390, height: 844 },
] as const;

/** Looks at one screen at both sizes; a line for each thing that is wrong, and then a picture in `folder`. */
export async function lookAt(page: Page, folder: string, name: string): Promise<string[]> {
  const before = page.viewportSize() ?? sizes[0];
  const found: string[] = [];
  for (const size of sizes) {
    await page.setViewportSize(size);
    const faults = await accessibilityProblems(page);
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    if (overflow > 0) faults.push(`${overflow} px wider than the window`);
    found.push(...faults.map((fault) => `${name} at ${size.width}: ${fault}`));
    if (faults.length > 0) await page.screenshot({ path: join(folder, `${name}-${size.width}.png`) });
  }
  await page.setViewportSize(before);
  return found;
}
