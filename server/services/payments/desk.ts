import { AsyncLocalStorage } from 'node:async_hooks';
import { randomBytes } from 'node:crypto';
import type { Channel, ChannelDefinition, ChannelKey, ChannelTools, Exchange } from '../../channels/channel.ts';
import type { Core } from '../../core.ts';
import { uuidv7 } from '../../store/uuid.ts';
import { type AccountRow, channelAccountOf, type KeyRow, readKeyRows } from '../channels/account-rows.ts';
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

/** An open channel, and what of the account's rows it was opened with. */
interface Opened {
  readonly open: OpenChannel;
  readonly stamp: string;
}

interface Kept {
  readonly opened: Promise<Opened | undefined>;
  untilMs: number;
}

/**
 * Channels of the accounts in the database, opened with their unsealed keys. The rows are looked at again when the bus
 * tells of a change and once a minute; a channel whose rows are as they were stays open, with its connections and with
 * what it knows. An account that is not there is not kept: anybody may name one in a notification.
 */
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
    if (name === 'channels' || name === 'keys') for (const entry of kept.values()) entry.untilMs = 0;
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
      if (found !== undefined && found.untilMs > Date.now()) return openOf(found.opened);
      const opened = openAccount(core, definitions, accountId, toolsOf, found?.opened);
      const entry: Kept = { opened, untilMs: Date.now() + keepMs };
      const forget = (): void => {
        if (kept.get(accountId) === entry) kept.delete(accountId);
      };
      opened.then((now) => (now === undefined ? forget() : undefined), forget);
      const [oldest] = kept.keys();
      if (kept.size >= accountsMax && oldest !== undefined) kept.delete(oldest);
      kept.set(accountId, entry);
      return openOf(opened);
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

async function openOf(opened: Promise<Opened | undefined>): Promise<OpenChannel | undefined> {
  return (await opened)?.open;
}

async function openAccount(
  core: Core,
  definitions: readonly ChannelDefinition[],
  accountId: string,
  toolsOf: (row: AccountRow) => ChannelTools,
  before: Kept['opened'] | undefined,
): Promise<Opened | undefined> {
  const row = await core.db.selectFrom('channel_accounts').selectAll().where('id', '=', accountId).executeTakeFirst();
  const definition = definitions.find(({ code }) => code === row?.channel);
  if (row === undefined || definition === undefined) return undefined;
  const keys = await readKeyRows(core.db, accountId);
  const stamp = stampOf(row, keys);
  const known = await before?.catch(() => undefined);
  if (known?.stamp === stamp) return known;
  try {
    const account = channelAccountOf(core, row, keys);
    const channel = definition.open(account, toolsOf(row));
    const { platformMerchantId } = account;
    const facts = { accountId, merchantId: row.merchant_id, platformMerchantId, feePpm: row.fee_ppm };
    return { open: { ...facts, definition, channel }, stamp };
  } catch (error) {
    core.log.error({ err: error, account: accountId }, 'an account could not be opened');
    return undefined;
  }
}

/** Everything of an account that its channel is opened with. A key's material never changes. */
function stampOf(row: AccountRow, keys: readonly KeyRow[]): string {
  const { version, merchant_id: merchantId, platform_merchant_id: platformId, config, fee_ppm: feePpm } = row;
  return JSON.stringify([version, merchantId, platformId, config, feePpm, keys.map(({ id, state }) => [id, state])]);
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
