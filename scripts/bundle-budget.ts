import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync } from 'node:zlib';
import { builtAppFolder } from './build-app.ts';
import { residentManifest } from './resident-page.ts';

/** What a person's browser fetches before their app can be used: the page, and the entry chunks with all they import. */
interface Budget {
  readonly name: string;
  readonly entries: readonly string[];
  readonly maxBytes: number;
  /** The page that is opened, and the manifest of the build that made it; `index.html` and the app's when absent. */
  readonly page?: string;
  readonly manifest?: string;
}

/** One entry of Vite's manifest (`dist/.vite/manifest.json`). */
interface ManifestChunk {
  readonly file: string;
  readonly imports?: readonly string[];
  readonly css?: readonly string[];
}

const appManifest = '.vite/manifest.json';

// kB = 1,000 bytes, brotli, as the issue sets it for a technician on a phone's hotspot.
const budgets: readonly Budget[] = [
  {
    name: 'technician, first load',
    entries: ['index.html', 'src/technician/TechnicianApp.svelte', 'src/i18n/technician.en.ts', 'src/i18n/app.en.ts'],
    maxBytes: 90_000,
  },
  {
    name: 'terminal, first load',
    entries: [
      'index.html',
      'src/app/TerminalHost.svelte',
      'src/terminal/TerminalApp.svelte',
      'src/i18n/terminal.zh.ts',
    ],
    maxBytes: 90_000,
  },
  {
    name: 'merchant, first load',
    entries: [
      'index.html',
      'src/merchant/MerchantApp.svelte',
      'src/i18n/merchant.zh.ts',
      'src/i18n/app.zh.ts',
      'protocol/http/routes-merchant.ts',
    ],
    maxBytes: 70_000,
  },
  { name: 'office, first load', entries: ['index.html', 'src/office/OfficeApp.svelte'], maxBytes: 120_000 },
  // Issue 5: everything before the bill can be read, link included.
  {
    name: 'resident, first load',
    entries: ['src/i18n/resident.zh.ts'],
    maxBytes: 45_000,
    page: 'l.html',
    manifest: residentManifest,
  },
];

function filesOf(manifest: Record<string, ManifestChunk>, entry: string, into: Set<string>): void {
  const chunk = manifest[entry];
  if (chunk === undefined) return;
  for (const file of [chunk.file, ...(chunk.css ?? [])]) into.add(file);
  for (const imported of chunk.imports ?? []) {
    const next = manifest[imported];
    if (next !== undefined && !into.has(next.file)) filesOf(manifest, imported, into);
  }
}

/** The hashed files that a page names itself: its scripts and style sheets. */
function namedIn(page: string): string[] {
  const html = readFileSync(join(builtAppFolder, page), 'utf8');
  return [...html.matchAll(/\/(assets\/[^"]+)"/g)].map(([, file = '']) => file);
}

function compressedBytes(file: string): number {
  return brotliCompressSync(readFileSync(join(builtAppFolder, file))).length;
}

function readManifest(path: string): Record<string, ManifestChunk> {
  return JSON.parse(readFileSync(join(builtAppFolder, path), 'utf8')) as Record<string, ManifestChunk>;
}

/** Measures each budget on what was built last. A missing entry counts as not met: a budget must not pass by a rename. */
export function bundleReport(): { readonly met: boolean; readonly lines: readonly string[] } {
  let met = true;
  const lines = budgets.map(({ name, entries, maxBytes, page = 'index.html', manifest: path = appManifest }) => {
    const manifest = readManifest(path);
    const missing = entries.filter((entry) => manifest[entry] === undefined);
    const files = new Set<string>([page, ...namedIn(page)]);
    for (const entry of entries) filesOf(manifest, entry, files);
    const bytes = [...files].reduce((sum, file) => sum + compressedBytes(file), 0);
    const holds = bytes <= maxBytes && missing.length === 0;
    met &&= holds;
    const gaps = missing.length > 0 ? `, missing ${missing.join(', ')}` : '';
    return `${name}: ${(bytes / 1000).toFixed(1)} kB of ${maxBytes / 1000} kB in ${files.size} files${gaps} ${holds ? '(ok)' : '(OVER)'}`;
  });
  return { met, lines };
}
