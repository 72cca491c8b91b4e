import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const folder = join(import.meta.dirname, '../../../src/terminal');
const screens = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.svelte'));
const awaiting = screens
  .map((name) => ({ name, markup: readFileSync(join(folder, name), 'utf8') }))
  .filter(({ markup }) => markup.includes('{#await'));

test.each(awaiting)('$name says so when what comes later cannot be fetched', ({ markup }) => {
  const blocks = markup.split('{#await').slice(1);
  expect(blocks.filter((block) => !block.split('{/await}')[0]?.includes('{:catch}'))).toEqual([]);
});
