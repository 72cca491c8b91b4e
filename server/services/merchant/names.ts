import type { MerchantHome } from '../../../protocol/http/merchant.ts';
import type { Core } from '../../core.ts';
import { readSettings } from '../channels/settings.ts';

/** Codes of the merchant’s channels, in the order in which it wants them offered. */
export async function channelsOf(core: Core, merchantId: string): Promise<readonly string[]> {
  const accounts = await core.db
    .selectFrom('channel_accounts')
    .select('channel')
    .where('merchant_id', '=', merchantId)
    .orderBy('priority')
    .orderBy('channel')
    .execute();
  return accounts.map(({ channel }) => channel);
}

/**
 * The shop, its channels, and the terminals of its payments by name: its own, and those in other shops at which its
 * households pay their fees.
 */
export async function readHome(core: Core, merchantId: string): Promise<MerchantHome> {
  const [merchant, codes, terminals, settings] = await Promise.all([
    core.db.selectFrom('merchants').select(['id', 'name']).where('id', '=', merchantId).executeTakeFirstOrThrow(),
    channelsOf(core, merchantId),
    core.db
      .selectFrom('terminals')
      .select(['id', 'label'])
      .where(({ or, eb, exists, selectFrom }) =>
        or([
          eb('merchant_id', '=', merchantId),
          exists(
            selectFrom('fee_payee_terminals as p')
              .whereRef('p.terminal_id', '=', 'terminals.id')
              .where('p.merchant_id', '=', merchantId)
              .select('p.terminal_id'),
          ),
        ]),
      )
      .orderBy('label')
      .orderBy('id')
      .execute(),
    readSettings(core, merchantId),
  ]);
  const nameOf = (code: string): MerchantHome['channels'][number] => {
    const name = core.channels.find((definition) => definition.code === code)?.name;
    return { code, name: name ?? { zh: code, en: code } };
  };
  return { merchant, channels: codes.map(nameOf), terminals, refundFactorAboveFen: settings.refundFactorAboveFen };
}
