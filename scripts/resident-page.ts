import { svelte } from '@sveltejs/vite-plugin-svelte';
import { build } from 'vite';
import type { Plugin } from 'vite';

/** Vite's manifest of the resident's page, from the folder of the built app. */
export const residentManifest = '.vite/resident.json';

/** Vite's loader for a part's own files and styles, which no part here has: 0.6 kB compressed. It is called around every import. */
const loader = '\0vite/preload-helper.js';

/** A part of the page is fetched as the browser fetches it. */
function plainImports(): Plugin {
  return {
    name: 'tillkeeper:plain-imports',
    enforce: 'pre',
    load: (id) => (id === loader ? 'export const __vitePreload = (load) => load();' : undefined),
  };
}

/** Builds `l.html` of `root` into `folder`, beside what is there. */
export async function buildResidentPage(root: string, folder: string): Promise<void> {
  await build({
    configFile: false,
    root,
    logLevel: 'warn',
    publicDir: false,
    plugins: [plainImports(), svelte({ configFile: false })],
    css: { transformer: 'lightningcss' },
    build: {
      outDir: folder,
      emptyOutDir: false,
      manifest: residentManifest,
      target: ['chrome111', 'firefox121', 'safari16.4'],
      cssMinify: 'lightningcss',
      sourcemap: true,
      // One style sheet and no preloading, so that no part has files of its own.
      modulePreload: false,
      cssCodeSplit: false,
      rolldownOptions: {
        input: 'l.html',
        // Schemas are made by calls on `v`, Valibot's name everywhere here: one that nobody reads may go.
        treeshake: { manualPureFunctions: ['v'] },
        output: {
          codeSplitting: {
            // What the bill needs is one file: it compresses better than two, and is fetched in one go.
            groups: [{ name: 'resident', test: /\/src\/resident\/main\.ts$/ }],
          },
        },
      },
    },
  });
}

/**
 * Builds the resident's page into the folder of the app, as a build of its own. In one build the page would share
 * Svelte's runtime with everybody's screens and fetch the half of it that it never runs: 18 kB in place of 12. It is
 * written before the service worker lists what it keeps, so the page is kept with the rest.
 */
export function residentPage(): Plugin {
  let folder = 'dist';
  let root = process.cwd();
  return {
    name: 'tillkeeper:resident-page',
    apply: 'build',
    configResolved(config) {
      root = config.root;
      folder = config.build.outDir;
    },
    writeBundle: {
      sequential: true,
      async handler() {
        if (this.environment.name === 'client') await buildResidentPage(root, folder);
      },
    },
  };
}
