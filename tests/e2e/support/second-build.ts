import { join } from 'node:path';
import { build } from 'vite';
import { projectRoot } from '../../../scripts/processes.ts';

/** Builds the app as it is, except that its entry and the run's screen differ: another version for an update. */
export async function buildAnotherVersion(folder: string): Promise<void> {
  const changed = ['src/app/main.ts', 'src/technician/RunScreen.svelte'].map((path) => join(projectRoot, path));
  // A test runner sets it to `test`, and Vite would then leave the service worker out.
  const before = process.env['NODE_ENV'];
  process.env['NODE_ENV'] = 'production';
  await build({
    root: projectRoot,
    configFile: join(projectRoot, 'vite.config.ts'),
    logLevel: 'error',
    plugins: [
      {
        name: 'another-version',
        enforce: 'post',
        transform: (code, id) => (changed.includes(id) ? `${code}\nglobalThis.tillkeeperBuild = 'B';` : undefined),
      },
    ],
    build: { outDir: folder, emptyOutDir: true },
  }).finally(() => {
    process.env['NODE_ENV'] = before;
  });
}
