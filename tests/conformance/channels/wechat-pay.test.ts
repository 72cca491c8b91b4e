import { newRsaKey } from '../../../mock-server/platforms/wechat-pay/keys.ts';
import { weChatPayStandIn } from '../../../mock-server/platforms/wechat-pay/stand-in.ts';
import { weChatPay } from '../../../server/channels/wechat-pay/definition.ts';
import type { ChannelBench } from './bench.ts';
import { describeChannel } from './suite.ts';

/** Making an RSA key takes a tenth of a second: every row of this file works with the same ones. */
const kept = new Map<string, string>();
const keys = (label: string): string => {
  const key = kept.get(label) ?? newRsaKey();
  kept.set(label, key);
  return key;
};

const bench: ChannelBench = {
  definition: weChatPay,
  maker: weChatPayStandIn({ keys }),
  calls: {
    create: 'native',
    link: 'h5',
    query: 'query',
    close: 'close',
    refund: 'refund',
    queryRefund: 'query-refund',
    payByCode: 'micropay',
    reverse: 'reverse',
    bill: 'tradebill',
  },
};

describeChannel(bench, 'wechat-pay, public-key mode');
describeChannel(
  {
    ...bench,
    // Certificate mode as it begins: no certificate of the platform is there yet.
    account: (account) => ({
      ...account,
      config: { ...account.config, mode: 'certificate' },
      keys: account.keys.filter(({ purpose }) => purpose !== 'platform-public'),
    }),
    rotate: (standIn) => standIn.rotateKeys?.(),
  },
  'wechat-pay, certificate mode',
);
