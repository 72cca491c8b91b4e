import type { PlatformStandIn } from '../mock-server/platforms/stand-in.ts';
import type { ServerContext } from '../server/context.ts';

/** What a merchant of the demo pays a platform for, and how much it may take a day. */
interface DemoChannel {
  readonly code: string;
  readonly priority: number;
  /** Parts of a million. */
  readonly feePpm: number;
  readonly dayFen?: number;
}

// The limits are those of the screens' story: WeChat nearly used up, Alipay small, cards roomy.
const demoChannels: readonly DemoChannel[] = [
  { code: 'wechat-pay', priority: 10, feePpm: 6_000, dayFen: 500_000 },
  { code: 'alipay', priority: 20, feePpm: 5_500, dayFen: 300_000 },
  { code: 'bank-card', priority: 30, feePpm: 5_000, dayFen: 1_000_000 },
  { code: 'unionpay-qr', priority: 40, feePpm: 3_800 },
];

/** Gives every merchant an account at each simulated platform, with limits. May be called at every start. */
export async function seedDemoPayments(
  { services: { channels } }: ServerContext,
  standIns: ReadonlyMap<string, PlatformStandIn>,
  merchantIds: ReadonlyMap<string, string>,
): Promise<void> {
  for (const [name, merchantId] of merchantIds) {
    for (const { code, priority, feePpm, dayFen } of demoChannels) {
      const standIn = standIns.get(code);
      if (standIn === undefined) continue;
      await channels.ensureAccount({
        merchantId,
        channel: code,
        account: standIn.account(name, name),
        feePpm,
        priority,
      });
      if (dayFen === undefined) continue;
      await channels.ensureLimit({ merchantId, channel: code, window: 'day', maxFen: dayFen });
    }
  }
}
