import { err, ok } from '../../../domain/result.ts';
import type { ChangeAccount, ChannelAccountView, CreateAccount } from '../../../protocol/http/channels.ts';
import type { Actor, Answer } from '../../answer.ts';
import { writeAudit } from '../../audit/records.ts';
import type { ChannelDefinition } from '../../channels/channel.ts';
import type { Core } from '../../core.ts';
import { sqlState, uniqueViolation } from '../../store/database.ts';
import { accountView, definitionOf, faultOf, readAccountRow, readKeyRows } from './account-rows.ts';

const accountsMax = 50;

/** Tells the engine, the terminals and the office's screens that something of a merchant's channels changed. */
export function announceChannels(core: Core, merchantId: string): void {
  core.bus.publish({ name: 'channels', id: merchantId, scope: { merchantId } }, { name: 'audit', id: merchantId });
}

/** A merchant's accounts in the terminal's order. */
export async function listAccounts(core: Core, merchantId: string): Promise<ChannelAccountView[]> {
  const rows = await core.db
    .selectFrom('channel_accounts')
    .selectAll()
    .where('merchant_id', '=', merchantId)
    .orderBy('priority')
    .orderBy('channel')
    .limit(accountsMax)
    .execute();
  return Promise.all(rows.map(async (row) => accountView(core, row, await readKeyRows(core.db, row.id))));
}

/** One account. */
export async function accountAnswer(
  core: Core,
  merchantId: string,
  accountId: string,
): Promise<Answer<ChannelAccountView>> {
  const row = await readAccountRow(core.db, merchantId, accountId);
  return row === undefined ? err('not-found') : ok(accountView(core, row, await readKeyRows(core.db, accountId)));
}

/** The first setting that this channel does not have. */
function unknownSetting(
  definition: ChannelDefinition,
  config: Readonly<Record<string, string>> | undefined,
): string | undefined {
  const known = new Set(definition.fields.filter((field) => field.in === 'config').map(({ name }) => name));
  const name = Object.keys(config ?? {}).find((key) => !known.has(key));
  return name === undefined ? undefined : `config.${name}`;
}

/** Settings without the empty ones: an empty box in a form is no setting. */
function filled(config: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(config).filter(([, value]) => value !== ''));
}

/** A new account, paused until its keys are there. `already-exists`: the merchant has one of this channel. */
export async function createAccount(
  core: Core,
  actor: Actor | undefined,
  merchantId: string,
  body: CreateAccount,
): Promise<Answer<ChannelAccountView>> {
  const definition = definitionOf(core, body.channel);
  if (definition === undefined) return err('bad-request', 'channel');
  const unknown = unknownSetting(definition, body.config);
  if (unknown !== undefined) return err('bad-request', unknown);
  const before = await readAccountRow(core.db, merchantId, body.id);
  if (before !== undefined) {
    const isSame = before.channel === body.channel && before.platform_merchant_id === body.platformMerchantId;
    return isSame ? accountAnswer(core, merchantId, body.id) : err('exists-with-different-body', 'id');
  }
  const merchant = await core.db.selectFrom('merchants').select('id').where('id', '=', merchantId).executeTakeFirst();
  if (merchant === undefined) return err('not-found');
  try {
    await insertAccount(core, actor, merchantId, body);
  } catch (error) {
    if (sqlState(error) === uniqueViolation) return err('already-exists', 'channel');
    throw error;
  }
  announceChannels(core, merchantId);
  return accountAnswer(core, merchantId, body.id);
}

async function insertAccount(
  core: Core,
  actor: Actor | undefined,
  merchantId: string,
  body: CreateAccount,
): Promise<void> {
  const nowMs = core.clock();
  await core.db.transaction().execute(async (db) => {
    await db
      .insertInto('channel_accounts')
      .values({
        ...{ merchant_id: merchantId, id: body.id, channel: body.channel, label: body.label },
        ...{ platform_merchant_id: body.platformMerchantId, fee_ppm: body.feePpm, priority: body.priority },
        config: JSON.stringify(filled(body.config)),
        state: 'paused',
        created_at: new Date(nowMs),
      })
      .execute();
    await writeAudit(db, nowMs, {
      act: 'channel-account.created',
      actorId: actor?.id,
      subject: `merchant:${merchantId}`,
      facts: { accountId: body.id, channel: body.channel, platformMerchantId: body.platformMerchantId },
    });
  });
}

/** What `accounts.change` sets of the row. */
function columnsOf(body: ChangeAccount) {
  return {
    ...(body.platformMerchantId === undefined ? {} : { platform_merchant_id: body.platformMerchantId }),
    ...(body.label === undefined ? {} : { label: body.label }),
    ...(body.config === undefined ? {} : { config: JSON.stringify(filled(body.config)) }),
    ...(body.feePpm === undefined ? {} : { fee_ppm: body.feePpm }),
    ...(body.priority === undefined ? {} : { priority: body.priority }),
    ...(body.state === undefined ? {} : { state: body.state }),
  };
}

/**
 * Changes what is named. An account that takes payments must be whole: a change that leaves a setting or key missing or
 * wrong is refused with `bad-request` and its name, unless it pauses the account.
 */
export async function changeAccount(
  core: Core,
  actor: Actor | undefined,
  place: { readonly merchantId: string; readonly accountId: string },
  body: ChangeAccount,
): Promise<Answer<ChannelAccountView>> {
  const { merchantId, accountId } = place;
  const nowMs = core.clock();
  const answer = await core.db.transaction().execute(async (db): Promise<Answer<void>> => {
    const row = await db
      .selectFrom('channel_accounts')
      .selectAll()
      .where('merchant_id', '=', merchantId)
      .where('id', '=', accountId)
      .forUpdate()
      .executeTakeFirst();
    if (row === undefined) return err('not-found');
    const definition = definitionOf(core, row.channel);
    const unknown = definition === undefined ? 'channel' : unknownSetting(definition, body.config);
    if (unknown !== undefined) return err('bad-request', unknown);
    const next = {
      ...row,
      ...(body.platformMerchantId === undefined ? {} : { platform_merchant_id: body.platformMerchantId }),
      ...(body.config === undefined ? {} : { config: filled(body.config) }),
      state: body.state ?? row.state,
    };
    const fault = next.state === 'active' ? faultOf(core, next, await readKeyRows(db, accountId)) : undefined;
    if (fault !== undefined) return err('bad-request', fault);
    await db
      .updateTable('channel_accounts')
      .set((eb) => ({ ...columnsOf(body), version: eb('version', '+', 1) }))
      .where('merchant_id', '=', merchantId)
      .where('id', '=', accountId)
      .execute();
    const { config, ...rest } = body;
    await writeAudit(db, nowMs, {
      act: 'channel-account.changed',
      actorId: actor?.id,
      subject: `merchant:${merchantId}`,
      facts: { accountId, channel: row.channel, ...rest, ...(config === undefined ? {} : { config }) },
    });
    return ok(undefined);
  });
  if (!answer.ok) return answer;
  announceChannels(core, merchantId);
  return accountAnswer(core, merchantId, accountId);
}
