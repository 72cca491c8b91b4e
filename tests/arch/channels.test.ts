import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { channelDefinitions } from '../../server/channels/registry.ts';
import { projectRoot, sourceFiles } from './source-files.ts';

const codes = channelDefinitions.map(({ code }) => code);

test('every folder with a definition has its line in the registry', () => {
  const folders = readdirSync(join(projectRoot, 'server/channels'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name !== 'shared')
    .map(({ name }) => name);
  expect(folders.toSorted()).toEqual(codes.toSorted());
});

test.each(codes)('%s is named nowhere but in its own folder and the registry', (code) => {
  const own = `server/channels/${code}/`;
  const named = new RegExp(`['"\`]${code}['"\`]`);
  const places = sourceFiles()
    .filter(({ path }) => /^(domain|protocol|server|src|worker)\//.test(path) && !path.startsWith(own))
    .filter(({ text }) => named.test(text.replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, '')));
  expect(places.map(({ path }) => path)).toEqual([]);
});
