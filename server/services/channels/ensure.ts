import { createHash } from 'node:crypto';
import type { CreateLimit } from '../../../protocol/http/channels.ts';
import type { Answer } from '../../answer.ts';
import type { Core } from '../../core.ts';
import { readKeyRows } from './account-rows.ts';
import { changeAccount, createAccount } from './accounts.ts';
import { addKey } from './keys.ts';
import { createLimit, listLimits } from './limits.ts';

/** An account that start-up code wants to exist: what a platform or its stand-in gave the merchant. */
export interface SeedAccount {
  readonly merchantId: string;
  readonly channel: string;
  readonly account: {
    readonly platformMerchantId: string;
    readonly config: Readonly<Record<string, string>>;
    readonly keys: readonly {
      readonly purpose: string;
      readonly keyId: string;
      readonly material: string;
      readonly notAfterMs?: number;
    }[];
  };
  readonly label?: string;
  readonly feePpm: number;
  readonly priority: number;
}

/** A limit that start-up code wants to exist; found again by channel, window and terminal. */
export type SeedLimit = Omit<CreateLimit, 'id'> & { readonly merchantId: string };

/** The same id for the same thing at every start. */
function seedId(...parts: readonly string[]): string {
  const hex = createHash('sha256')
    .update(JSON.stringify(['tillkeeper seed', ...parts]))
    .digest('hex');
  const variant = ((parseInt(hex.slice(16, 18), 16) & 0x3f) | 0x80).toString(16);
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    variant + hex.slice(18, 20),
    hex.slice(20, 32),
  ].join('-');
}

function must<T>(answer: Answer<T>, what: string): T {
  if (!answer.ok) throw new Error(`${what}: ${answer.error} ${answer.detail ?? ''}`);
  return answer.value;
}

/** Makes the account, its settings and keys as given, and lets it take payments. @returns its id. Throws with the fault. */
export async function ensureAccount(core: Core, seed: SeedAccount): Promise<string> {
  const { merchantId, channel, account, label = '', feePpm, priority } = seed;
  const known = await core.db
    .selectFrom('channel_accounts')
    .select('id')
    .where('merchant_id', '=', merchantId)
    .where('channel', '=', channel)
    .executeTakeFirst();
  const accountId = known?.id ?? seedId('account', merchantId, channel);
  const { platformMerchantId, config } = account;
  const settings = { platformMerchantId, config: { ...config }, label, feePpm, priority };
  if (known === undefined) {
    must(
      await createAccount(core, undefined, merchantId, { id: accountId, channel, ...settings }),
      `ensureAccount(${channel})`,
    );
  }
  const place = { merchantId, accountId };
  const present = await readKeyRows(core.db, accountId);
  for (const { purpose, keyId, material, notAfterMs } of account.keys) {
    if (present.some((key) => key.purpose === purpose && key.key_id === keyId)) continue;
    const isCertificate = material.includes('BEGIN CERTIFICATE');
    const end = notAfterMs === undefined || isCertificate ? {} : { notAfter: new Date(notAfterMs).toISOString() };
    const id = seedId('key', accountId, purpose, keyId);
    must(
      await addKey(core, undefined, place, { id, purpose, keyId, material, ...end }),
      `ensureAccount(${channel}).keys.${purpose}`,
    );
  }
  must(await changeAccount(core, undefined, place, { ...settings, state: 'active' }), `ensureAccount(${channel})`);
  return accountId;
}

/** Makes the limit unless one of this channel, window and terminal is there. @returns its id. */
export async function ensureLimit(core: Core, { merchantId, ...limit }: SeedLimit): Promise<string> {
  const known = (await listLimits(core, merchantId)).find(
    (rule) => rule.channel === limit.channel && rule.window === limit.window && rule.terminalId === limit.terminalId,
  );
  if (known !== undefined) return known.id;
  const id = seedId('limit', merchantId, limit.channel, limit.window, limit.terminalId ?? '');
  return must(await createLimit(core, undefined, merchantId, { id, ...limit }), 'ensureLimit').id;
}
