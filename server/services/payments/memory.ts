import type { ChannelMemory } from '../../channels/channel.ts';
import type { Core } from '../../core.ts';

interface MemoryRow {
  readonly key: string;
  readonly value: Buffer;
  readonly version: number;
}

const listMax = 1_000;

/** What a channel keeps between calls, sealed in the database, each value bound to its account and key. */
export function createChannelMemory(core: Core, accountId: string): ChannelMemory {
  const purpose = (key: string): string => `channel-memory:${accountId}:${key}`;
  const opened = ({ key, value, version }: MemoryRow) => ({
    key,
    value: core.keys().vault.open(value, purpose(key)).toString('utf8'),
    version,
  });
  const changed = async (text: string, values: unknown[]): Promise<boolean> =>
    (await core.pool.query(text, [accountId, ...values])).rowCount === 1;
  return {
    get: async (key) => {
      const text = 'select key, value, version from channel_memory where account_id = $1 and key = $2';
      const { rows } = await core.pool.query<MemoryRow>(text, [accountId, key]);
      return rows[0] === undefined ? undefined : opened(rows[0]);
    },
    put: (key, value, version) => {
      const sealed = core.keys().vault.seal(Buffer.from(value, 'utf8'), purpose(key));
      return version === 0
        ? changed(
            'insert into channel_memory (account_id, key, value, version) values ($1, $2, $3, 1) on conflict do nothing',
            [key, sealed],
          )
        : changed(
            'update channel_memory set value = $3, version = version + 1 where account_id = $1 and key = $2 and version = $4',
            [key, sealed, version],
          );
    },
    remove: (key, version) =>
      changed('delete from channel_memory where account_id = $1 and key = $2 and version = $3', [key, version]),
    next: async (counter, max) => {
      const text = `insert into channel_counters as c (account_id, name, value) values ($1, $2, 1)
        on conflict (account_id, name) do update set value = case when c.value >= $3 then 1 else c.value + 1 end
        returning value`;
      const { rows } = await core.pool.query<{ value: number }>(text, [accountId, counter, max]);
      return rows[0]?.value ?? 1;
    },
    list: async (prefix, limit) => {
      const text = `select key, value, version from channel_memory
        where account_id = $1 and starts_with(key, $2) order by key limit $3`;
      const { rows } = await core.pool.query<MemoryRow>(text, [accountId, prefix, Math.min(limit, listMax)]);
      return rows.map(opened);
    },
  };
}
