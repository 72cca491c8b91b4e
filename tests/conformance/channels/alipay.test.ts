import { alipayStandIn } from '../../../mock-server/platforms/alipay/stand-in.ts';
import { alipay } from '../../../server/channels/alipay/definition.ts';
import { keptKeys } from './kept-keys.ts';
import type { ChannelBench } from './bench.ts';
import { describeChannel } from './suite.ts';
import { unzipGbk } from './unzip.ts';

const bench: ChannelBench = {
  definition: alipay,
  maker: alipayStandIn(keptKeys()),
  calls: {
    create: 'trade.precreate',
    query: 'trade.query',
    close: 'trade.close',
    refund: 'trade.refund',
    queryRefund: 'trade.fastpay.refund.query',
    payByCode: 'trade.pay',
    reverse: 'trade.cancel',
    bill: 'data.dataservice.bill.downloadurl.query',
  },
  billText: unzipGbk,
};

describeChannel(
  {
    ...bench,
    rotate: (standIn) => standIn.rotateKeys?.(),
  },
  'alipay in certificate mode',
);

describeChannel(
  { ...bench, account: (account) => ({ ...account, config: { ...account.config, mode: 'key' } }) },
  'alipay in key mode',
);
