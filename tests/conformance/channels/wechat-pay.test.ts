import { weChatPayStandIn } from '../../../mock-server/platforms/wechat-pay/stand-in.ts';
import { weChatPay } from '../../../server/channels/wechat-pay/definition.ts';
import type { ChannelBench } from './bench.ts';
import { keptKeys } from './kept-keys.ts';
import { describeChannel } from './suite.ts';

const bench: ChannelBench = {
  definition: weChatPay,
  maker: weChatPayStandIn({ keys: keptKeys() }),
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
