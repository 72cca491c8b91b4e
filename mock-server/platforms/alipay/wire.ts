import { createPublicKey, createSign, createVerify, randomBytes } from 'node:crypto';
import type { WireAnswer, WireRequest } from '../frame/wire.ts';
import { fromShanghai } from '../frame/shanghai.ts';
import { snOf } from './accounts.ts';
import type { AlipayApp, AlipayKeys } from './accounts.ts';

/** Furthest that a request's `timestamp` may be from the platform's clock, in milliseconds. */
const driftMaxMs = 10 * 60_000;

/** A request whose signature holds. */
export interface Call {
  readonly app: AlipayApp;
  readonly method: string;
  readonly content: Readonly<Record<string, unknown>>;
  readonly notifyUrl: string;
  readonly returnUrl: string;
  readonly isCertified: boolean;
}

/** What a method answers: Alipay's code and its fields. */
export interface Answer {
  readonly code: string;
  readonly msg: string;
  readonly sub_code?: string;
  readonly sub_msg?: string;
  readonly [field: string]: unknown;
}

/** 10000. */
export function success(fields: Readonly<Record<string, unknown>> = {}): Answer {
  return { code: '10000', msg: 'Success', ...fields };
}

/** 40004: the business says no. */
export function failure(subCode: string, subMsg: string, fields: Readonly<Record<string, unknown>> = {}): Answer {
  return { code: '40004', msg: 'Business Failed', sub_code: subCode, sub_msg: subMsg, ...fields };
}

/** 40002: the request itself is wrong. */
export function invalid(subCode: string, subMsg: string): Answer {
  return { code: '40002', msg: 'Invalid Arguments', sub_code: subCode, sub_msg: subMsg };
}

/** The parameters of address and body together; `undefined` when one comes twice. */
export function parametersOf(request: WireRequest): Map<string, string> | undefined {
  const query = new URLSearchParams(request.target.split('?')[1] ?? '');
  const body = /^application\/x-www-form-urlencoded/.test(request.headers['content-type'] ?? '')
    ? new URLSearchParams(request.body.toString('utf8'))
    : [];
  const all = new Map<string, string>();
  for (const [name, value] of [...query, ...body]) {
    if (all.has(name)) return undefined;
    all.set(name, value);
  }
  return all;
}

/** Checks everything that the gateway checks before a method. @returns the call, or what to answer to whom. */
export function readCall(
  keys: AlipayKeys,
  parameters: ReadonlyMap<string, string>,
  nowMs: number,
):
  | { readonly call: Call }
  | { readonly app: AlipayApp | undefined; readonly isCertified: boolean; readonly answer: Answer } {
  const get = (name: string): string => parameters.get(name) ?? '';
  const app = keys.apps.find(({ appId }) => appId === get('app_id'));
  const isCertified = parameters.has('app_cert_sn');
  const no = (code: string, message: string): { app: AlipayApp | undefined; isCertified: boolean; answer: Answer } => ({
    app,
    isCertified,
    answer: invalid(code, message),
  });
  if (app === undefined) return no('isv.invalid-app-id', '无效的AppID参数');
  if (!/^alipay\.[a-z.]+$/.test(get('method'))) return no('isv.invalid-method', '不存在的方法名');
  if (get('charset').toLowerCase() !== 'utf-8') return no('isv.invalid-charset', '无效的字符集参数');
  if (get('sign_type') !== 'RSA2') return no('isv.invalid-signature-type', '无效签名类型');
  if (get('version') !== '1.0') return no('isv.invalid-version', '版本号错误');
  if (!['', 'JSON', 'json'].includes(get('format'))) return no('isv.invalid-format', '无效的数据格式');
  const sentMs = fromShanghai(get('timestamp'));
  if (sentMs === undefined || !/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/.test(get('timestamp')))
    return no('isv.invalid-timestamp', '时间戳参数无效');
  if (Math.abs(sentMs - nowMs) > driftMaxMs) return no('isv.invalid-timestamp', '时间戳与平台时间相差过大');
  if (isCertified && get('app_cert_sn') !== app.appCertificateSn)
    return no('isv.invalid-app-cert-sn', '应用公钥证书SN与平台不一致');
  if (isCertified && get('alipay_root_cert_sn') !== snOf(keys.authority.root.certificatePem)) {
    return no('isv.invalid-root-cert-sn', '支付宝根证书SN不一致');
  }
  if (!isSigned(parameters, app))
    return no('isv.invalid-signature', '验签出错，建议检查签名字符串或签名私钥与应用公钥是否匹配');
  const content = readContent(get('biz_content'));
  if (content === undefined) return no('isv.invalid-parameter', 'biz_content 不是 JSON 对象');
  const [method, notifyUrl, returnUrl] = [get('method'), get('notify_url'), get('return_url')];
  if (notifyUrl !== '' && !/^https?:\/\/[^?#]+$/.test(notifyUrl))
    return no('isv.invalid-parameter', 'notify_url 格式不正确');
  return { call: { app, method, content, notifyUrl, returnUrl, isCertified } };
}

/**
 * Writes and signs an answer: the signature is over the text of the method's member as it is sent, in which slashes are
 * escaped, as Alipay's own JSON does.
 */
export function writeAnswer(
  member: string,
  answer: Answer,
  app: AlipayApp | undefined,
  isCertified: boolean,
): WireAnswer {
  const raw = JSON.stringify(answer).replaceAll('/', '\\/');
  const parts = [`"${member}":${raw}`];
  if (app !== undefined) {
    if (isCertified) parts.push(`"alipay_cert_sn":"${snOf(platformCertificateOf(app).certificatePem)}"`);
    parts.push(`"sign":"${signAs(app, isCertified, raw)}"`);
  }
  return { status: 200, headers: { 'content-type': 'text/html;charset=utf-8' }, body: `{${parts.join(',')}}` };
}

/** Breaks the signature of an answer and leaves everything else. */
export function spoilAnswer(answer: WireAnswer): WireAnswer {
  const wrong = randomBytes(256).toString('base64');
  return { ...answer, body: String(answer.body).replace(/"sign":"[^"]*"/, `"sign":"${wrong}"`) };
}

/** Signs as Alipay does for this app. */
export function signAs(app: AlipayApp, isCertified: boolean, text: string): string {
  const key = isCertified ? platformCertificateOf(app).privatePem : app.platformPrivatePem;
  return createSign('RSA-SHA256').update(text, 'utf8').sign(key, 'base64');
}

/** The certificate that Alipay uses now. */
export function platformCertificateOf({ platform, seed }: AlipayApp): AlipayApp['platform'][number] {
  const last = platform.at(-1);
  if (last === undefined) throw new Error(`${seed}: Alipay has no certificate for this app`);
  return last;
}

function isSigned(parameters: ReadonlyMap<string, string>, app: AlipayApp): boolean {
  const text = [...parameters]
    .filter(([name, value]) => name !== 'sign' && value !== '')
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`)
    .join('&');
  const key = createPublicKey(app.app.certificatePem);
  return createVerify('RSA-SHA256')
    .update(text, 'utf8')
    .verify(key, parameters.get('sign') ?? '', 'base64');
}

function readContent(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Readonly<Record<string, unknown>>)
      : undefined;
  } catch {
    return undefined;
  }
}
