import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vite';
import { VitePWA } from 'vite-plugin-pwa';
import { residentPage } from './scripts/resident-page.ts';

export default defineConfig({
  plugins: [
    svelte(),
    residentPage(),
    VitePWA({
      strategies: 'injectManifest',
      srcDir: 'worker',
      filename: 'service-worker.ts',
      registerType: 'prompt',
      injectRegister: false,
      manifest: false,
      injectManifest: { globPatterns: ['**/*.{js,css,html,svg,png,webmanifest}'] },
    }),
  ],
  build: {
    manifest: true,
    target: ['chrome111', 'firefox121', 'safari16.4'],
    cssMinify: 'lightningcss',
    sourcemap: true,
    rolldownOptions: {
      output: {
        // Small chunks compress badly and are fetched one by one: what is always needed together is one file.
        codeSplitting: {
          groups: [
            { name: 'shell', test: /\/src\/app\/main\.ts$/, priority: 3 },
            // Nobody fills in a form on a shop's first page: what only forms need is a file of its own.
            {
              name: 'parts',
              test: /\/src\/(ui\/(?!Choice|Dialog|Facts|Field|Sheet)|api\/(?!passkeys)|staff\/(?!Factor))|\/domain\/(?!unlock|tariffs)/,
              minShareCount: 4,
              priority: 2,
            },
            { name: 'forms', test: /\/src\/(ui|api)\/|\/domain\//, minShareCount: 4, priority: 1 },
            { name: 'merchant', test: /\/src\/merchant\/Merchant\.svelte$/, priority: 0 },
          ],
        },
      },
    },
  },
  css: { transformer: 'lightningcss' },
  server: { port: 5173, proxy: { '/api': 'http://localhost:8640' } },
});
