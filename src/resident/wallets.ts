import type { QuoteDocument } from '../../protocol/fees/documents.ts';

/** Wallets that open this page in a browser of their own, and which channels open in it. */
const wallets = [
  { browser: /MicroMessenger/i, channel: /wechat/i },
  { browser: /AlipayClient/i, channel: /alipay/i },
] as const;

/** The channel whose wallet shows this page in a browser of its own: it is chosen first, because it opens there. */
export function ownChannel(channels: QuoteDocument['channels'], userAgent: string): string | undefined {
  const wallet = wallets.find(({ browser }) => browser.test(userAgent));
  return channels.find(({ code }) => wallet?.channel.test(code))?.code;
}

/** True when another wallet's browser shows this page: the channel's own wallet may not open from there. */
export function mayNotOpen(channel: string, userAgent: string): boolean {
  const wallet = wallets.find(({ browser }) => browser.test(userAgent));
  return wallet !== undefined && !wallet.channel.test(channel);
}
