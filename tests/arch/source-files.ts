import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of the checkout. */
export const projectRoot = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** One source file: its path from the project's root, and its text. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
}

const sourceFolders = ['domain', 'protocol', 'server', 'src', 'worker', 'mock-server', 'tests', 'scripts'];

function filesBelow(folder: string): string[] {
  return readdirSync(join(projectRoot, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(projectRoot, join(entry.parentPath, entry.name)));
}

/** Every TypeScript and Svelte file of the project's own. Throws when a folder that must exist is missing. */
export function sourceFiles(): readonly SourceFile[] {
  return sourceFolders
    .flatMap(filesBelow)
    .filter((path) => /\.(ts|svelte)$/.test(path) && !path.endsWith('.d.ts'))
    .map((path) => ({ path, text: readFileSync(join(projectRoot, path), 'utf8') }));
}

/** Every Markdown file in docs/ and at the root. */
export function documentFiles(): readonly SourceFile[] {
  const atRoot = readdirSync(projectRoot).filter((name) => name.endsWith('.md'));
  return [...atRoot, ...filesBelow('docs').filter((path) => path.endsWith('.md'))].map((path) => ({
    path,
    text: readFileSync(join(projectRoot, path), 'utf8'),
  }));
}

/** One import: where it stands, and what it names (a relative one as a path from the root, a package by its name). */
export interface ImportEdge {
  readonly from: string;
  readonly to: string;
  readonly isPackage: boolean;
}

const importPattern =
  /(?:^|[\s;])(?:import|export)\s[^'"`;]*?from\s*['"]([^'"]+)['"]|(?:^|[^\w.])import\s*\(?\s*['"]([^'"]+)['"]/g;

/** The imports of one file: static, re-exporting, side-effect and dynamic ones with a literal name. */
export function importsOf(file: SourceFile): readonly ImportEdge[] {
  return [...file.text.matchAll(importPattern)].map((match) => {
    const name = match[1] ?? match[2] ?? '';
    const isPackage = !name.startsWith('.');
    const to = isPackage ? name : relative(projectRoot, join(projectRoot, dirname(file.path), name));
    return { from: file.path, to, isPackage };
  });
}
