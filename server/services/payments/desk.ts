import { AsyncLocalStorage } from 'node:async_hooks';
import { randomBytes } from 'node:crypto';
import type { Channel, ChannelDefinition, ChannelKey, ChannelTools, Exchange } from '../../channels/channel.ts';
import type { Core } from '../../core.ts';
import { uuidv7 } from '../../store/uuid.ts';
import { type AccountRow, channelAccountOf, readKeyRows } from '../channels/account-rows.ts';
import { keyFactsOf } from '../channels/key-facts.ts';
import { createKeyUse } from '../channels/key-use.ts';
import { sealChannelKey } from '../channels/key-seal.ts';
import { createChannelMemory } from './memory.ts';

/** An account of a merchant with its channel, ready to be called. */
export interface OpenChannel {
  readonly accountId: string;
  readonly merchantId: string;
  readonly definition: ChannelDefinition;
  readonly channel: Channel;
  readonly platformMerchantId: string;
  readonly feePpm: number;
}

/** Opens channels of accounts and keeps them open. */
export interface ChannelDesk {
  readonly definitions: readonly ChannelDefinition[];
  /** `undefined` when there is no such account, this server has no such channel, or its keys cannot be opened. */
  open(accountId: string): Promise<OpenChannel | undefined>;
  /** Does something with a channel and gives what went over the wire meanwhile. */
  listen<T>(act: () => Promise<T>): Promise<{ readonly value: T; readonly exchanges: readonly Exchange[] }>;
  /** Ids of all accounts that take payments. */
  active(): Promise<readonly string[]>;
  close(): void;
}

/** A change that the bus did not bring is seen after this long. */
const keepMs = 60_000;
const exchangesMax = 20;
const accountsMax = 10_000;

interface Kept {
  readonly opened: Promise<OpenChannel | undefined>;
  readonly untilMs: number;
}

/** Channels of the accounts in the database, opened with their unsealed keys; renewed when the bus tells of a change. */
export function createChannelDesk(
  core: Core,
  definitions: readonly ChannelDefinition[],
  timeoutMs: number,
): ChannelDesk {
  const kept = new Map<string, Kept>();
  const listening = new AsyncLocalStorage<Exchange[]>();
  const used = createKeyUse(core);
  const record = (accountId: string, exchange: Exchange): void => {
    used(accountId);
    const heard = listening.getStore();
    if (heard !== undefined && heard.length < exchangesMax) heard.push(exchange);
  };
  const unsubscribe = core.bus.subscribe(({ name }) => {
    if (name === 'channels' || name === 'keys') kept.clear();
  });
  const toolsOf = (row: AccountRow): ChannelTools => ({
    clock: core.clock,
    random: (bytes) => randomBytes(bytes),
    memory: createChannelMemory(core, row.id),
    timeoutMs,
    record: (exchange) => record(row.id, exchange),
    learnKey: (key) => learnKey(core, row, key),
  });
  return {
    definitions,
    open: (accountId) => {
      const found = kept.get(accountId);
      if (found !== undefined && found.untilMs > Date.now()) return found.opened;
      const opened = openAccount(core, definitions, accountId, toolsOf);
      opened.catch(() => kept.delete(accountId));
      kept.set(accountId, { opened, untilMs: Date.now() + keepMs });
      return opened;
    },
    listen: async (act) => {
      const exchanges: Exchange[] = [];
      return { value: await listening.run(exchanges, act), exchanges };
    },
    active: async () => {
      const query = core.db
        .selectFrom('channel_accounts')
        .select('id')
        .where('state', '=', 'active')
        .limit(accountsMax);
      return (await query.execute()).map((row) => row.id);
    },
    close: unsubscribe,
  };
}

async function openAccount(
  core: Core,
  definitions: readonly ChannelDefinition[],
  accountId: string,
  toolsOf: (row: AccountRow) => ChannelTools,
): Promise<OpenChannel | undefined> {
  const row = await core.db.selectFrom('channel_accounts').selectAll().where('id', '=', accountId).executeTakeFirst();
  const definition = definitions.find(({ code }) => code === row?.channel);
  if (row === undefined || definition === undefined) return undefined;
  try {
    const account = channelAccountOf(core, row, await readKeyRows(core.db, accountId));
    const channel = definition.open(account, toolsOf(row));
    const { platformMerchantId } = account;
    return { accountId, merchantId: row.merchant_id, definition, channel, platformMerchantId, feePpm: row.fee_ppm };
  } catch (error) {
    core.log.error({ err: error, account: accountId }, 'an account could not be opened');
    return undefined;
  }
}

/** Keeps a public key that a platform handed out, unless it is known. */
async function learnKey(core: Core, row: AccountRow, key: ChannelKey): Promise<void> {
  const nowMs = core.clock();
  const id = uuidv7(nowMs);
  const instant = (ms: number | undefined): Date | null => (ms === undefined ? null : new Date(ms));
  const made = await core.db
    .insertInto('channel_keys')
    .values({
      ...{ account_id: row.id, id, purpose: key.purpose, key_id: key.keyId, is_secret: false },
      sealed: sealChannelKey(core.keys().vault, { accountId: row.id, id }, key.material),
      ...{ not_before: instant(key.notBeforeMs), not_after: instant(key.notAfterMs), added_at: new Date(nowMs) },
      facts: JSON.stringify(keyFactsOf(key.material)),
    })
    .onConflict((conflict) => conflict.columns(['account_id', 'purpose', 'key_id']).doNothing())
    .executeTakeFirst();
  if (made.numInsertedOrUpdatedRows === 1n)
    core.bus.publish({ name: 'channels', id: row.merchant_id, scope: { merchantId: row.merchant_id } });
}
