import { err, ok } from '../../../domain/result.ts';
import type { ChangeSettings, MerchantSettings } from '../../../protocol/http/channels.ts';
import type { Actor, Answer } from '../../answer.ts';
import { writeAudit } from '../../audit/records.ts';
import type { Core } from '../../core.ts';

const defaults: MerchantSettings = { receiptTitle: '', receiptFooter: '', refundFactorAboveFen: 20_000 };

/** What a merchant's receipts say, and above which refund a second factor is asked for. */
export async function readSettings(core: Core, merchantId: string): Promise<MerchantSettings> {
  const row = await core.db
    .selectFrom('merchant_settings')
    .select(['receipt_title', 'receipt_footer', 'refund_factor_above_fen'])
    .where('merchant_id', '=', merchantId)
    .executeTakeFirst();
  if (row === undefined) return defaults;
  return {
    receiptTitle: row.receipt_title,
    receiptFooter: row.receipt_footer,
    refundFactorAboveFen: row.refund_factor_above_fen,
  };
}

/** Changes what is named. `actor` is absent for start-up code. */
export async function changeSettings(
  core: Core,
  actor: Actor | undefined,
  merchantId: string,
  body: ChangeSettings,
): Promise<Answer<MerchantSettings>> {
  const nowMs = core.clock();
  const isKnown = await core.db.transaction().execute(async (db) => {
    const merchant = await db.selectFrom('merchants').select('id').where('id', '=', merchantId).executeTakeFirst();
    if (merchant === undefined) return false;
    const set = {
      ...(body.receiptTitle === undefined ? {} : { receipt_title: body.receiptTitle }),
      ...(body.receiptFooter === undefined ? {} : { receipt_footer: body.receiptFooter }),
      ...(body.refundFactorAboveFen === undefined ? {} : { refund_factor_above_fen: body.refundFactorAboveFen }),
    };
    await db
      .insertInto('merchant_settings')
      .values({ merchant_id: merchantId, ...set })
      .onConflict((conflict) =>
        conflict.column('merchant_id').doUpdateSet((eb) => ({
          ...set,
          version: eb('merchant_settings.version', '+', 1),
        })),
      )
      .execute();
    await writeAudit(db, nowMs, {
      act: 'merchant.settings-changed',
      actorId: actor?.id,
      subject: `merchant:${merchantId}`,
      facts: { ...body },
    });
    return true;
  });
  if (!isKnown) return err('not-found');
  core.bus.publish({ name: 'channels', id: merchantId, scope: { merchantId } }, { name: 'audit', id: merchantId });
  return ok(await readSettings(core, merchantId));
}
