import { fileURLToPath } from 'node:url';
import { brotliCompressSync } from 'node:zlib';
import { build } from 'vite';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const link = `import { createLinkGuest } from '/src/phone-link/guest.ts';
globalThis.link = createLinkGuest;`;

async function compressedBytes(code: string): Promise<number> {
  const entry = 'virtual:entry';
  const built = await build({
    configFile: false,
    root,
    logLevel: 'error',
    build: { write: false, modulePreload: false, rollupOptions: { input: entry } },
    plugins: [
      {
        name: 'entry',
        resolveId: (id) =>
          id === entry ? `\0${entry}` : id.startsWith('/protocol/') || id.startsWith('/src/') ? root + id : undefined,
        load: (id) => (id === `\0${entry}` ? code : undefined),
      },
    ],
  });
  const outputs = Array.isArray(built) ? built : [built];
  const text = outputs
    .flatMap((one) => ('output' in one ? one.output : []))
    .map((part) => ('code' in part ? part.code : ''));
  return brotliCompressSync(text.join('')).length;
}

/** The link's whole code as the phone's page has it: brotli, bytes. */
export function linkSize(): Promise<number> {
  return compressedBytes(link);
}
