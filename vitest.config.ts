import { svelte } from '@sveltejs/vite-plugin-svelte';
import { configDefaults, defineConfig } from 'vitest/config';

// Everything is one runner, so that the closing line counts every test. Database tests wait for the disk half of their
// time, and each has a database of its own, so two files go side by side; so do browser tests, which wait for pages. Those
// with a serial port share the machine's one bench and pull cables at moments that are counted: one file at a time. One
// waits for a network most of the time. All of these go beside the other browser tests, because together they keep two
// cores busy until the end. Files of one project share what they load: loading took as long as a tenth of them.
const withSerialPort = ['happy-path', 'mixups', 'on-site', 'outcomes', 'printer', 'reload', 'unplug'];
/** It counts seconds of a network that is gone. */
const withMoments = ['offline'];
/** A browser on a busy machine may be late once; `scripts/test.ts` names what passed only then (docs/decisions/0018). */
const secondTry = 1;
const files = (names: readonly string[]): string[] => names.map((name) => `tests/e2e/${name}.test.ts`);

export default defineConfig({
  plugins: [svelte()],
  test: {
    projects: [
      {
        extends: true,
        test: {
          name: 'fast',
          include: ['tests/{arch,unit,property,vectors,conformance}/**/*.test.ts'],
          testTimeout: 60_000,
          // The runner leaves one core free by itself, which is half of two.
          maxWorkers: 2,
        },
      },
      {
        extends: true,
        test: {
          name: 'integration',
          include: ['tests/integration/**/*.test.ts'],
          isolate: false,
          testTimeout: 120_000,
          hookTimeout: 120_000,
          maxWorkers: 2,
        },
      },
      {
        extends: true,
        test: {
          name: 'browser',
          include: ['tests/e2e/**/*.test.ts'],
          exclude: [...configDefaults.exclude, ...files([...withSerialPort, ...withMoments])],
          testTimeout: 180_000,
          hookTimeout: 300_000,
          maxWorkers: 2,
          isolate: false,
          retry: secondTry,
        },
      },
      ...(['cable', 'moments'] as const).map((name) => ({
        extends: true as const,
        test: {
          name,
          include:
            name === 'cable' ? [...files(withSerialPort), 'tests/serial-bench/**/*.test.ts'] : files(withMoments),
          testTimeout: 180_000,
          hookTimeout: 300_000,
          fileParallelism: false,
          isolate: false,
          retry: secondTry,
        },
      })),
    ],
    exclude: [...configDefaults.exclude, 'data/**'],
    // What is polled for has the time that a page has; a second is too short beside three other browsers.
    expect: { poll: { timeout: 30_000 } },
  },
});
