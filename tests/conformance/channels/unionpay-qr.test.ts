import { unionPayStandIn } from '../../../mock-server/platforms/unionpay-qr/stand-in.ts';
import { unionpayQr } from '../../../server/channels/unionpay-qr/definition.ts';
import { keptKeys } from './kept-keys.ts';
import { describeChannel } from './suite.ts';
import { unzipGbk } from './unzip.ts';

describeChannel({
  definition: unionpayQr,
  maker: unionPayStandIn(keptKeys()),
  calls: {
    create: 'apply-code',
    query: 'query',
    // UnionPay closes nothing: closing asks what became of it.
    close: 'query',
    refund: 'refund',
    queryRefund: 'query',
    payByCode: 'consume',
    reverse: 'cancel',
    bill: 'file',
  },
  rotate: (standIn) => standIn.rotateKeys?.(),
  billText: unzipGbk,
});
