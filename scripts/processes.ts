import { spawn, type StdioOptions } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of the checkout. */
export const projectRoot = dirname(dirname(fileURLToPath(import.meta.url)));

/** How a finished command ended: its exit code (1 when a signal ended it) and how long it took. */
export interface CommandResult {
  readonly code: number;
  readonly milliseconds: number;
  /** What it wrote, when that was kept. */
  readonly text: string;
}

/**
 * Where a program's output goes: `stderr` keeps the caller's own output clean for a reader of figures, `kept` gives it back
 * whole (programs that run side by side).
 */
export interface ToolOptions {
  readonly output?: 'inherit' | 'stderr' | 'kept';
  /** Variables beside, or in place of, those of this process. */
  readonly env?: Readonly<Record<string, string>>;
}

/** Longest output that is kept, in characters. */
const keptMaxChars = 1_000_000;

/** Runs one of the project's installed programs (`node_modules/.bin`) with the terminal's own input and output. */
export function runTool(tool: string, args: readonly string[], options: ToolOptions = {}): Promise<CommandResult> {
  const startedAt = performance.now();
  return new Promise((resolve, reject) => {
    const output = ({ stderr: 2, kept: 'pipe', inherit: 'inherit' } as const)[options.output ?? 'inherit'];
    const stdio = ['inherit' as const, output, output] satisfies StdioOptions;
    const child = spawn(join(projectRoot, 'node_modules', '.bin', tool), args, {
      ...{ cwd: projectRoot, stdio },
      env: { ...process.env, ...options.env },
    });
    let text = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (chunk: Buffer) => {
        if (text.length < keptMaxChars) text += chunk.toString();
      });
    }
    child.on('error', reject);
    child.on('close', (code) => resolve({ code: code ?? 1, milliseconds: performance.now() - startedAt, text }));
  });
}
