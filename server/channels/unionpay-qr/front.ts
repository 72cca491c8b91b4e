import type { X509Certificate } from 'node:crypto';
import { linkOfForm } from '../../../domain/payments/links.ts';
import type { AccountKey, AttemptFacts, ChannelAccount, Payer, PayResult } from '../channel.ts';
import { keysInDate } from '../shared/account-keys.ts';
import { readCertificate } from '../shared/certificates.ts';
import type { FormFields } from '../shared/form.ts';
import { serialOf } from './sign.ts';

/** 产品类型 of payments on a phone's page (手机网页支付), and 渠道类型 mobile. */
const product = { bizType: '000201', channelType: '08' };

/** Fields of 消费 01/01 over 前台交易 that differ from a code's. `payment`: what every payment says. */
export function frontFields(payment: FormFields, attempt: AttemptFacts, payer: Payer, payTimeout: string): FormFields {
  const { account } = payer;
  return {
    ...payment,
    ...product,
    txnSubType: '01',
    payTimeout,
    frontUrl: payer.returnUrl,
    ...(account === undefined ? {} : { accNo: account.ciphertext, encryptCertId: account.certId }),
    // The page of a phone tells UnionPay its own address; the platform asks for the payer's as a fact of risk.
    customerIp: payer.address,
    orderId: attempt.attemptNo,
  };
}

/** What the payer's browser does: it posts the signed fields itself. No call is made. */
export function frontLink(gateway: string, signed: FormFields | undefined): PayResult {
  if (signed === undefined)
    return { kind: 'refused', code: 'merchant-certificate', message: 'No certificate of this account is in date.' };
  return { kind: 'pending', link: linkOfForm(`${gateway}/gateway/api/frontTransReq.do`, signed) };
}

/**
 * The newest key in date to which accounts are encrypted (敏感信息加密证书, `encryptCertId`), RSAES-PKCS1-v1_5. `undefined`:
 * the account has none, and the payer types theirs at UnionPay.
 */
export function frontAccountKey(account: ChannelAccount, atMs: number): AccountKey | undefined {
  const [key] = keysInDate(account, 'platform-encrypt', atMs);
  const certificate = key === undefined ? undefined : readCertificate(key.material);
  return certificate === undefined ? undefined : keyOf(certificate);
}

function keyOf(certificate: X509Certificate): AccountKey | undefined {
  const { kty, n, e } = certificate.publicKey.export({ format: 'jwk' });
  if (kty !== 'RSA' || n === undefined || e === undefined) return undefined;
  return { certId: serialOf(certificate), modulus: n, exponent: e };
}
