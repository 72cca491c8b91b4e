import { alipay } from './alipay/definition.ts';
import { bankCard } from './bank-card/channel.ts';
import type { ChannelDefinition } from './channel.ts';
import { unionpayQr } from './unionpay-qr/definition.ts';
import { weChatPay } from './wechat-pay/definition.ts';

/** Every channel of this server: one folder, one line. */
export const channelDefinitions: readonly ChannelDefinition[] = [weChatPay, alipay, unionpayQr, bankCard];
