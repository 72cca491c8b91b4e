import { err } from '../../../domain/result.ts';
import type { ChangeMerchantSettings, MerchantSettings } from '../../../protocol/http/merchant-acts.ts';
import type { Actor, Answer } from '../../answer.ts';
import type { FactorService } from '../../auth/factors.ts';
import type { Core } from '../../core.ts';
import { changeSettings, readSettings } from '../channels/settings.ts';

/**
 * Changes what the merchant decides. To raise the amount from which refunds need a second factor needs one itself:
 * otherwise an open screen would be enough to take it away.
 */
export async function changeOwnSettings(
  { core, factors }: { readonly core: Core; readonly factors: FactorService },
  actor: Actor,
  merchantId: string,
  { id, factor, ...body }: ChangeMerchantSettings,
): Promise<Answer<MerchantSettings>> {
  const before = await readSettings(core, merchantId);
  if (body.refundFactorAboveFen !== undefined && body.refundFactorAboveFen > before.refundFactorAboveFen) {
    if (factor === undefined) return err('factor-needed', 'factor');
    const verdict = await factors.verify(actor, id, factor);
    if (!verdict.ok) return verdict;
  }
  return changeSettings(core, actor, merchantId, body);
}
