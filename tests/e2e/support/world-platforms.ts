import { join } from 'node:path';
import { alipayStandIn } from '../../../mock-server/platforms/alipay/stand-in.ts';
import { bankCardStandIn } from '../../../mock-server/platforms/bank-card/stand-in.ts';
import { systemClock } from '../../../mock-server/platforms/frame/clock.ts';
import { type Platforms, startPlatforms } from '../../../mock-server/platforms/frame/platforms.ts';
import { unionPayStandIn } from '../../../mock-server/platforms/unionpay-qr/stand-in.ts';
import { weChatPayStandIn } from '../../../mock-server/platforms/wechat-pay/stand-in.ts';
import type { RunningServer } from '../../../server/start.ts';

/** What WeChat Pay takes a day in a world: 500.00 yuan, so that a split can be tried. */
export const worldDayLimitFen = 50_000;

/** Starts every simulated platform on free ports, with accounts of `merchantId` in the order of the terminal's keys. */
export async function startWorldPlatforms(
  { context }: RunningServer,
  merchantId: string,
  folder: string,
): Promise<Platforms> {
  const platforms = await startPlatforms({
    host: '127.0.0.1',
    port: 0,
    dataDir: join(folder, 'platforms'),
    clock: systemClock(),
    standIns: [weChatPayStandIn(), alipayStandIn(), bankCardStandIn, unionPayStandIn()],
  });
  const { channels } = context.services;
  for (const [at, code] of ['wechat-pay', 'alipay', 'bank-card', 'unionpay-qr'].entries()) {
    const account = platforms.standIns.get(code)?.account('world');
    if (account === undefined) throw new Error(`No stand-in for ${code}`);
    await channels.ensureAccount({ merchantId, channel: code, account, feePpm: 6_000, priority: at });
  }
  await channels.ensureLimit({ merchantId, channel: 'wechat-pay', window: 'day', maxFen: worldDayLimitFen });
  return platforms;
}
