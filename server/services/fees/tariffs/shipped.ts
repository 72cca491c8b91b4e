import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ShippedTariffs } from '../../../../protocol/http/fees-work.ts';
import type { Core } from '../../../core.ts';
import { readTariffJson } from './shape.ts';

const folder = join(import.meta.dirname, '../../../../tariffs');
const filesMax = 200;

/** The JSON of a tariff that comes with the program; `undefined` when there is none of that name. */
export async function shippedTariff(name: string): Promise<unknown> {
  if (!/^[a-z0-9-]{1,80}$/.test(name)) return undefined;
  try {
    return JSON.parse(await readFile(join(folder, `${name}.json`), 'utf8'));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Tariffs that come with the program, by service and name. One that cannot be read is left out and logged. */
export async function listShipped(core: Core): Promise<ShippedTariffs> {
  const names = (await readdir(folder).catch(() => []))
    .filter((file) => file.endsWith('.json'))
    .map((file) => file.slice(0, -'.json'.length))
    .sort()
    .slice(0, filesMax);
  const items: ShippedTariffs['items'] = [];
  for (const name of names) {
    const read = readTariffJson(await shippedTariff(name));
    if (!read.ok) {
      core.log.warn({ name, detail: read.detail }, 'a shipped tariff cannot be read');
      continue;
    }
    const { service, name: title, versions } = read.value;
    const examples = versions.reduce((sum, version) => sum + (version.examples?.length ?? 0), 0);
    items.push({ name, service, title: { ...title }, examples });
  }
  return { items: items.sort((a, b) => (a.service < b.service ? -1 : a.service > b.service ? 1 : 0)) };
}
