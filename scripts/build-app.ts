import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot, runTool } from './processes.ts';

/** Where the built app lies; the server serves it from here. */
export const builtAppFolder = join(projectRoot, 'dist');

const sources = ['src', 'worker', 'public', 'domain', 'protocol'];
const sourceFiles = [
  'index.html',
  'l.html',
  'scripts/resident-page.ts',
  'vite.config.ts',
  'svelte.config.js',
  'package-lock.json',
];

function newestChangeMs(path: string): number {
  const stat = statSync(path);
  if (!stat.isDirectory()) return stat.mtimeMs;
  const inside = readdirSync(path).map((name) => newestChangeMs(join(path, name)));
  return Math.max(stat.mtimeMs, ...inside);
}

function builtIsFresh(): boolean {
  const entry = join(builtAppFolder, 'index.html');
  if (!existsSync(entry) || !existsSync(join(builtAppFolder, 'service-worker.js'))) return false;
  const builtAt = statSync(entry).mtimeMs;
  const present = [...sources, ...sourceFiles]
    .map((name) => join(projectRoot, name))
    .filter((path) => existsSync(path));
  return present.every((path) => newestChangeMs(path) <= builtAt);
}

/** Builds the app unless what lies in `dist/` is newer than every source. Throws when the build fails. */
export async function ensureBuilt(options: { readonly force?: boolean } = {}): Promise<void> {
  if (options.force !== true && builtIsFresh()) return;
  process.stderr.write('Building the app …\n');
  // A test runner sets NODE_ENV to `test`, and Vite would then leave the service worker out.
  const env = { NODE_ENV: 'production' };
  const result = await runTool('vite', ['build', '--logLevel', 'warn'], { output: 'stderr', env });
  if (result.code !== 0) throw new Error('The app could not be built; see the message above.');
}
