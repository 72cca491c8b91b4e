import { describe, expect, test } from 'vitest';
import { importsOf, sourceFiles } from './source-files.ts';
import type { ImportEdge } from './source-files.ts';

/** Zone → the zones it may import besides itself. What is absent is forbidden. */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  domain: [],
  protocol: ['domain'],
  'server/channels': ['domain', 'protocol'],
  server: ['domain', 'protocol', 'server/channels'],
  'src/ui': [],
  'src/styles': [],
  'src/i18n': ['domain', 'protocol'],
  'src/api': ['domain', 'protocol'],
  'src/device': ['domain', 'protocol'],
  'src/phone-link': ['domain', 'protocol'],
  'src/outbox': ['domain', 'protocol', 'src/api'],
  'src/field-key': ['domain', 'protocol', 'src/api'],
  'src/codes': ['domain', 'protocol', 'src/ui', 'src/i18n'],
  'src/receipts': ['domain', 'protocol', 'src/ui', 'src/i18n'],
  'src/review': ['domain', 'protocol', 'src/ui', 'src/i18n'],
  'src/staff': ['domain', 'protocol', 'src/ui', 'src/api', 'src/i18n'],
  ...Object.fromEntries(
    ['technician', 'resident', 'merchant', 'terminal', 'office'].map((person) => [
      `src/${person}`,
      [
        'domain',
        'protocol',
        'src/device',
        'src/phone-link',
        'src/outbox',
        'src/field-key',
        'src/codes',
        'src/receipts',
        'src/review',
        'src/staff',
        'src/ui',
        'src/api',
        'src/i18n',
        'src/app/person.ts',
      ],
    ]),
  ),
  'src/app': ['domain', 'protocol', 'src'],
  worker: ['domain', 'protocol', 'src/outbox', 'src/api'],
  'mock-server': ['domain', 'protocol'],
  scripts: ['domain', 'protocol', 'server', 'mock-server', 'tests/bench', 'tests/serial-bench', 'tests/e2e/support'],
  tests: ['domain', 'protocol', 'server', 'src', 'worker', 'mock-server', 'scripts'],
};

/** Packages that the pure zones may use: codecs and cryptography, and the schema library of protocol/http. */
const pureZonePackages: Readonly<Record<string, RegExp>> = {
  domain: /^$/,
  protocol: /^(@noble\/(curves|hashes|ciphers)\/|valibot$)/,
};

const zones = Object.keys(mayImport).sort((a, b) => b.length - a.length);

function zoneOf(path: string): string {
  const zone = zones.find((name) => path === name || path.startsWith(`${name}/`));
  if (zone === undefined) throw new Error(`${path} lies in no zone; add it to the table in tests/arch/layers.test.ts`);
  return zone;
}

function isAllowed({ from, to }: ImportEdge): boolean {
  const zone = zoneOf(from);
  if (to === zone || to.startsWith(`${zone}/`)) {
    const person = /^src\/(technician|resident|merchant|terminal|office)\//;
    return person.exec(from)?.[1] === person.exec(to)?.[1] || zone === 'src/app';
  }
  return (mayImport[zone] ?? []).some((allowed) => to === allowed || to.startsWith(`${allowed}/`));
}

const edges = sourceFiles().flatMap(importsOf);

describe('layers', () => {
  test('imports cross zones only as the table allows', () => {
    const bad = edges.filter((edge) => !edge.isPackage && !isAllowed(edge));
    expect(bad.map(({ from, to }) => `${from} imports ${to}`)).toEqual([]);
  });

  test('the pure zones import only their named packages', () => {
    const bad = edges.filter(({ from, to, isPackage }) => {
      const allowed = pureZonePackages[from.split('/')[0] ?? ''];
      return isPackage && allowed !== undefined && !allowed.test(to);
    });
    expect(bad.map(({ from, to }) => `${from} imports ${to}`)).toEqual([]);
  });

  test('one channel of the server never imports another', () => {
    const channel = /^server\/channels\/(?!shared\/)([^/]+)\//;
    const bad = edges.filter(({ from, to }) => {
      const [a, b] = [channel.exec(from)?.[1], channel.exec(to)?.[1]];
      return a !== undefined && b !== undefined && a !== b;
    });
    expect(bad.map(({ from, to }) => `${from} imports ${to}`)).toEqual([]);
  });

  test('routes reach the database only through services', () => {
    const bad = edges.filter(({ from, to }) => from.startsWith('server/routes/') && /^(kysely|pg)$/.test(to));
    expect(bad.map(({ from, to }) => `${from} imports ${to}`)).toEqual([]);
  });

  test('the reader of imports sees static, re-exported and dynamic ones', () => {
    const text = `import { a } from './a.ts';\nimport type { B } from "../b.ts";\nexport * from './c.ts';\nconst d = await import('./d.svelte');\nimport './e.css';`;
    const found = importsOf({ path: 'src/app/x.ts', text }).map(({ to }) => to);
    expect(found).toEqual(['src/app/a.ts', 'src/b.ts', 'src/app/c.ts', 'src/app/d.svelte', 'src/app/e.css']);
  });
});
