import type { KeyObject } from 'node:crypto';
import { linkOfForm } from '../../../domain/payments/links.ts';
import type { ChannelTools, InAppPage, PayResult } from '../channel.ts';
import { callPlatform } from '../shared/call-platform.ts';
import { readJsonObject, textIn } from '../shared/json.ts';
import type { Settings } from './settings.ts';
import { signText } from './sign.ts';

/**
 * Payments by a page inside the wallet's own browser (JSAPI), where its H5 pages do not open: the page fetches a code that
 * stands for the payer at this app, the code becomes an openid, the order is made for it, and the page hands signed
 * parameters to the wallet's bridge. The openid is used for the order and kept nowhere.
 */

/** Where a page inside the wallet asks who pays (网页授权, scope snsapi_base: the payer is asked nothing). */
export function authorizePage({ appId, appSecret, authorizeBase }: Settings, returnUrl: string): InAppPage | undefined {
  if (appSecret === undefined) return undefined;
  const query = `appid=${appId}&redirect_uri=${encodeURIComponent(returnUrl)}&response_type=code&scope=snsapi_base&state=pay`;
  return {
    browser: 'MicroMessenger',
    authorizeUrl: `${authorizeBase}/connect/oauth2/authorize?${query}#wechat_redirect`,
  };
}

/** Exchanges a payer's code for the openid; a result when there is none. Nothing was taken in any case. */
export async function openidOf(settings: Settings, tools: ChannelTools, code: string): Promise<string | PayResult> {
  const { appId, appSecret = '', appBase } = settings;
  const secret = encodeURIComponent(appSecret);
  const outcome = await callPlatform(tools, {
    name: 'openid',
    method: 'GET',
    url: `${appBase}/sns/oauth2/access_token?appid=${appId}&secret=${secret}&code=${encodeURIComponent(code)}&grant_type=authorization_code`,
    redact: withoutIdentity,
  });
  if (outcome.kind === 'no-answer') return refused('OPENID', outcome.why);
  const answer = readJsonObject(outcome.bytes);
  const openid = textIn(answer, 'openid');
  if (openid !== undefined && /^[\w-]{6,128}$/.test(openid)) return openid;
  const errcode = answer?.['errcode'];
  return refused(typeof errcode === 'number' ? String(errcode) : 'OPENID', textIn(answer, 'errmsg') ?? 'no openid');
}

/** What the page gives to the bridge (JSAPI 调起支付): four lines, each with its line feed, signed like a call. */
export async function bridgeLink(
  { appId, privateKey }: { readonly appId: string; readonly privateKey: KeyObject },
  tools: Pick<ChannelTools, 'clock' | 'random'>,
  prepayId: string,
): Promise<string> {
  const timeStamp = String(Math.floor(tools.clock() / 1000));
  const nonceStr = Buffer.from(tools.random(16)).toString('hex').toUpperCase();
  const packaged = `prepay_id=${prepayId}`;
  const paySign = await signText(`${appId}\n${timeStamp}\n${nonceStr}\n${packaged}\n`, privateKey);
  const form = { appId, timeStamp, nonceStr, package: packaged, signType: 'RSA', paySign };
  return linkOfForm('bridge:getBrandWCPayRequest', form);
}

function refused(code: string, message: string): PayResult {
  return { kind: 'refused', code, message };
}

/** Neither the app's secret nor the payer's identity stands in the story. */
function withoutIdentity(text: string): string {
  return text
    .replaceAll(/([?&](?:secret|code)=)[^&\s]*/g, '$1…')
    .replaceAll(/("(?:openid|unionid|access_token|refresh_token)"\s*:\s*")[^"]*/g, '$1…');
}
