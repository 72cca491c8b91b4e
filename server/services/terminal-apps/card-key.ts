import { err, ok } from '../../../domain/result.ts';
import type { CardKey } from '../../../protocol/http/terminal-app.ts';
import type { Answer } from '../../answer.ts';
import { writeAudit } from '../../audit/records.ts';
import type { Core } from '../../core.ts';
import type { PaymentService } from '../payments/service.ts';
import type { SignedInApp } from './apps.ts';

/**
 * Fetches a card reader's key from the acquirer for this terminal's device. Which device that is, and its public key,
 * the registry says: an app that names a key of its own must not get one. The block passes through unopened.
 */
export async function fetchCardKey(core: Core, payments: PaymentService, app: SignedInApp): Promise<Answer<CardKey>> {
  const terminal = await core.db
    .selectFrom('terminals')
    .select(['device_id', 'package_public_key'])
    .where('id', '=', app.terminalId)
    .executeTakeFirst();
  if (terminal === undefined) return err('not-found');
  if (terminal.package_public_key === null) return err('not-in-state', 'packagePublicKey');
  const deviceId = terminal.device_id.toString('hex');
  const device = { deviceId, publicKey: terminal.package_public_key.toString('hex') };
  const result = await payments.cardKey(app.merchantId, device);
  if (result === undefined) return err('not-in-state', 'channel');
  if (result.kind === 'unknown') return err('timed-out', 'acquirer');
  if (result.kind === 'refused') {
    core.log.warn({ code: result.code, terminal: app.terminalId }, 'the acquirer refused a card key');
    return err('not-in-state', 'acquirer');
  }
  const subject = `terminal:${app.terminalId}`;
  await core.db
    .transaction()
    .execute((db) =>
      writeAudit(db, core.clock(), { act: 'terminal-app.card-key', subject, facts: { appId: app.appId } }),
    );
  core.bus.publish({ name: 'audit', id: app.terminalId });
  return ok({ keyBlock: result.keyBlock });
}
