import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { describe, expect, test } from 'vitest';
import { documentFiles, projectRoot, sourceFiles } from './source-files.ts';
import type { SourceFile } from './source-files.ts';

const functionMaxLines = 70;
const fileMaxLines = 400;

/** What must not stand in the source, and what to use in its place. */
const banned: readonly { readonly pattern: RegExp; readonly instead: string; readonly where: RegExp }[] = [
  { pattern: /\b(TODO|FIXME|XXX|HACK)\b/, instead: 'an issue', where: /./ },
  { pattern: /\b(it|test|describe)\.(only|todo)\b/, instead: 'a test that runs', where: /^tests\// },
  { pattern: /expect\(true\)/, instead: 'a test that can fail', where: /^tests\// },
  { pattern: /\bMath\.random\(/, instead: 'a random source passed in', where: /^(domain|protocol)\// },
  { pattern: /\bDate\.now\(|new Date\(\)/, instead: 'a clock value passed in', where: /^(domain|protocol)\// },
  { pattern: /\{@html\b/, instead: 'text or a component', where: /^src\// },
  { pattern: /\bfrom 'svelte\/store'/, instead: 'a runes class', where: /^src\// },
  { pattern: /registry\.npmjs|\/work\/|bash_jobs/, instead: 'nothing of this machine', where: /^(?!tests\/arch\/)/ },
];

function isCode({ path }: SourceFile): boolean {
  return path.endsWith('.ts');
}

function longFunctions(file: SourceFile): string[] {
  const source = ts.createSourceFile(file.path, file.text, ts.ScriptTarget.ESNext, true);
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isFunctionLike(node) && 'body' in node && node.body !== undefined) {
      const start = source.getLineAndCharacterOfPosition(node.getStart()).line;
      const lines = source.getLineAndCharacterOfPosition(node.end).line - start + 1;
      const wrapsTests = file.path.startsWith('tests/') && /^(describe|test)/.test(node.parent.getText().slice(0, 10));
      if (lines > functionMaxLines && !wrapsTests) found.push(`${file.path}:${start + 1} has ${lines} lines`);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

describe('tidy', () => {
  const files = sourceFiles();

  test(`functions have at most ${functionMaxLines} lines`, () => {
    expect(files.filter(isCode).flatMap(longFunctions)).toEqual([]);
  });

  test(`files have at most ${fileMaxLines} lines`, () => {
    const long = files.map(({ path, text }) => ({ path, lines: text.split('\n').length - 1 }));
    expect(long.filter(({ lines }) => lines > fileMaxLines)).toEqual([]);
  });

  test('exports are named', () => {
    const bad = files.filter(({ path, text }) => isCode({ path, text }) && /^export default\b/m.test(text));
    expect(bad.map(({ path }) => path)).toEqual([]);
  });

  test.each(banned)('$pattern does not occur; use $instead', ({ pattern, where }) => {
    const scope = files.filter(({ path }) => where.test(path) && path !== 'tests/arch/tidy.test.ts');
    expect(scope.filter(({ text }) => pattern.test(text)).map(({ path }) => path)).toEqual([]);
  });

  test('every exported function, class, interface and type of the pure zones and servers has a docstring', () => {
    const declared = /(^|\n)(?<before>[^\n]*)\n(?<line>export (?:async )?(?:function|class|interface|type|const) \w+)/g;
    const bad = files
      .filter(({ path }) => /^(domain|protocol|server|mock-server|src\/device|src\/api)\/.*\.ts$/.test(path))
      .flatMap(({ path, text }) =>
        [...text.matchAll(declared)]
          .filter(({ groups }) => !(groups?.['before'] ?? '').trimEnd().endsWith('*/'))
          .map(({ groups }) => `${path}: ${groups?.['line'] ?? ''}`),
      );
    expect(bad).toEqual([]);
  });

  test('each document has one title', () => {
    const titles = documentFiles().map(({ path, text }) => {
      const prose = text.replaceAll(/^```[\s\S]*?^```/gm, '');
      return { path, titles: [...prose.matchAll(/^# /gm)].length };
    });
    expect(titles.filter((document) => document.titles !== 1)).toEqual([]);
  });

  test('the lock file names no registry host', () => {
    const lock = readFileSync(join(projectRoot, 'package-lock.json'), 'utf8');
    expect(/"resolved": "http/.test(lock)).toBe(false);
  });
});
