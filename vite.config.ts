import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vite';
import { VitePWA } from 'vite-plugin-pwa';

export default defineConfig({
  plugins: [
    svelte(),
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
  },
  css: { transformer: 'lightningcss' },
  server: { port: 5173, proxy: { '/api': 'http://localhost:8640' } },
});
