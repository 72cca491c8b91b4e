import type { ChannelAccountView, ChannelKeyView } from '../../../protocol/http/channels.ts';
import type { ChannelAccount, ChannelDefinition, ChannelKey } from '../../channels/channel.ts';
import type { Core } from '../../core.ts';
import type { Db } from '../../store/database.ts';
import { openChannelKey } from './key-seal.ts';

const dayMs = 86_400_000;
/** Days before a key's end at which the office is warned. */
export const warningDays = [30, 7] as const;
const keysMax = 100;

/** The channel of a code; `undefined` when this server has none. */
export function definitionOf(core: Core, channel: string): ChannelDefinition | undefined {
  return core.channels.find(({ code }) => code === channel);
}

/** An account's row. */
export async function readAccountRow(db: Db, merchantId: string, accountId: string) {
  return db
    .selectFrom('channel_accounts')
    .selectAll()
    .where('merchant_id', '=', merchantId)
    .where('id', '=', accountId)
    .executeTakeFirst();
}

/** Keys of an account, newest first. */
export async function readKeyRows(db: Db, accountId: string) {
  return db
    .selectFrom('channel_keys as k')
    .leftJoin('user as u', 'u.id', 'k.added_by')
    .selectAll('k')
    .select('u.name as adder')
    .where('k.account_id', '=', accountId)
    .orderBy('k.added_at', 'desc')
    .orderBy('k.id', 'desc')
    .limit(keysMax)
    .execute();
}

/** An account's row. */
export type AccountRow = NonNullable<Awaited<ReturnType<typeof readAccountRow>>>;
/** A key's row. */
export type KeyRow = Awaited<ReturnType<typeof readKeyRows>>[number];

/** The account as its channel takes it: with the material of every active key. */
export function channelAccountOf(core: Core, row: AccountRow, keys: readonly KeyRow[]): ChannelAccount {
  const { vault } = core.keys();
  return {
    id: row.id,
    platformMerchantId: row.platform_merchant_id,
    config: row.config,
    keys: keys
      .filter(({ state }) => state === 'active')
      .map((key): ChannelKey => {
        const place = { accountId: key.account_id, id: key.id };
        return {
          purpose: key.purpose,
          keyId: key.key_id,
          material: openChannelKey(vault, place, key.sealed),
          ...(key.not_before === null ? {} : { notBeforeMs: key.not_before.getTime() }),
          ...(key.not_after === null ? {} : { notAfterMs: key.not_after.getTime() }),
        };
      }),
  };
}

/** The first setting or key of an account that is missing or wrong; `channel` when this server has no such channel. */
export function faultOf(core: Core, row: AccountRow, keys: readonly KeyRow[]): string | undefined {
  const definition = definitionOf(core, row.channel);
  if (definition === undefined) return 'channel';
  try {
    return definition.checkConfig(channelAccountOf(core, row, keys));
  } catch (error) {
    core.log.error({ err: error, account: row.id }, 'an account could not be checked');
    return 'keys';
  }
}

/** Ids of the keys that an account's channel uses now; `keys` are newest first. */
export function keysInUse(keys: readonly KeyRow[], nowMs: number): string[] {
  return keys.filter((key) => useOf(key, keys, nowMs) === 'now').map(({ id }) => id);
}

/** Which of an account's keys its channel uses now; `keys` are newest first. */
function useOf(row: KeyRow, keys: readonly KeyRow[], nowMs: number): ChannelKeyView['use'] {
  if (row.state === 'retired') return undefined;
  if (row.not_after !== null && row.not_after.getTime() < nowMs) return 'over';
  if (!isInDate(row, nowMs)) return 'later';
  const newest = keys.find((key) => key.state === 'active' && key.purpose === row.purpose && isInDate(key, nowMs));
  return row.is_secret && newest?.id !== row.id ? 'reserve' : 'now';
}

function isInDate({ not_before: from, not_after: to }: KeyRow, nowMs: number): boolean {
  return (from?.getTime() ?? -Infinity) <= nowMs && nowMs <= (to?.getTime() ?? Infinity);
}

/** A key as the office sees it, among all of its account. */
function keyView(row: KeyRow, keys: readonly KeyRow[], nowMs: number): ChannelKeyView {
  const endMs = row.not_after?.getTime();
  const days = endMs === undefined ? undefined : Math.floor((endMs - nowMs) / dayMs);
  const use = useOf(row, keys, nowMs);
  const warning = days === undefined || row.state === 'retired' ? undefined : warningOf(days);
  return {
    id: row.id,
    purpose: row.purpose,
    keyId: row.key_id,
    isSecret: row.is_secret,
    state: row.state,
    facts: row.facts as ChannelKeyView['facts'],
    ...(row.not_before === null ? {} : { notBefore: row.not_before.toISOString() }),
    ...(row.not_after === null ? {} : { notAfter: row.not_after.toISOString() }),
    ...(days === undefined ? {} : { endsInDays: days }),
    ...(warning === undefined ? {} : { warning }),
    ...(row.last_used_at === null ? {} : { lastUsedAt: row.last_used_at.toISOString() }),
    addedAt: row.added_at.toISOString(),
    ...(row.added_by === null ? {} : { addedBy: row.adder ?? row.added_by }),
    ...(use === undefined ? {} : { use }),
  };
}

function warningOf(days: number): ChannelKeyView['warning'] {
  if (days < 0) return 'ended';
  if (days < warningDays[1]) return 'soon';
  return days < warningDays[0] ? 'near' : undefined;
}

/** An account as the office sees it. */
export function accountView(core: Core, row: AccountRow, keys: readonly KeyRow[]): ChannelAccountView {
  const fault = faultOf(core, row, keys);
  const nowMs = core.clock();
  return {
    id: row.id,
    merchantId: row.merchant_id,
    channel: row.channel,
    name: definitionOf(core, row.channel)?.name ?? { zh: row.channel, en: row.channel },
    platformMerchantId: row.platform_merchant_id,
    label: row.label,
    config: row.config,
    feePpm: row.fee_ppm,
    priority: row.priority,
    state: row.state,
    ...(fault === undefined ? {} : { fault }),
    keys: keys.map((key) => keyView(key, keys, nowMs)),
    createdAt: row.created_at.toISOString(),
    version: row.version,
  };
}
