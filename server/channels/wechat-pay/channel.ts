import type {
  AttemptFacts,
  BillResult,
  Channel,
  ChannelTools,
  InAppPage,
  Notification,
  Payer,
  PayResult,
  RawRequest,
  RefundFacts,
  RefundResult,
} from '../channel.ts';
import { authorizePage, bridgeLink, openidOf } from './in-app.ts';
import type { JsonObject } from '../shared/json.ts';
import { textIn } from '../shared/json.ts';
import { shanghaiDigits, shanghaiRfc3339 } from '../shared/shanghai-time.ts';
import { ApiV2 } from './api-v2.ts';
import { ApiV3 } from './api-v3.ts';
import { fetchBill } from './bill.ts';
import { parseNotification } from './notification.ts';
import type { Settings } from './settings.ts';
import {
  payError,
  resultOfError,
  resultOfMicropay,
  resultOfQueryV2,
  resultOfRefund,
  resultOfRefundError,
  resultOfReverse,
  resultOfTransaction,
} from './transform.ts';

/** The platform asks that certificates are looked for at least every twelve hours (API v3, "Platform certificates"). */
const renewAfterMs = 12 * 3_600_000;
/** Longest description and terminal names, in characters (API v3, "Native order"). */
const [descriptionMax, deviceMax] = [127, 32];

/** One merchant's account with WeChat Pay. */
export class WeChatPayChannel implements Channel {
  readonly #settings: Settings;
  readonly #tools: ChannelTools;
  readonly #v3: ApiV3;
  readonly #v2: ApiV2 | undefined;

  constructor(settings: Settings, tools: ChannelTools) {
    this.#settings = settings;
    this.#tools = tools;
    this.#v3 = new ApiV3(settings, tools);
    this.#v2 = settings.apiV2Key === undefined ? undefined : new ApiV2(settings, tools, settings.apiV2Key);
  }

  async createQr(attempt: AttemptFacts): Promise<PayResult> {
    return this.#order('native', attempt, this.#orderBody(attempt, {}), 'code_url', (qr) => ({ kind: 'pending', qr }));
  }

  async createLink(attempt: AttemptFacts, payer: Payer): Promise<PayResult> {
    if (payer.appCode !== undefined) return this.#createInApp(attempt, payer, payer.appCode);
    const scene = { payer_client_ip: payer.address, h5_info: { type: 'Wap' } };
    const body = this.#orderBody(attempt, scene);
    return this.#order('h5', attempt, body, 'h5_url', (url) => ({
      kind: 'pending',
      link: `${url}${url.includes('?') ? '&' : '?'}redirect_url=${encodeURIComponent(payer.returnUrl)}`,
    }));
  }

  inAppPage(returnUrl: string): InAppPage | undefined {
    return authorizePage(this.#settings, returnUrl);
  }

  /** Takes a scanned code by API v2, the only interface for it. No notification follows; the caller asks. */
  async payByAuthCode(attempt: AttemptFacts, authCode: string): Promise<PayResult> {
    if (this.#v2 === undefined)
      return { kind: 'refused', code: 'NO_AUTH', message: 'The account has no key of API v2.' };
    const answer = await this.#v2.call('micropay', '/pay/micropay', {
      body: attempt.description.slice(0, descriptionMax),
      out_trade_no: attempt.attemptNo,
      total_fee: String(attempt.amountFen),
      fee_type: attempt.currency,
      spbill_create_ip: this.#settings.clientAddress,
      auth_code: authCode,
      device_info: attempt.terminal.id.slice(0, deviceMax),
      time_start: shanghaiDigits(attempt.createdAtMs),
      time_expire: shanghaiDigits(attempt.expiresAtMs),
    });
    if (answer.kind === 'unknown') return answer;
    if (answer.kind === 'unsigned-no') return this.#confirmNo(attempt, answer.message);
    const { fields } = answer;
    if (fields['result_code'] === 'SUCCESS') return resultOfMicropay(fields);
    const code = fields['err_code'] ?? '';
    const isOver = payError(code).kind === 'closed';
    const said = isOver ? undefined : resultOfError(code, fields['err_code_des'] ?? '');
    return said ?? uncertain(await this.query(attempt));
  }

  /** Asks API v3; a number that it does not know is asked at API v2 too when the account scans codes. */
  async query(attempt: AttemptFacts): Promise<PayResult> {
    const found = await this.#queryV3(attempt);
    if (found.kind !== 'not-found' || this.#v2 === undefined) return found;
    const answer = await this.#v2.call('orderquery', '/pay/orderquery', { out_trade_no: attempt.attemptNo });
    if (answer.kind === 'unknown') return answer;
    if (answer.kind === 'unsigned-no') return { kind: 'unknown', why: `API v2: ${answer.message}` };
    if (answer.fields['result_code'] === 'SUCCESS') return resultOfQueryV2(answer.fields);
    const code = answer.fields['err_code'] ?? '';
    return resultOfError(code, answer.fields['err_code_des'] ?? '') ?? { kind: 'unknown', why: code };
  }

  async close(attempt: AttemptFacts): Promise<PayResult> {
    const { mchid } = this.#settings;
    const target = `/v3/pay/transactions/out-trade-no/${attempt.attemptNo}/close`;
    const answer = await this.#v3.call({ name: 'close', method: 'POST', target, body: { mchid } });
    if (answer.kind === 'unknown') return answer;
    if (answer.kind === 'ok') return { kind: 'closed' };
    return resultOfError(answer.code, answer.message) ?? (await this.#queryV3(attempt));
  }

  /** Undoes a scanned code, paid or not; needs the merchant's certificate. What is not sure is asked again. */
  async reverse(attempt: AttemptFacts): Promise<PayResult> {
    if (this.#v2 === undefined || this.#settings.merchantCertificate === undefined) {
      return {
        kind: 'refused',
        code: 'NO_AUTH',
        message: 'Reversing needs the key of API v2 and the merchant’s certificate.',
      };
    }
    const fields = { out_trade_no: attempt.attemptNo };
    const answer = await this.#v2.callAsMerchant('reverse', '/secapi/pay/reverse', fields);
    if (answer.kind === 'unknown') return answer;
    if (answer.kind === 'unsigned-no') return { kind: 'unknown', why: answer.message };
    return resultOfReverse(answer.fields) ?? (await this.query(attempt));
  }

  async refund(attempt: AttemptFacts, refund: RefundFacts): Promise<RefundResult> {
    const answer = await this.#v3.call({
      name: 'refund',
      method: 'POST',
      target: '/v3/refund/domestic/refunds',
      body: {
        // Exactly one of the two names what goes back.
        ...(refund.transactionId === undefined
          ? { out_trade_no: attempt.attemptNo }
          : { transaction_id: refund.transactionId }),
        out_refund_no: refund.refundNo,
        reason: refund.reason.slice(0, 80),
        notify_url: refund.notifyUrl,
        // The total must be that of the order, whatever was given back before (API v3, "Refund").
        amount: { refund: refund.amountFen, total: attempt.amountFen, currency: attempt.currency },
      },
    });
    if (answer.kind === 'unknown') return answer;
    return answer.kind === 'ok' ? resultOfRefund(answer.body, 'status') : resultOfRefundError(answer, false);
  }

  async queryRefund(_attempt: AttemptFacts, refund: RefundFacts): Promise<RefundResult> {
    const target = `/v3/refund/domestic/refunds/${refund.refundNo}`;
    const answer = await this.#v3.call({ name: 'query refund', method: 'GET', target });
    if (answer.kind === 'unknown') return answer;
    return answer.kind === 'ok' ? resultOfRefund(answer.body, 'status') : resultOfRefundError(answer, true);
  }

  parseNotification(raw: RawRequest): Promise<Notification> {
    return parseNotification(this.#v3, this.#settings, raw);
  }

  fetchBill(day: string, kind: string): Promise<BillResult> {
    return fetchBill(this.#v3, this.#settings, this.#tools, day, kind);
  }

  /** Looks for new certificates of the platform: every twelve hours, in certificate mode. */
  async tend(): Promise<void> {
    const { triedAtMs } = this.#v3.keys;
    if (this.#settings.mode !== 'certificate') return;
    if (triedAtMs === undefined || this.#tools.clock() - triedAtMs >= renewAfterMs) await this.#v3.keys.refresh();
  }

  /** JSAPI: for a page inside the wallet's own browser. */
  async #createInApp(attempt: AttemptFacts, { address }: Payer, appCode: string): Promise<PayResult> {
    const openid = await openidOf(this.#settings, this.#tools, appCode);
    if (typeof openid !== 'string') return openid;
    const body = { ...this.#orderBody(attempt, { payer_client_ip: address }), payer: { openid } };
    return this.#order('jsapi', attempt, body, 'prepay_id', async (prepayId) => ({
      kind: 'pending',
      link: await bridgeLink(this.#settings, this.#tools, prepayId),
    }));
  }

  async #order(
    name: 'native' | 'h5' | 'jsapi',
    attempt: AttemptFacts,
    body: JsonObject,
    field: 'code_url' | 'h5_url' | 'prepay_id',
    pending: (text: string) => PayResult | Promise<PayResult>,
  ): Promise<PayResult> {
    const answer = await this.#v3.call({ name, method: 'POST', target: `/v3/pay/transactions/${name}`, body });
    if (answer.kind === 'unknown') return answer;
    if (answer.kind === 'ok') {
      const url = textIn(answer.body, field);
      return url === undefined ? { kind: 'unknown', why: `The answer has no ${field}.` } : pending(url);
    }
    return this.#afterRefusedOrder(attempt, answer.code, answer.message);
  }

  /**
   * INVALID_REQUEST may mean that the number is in use with other parameters, so it does not say that nothing was done.
   * A number that is in use and not paid cannot be shown again: its code is not in any answer.
   */
  async #afterRefusedOrder(attempt: AttemptFacts, code: string, message: string): Promise<PayResult> {
    const said = resultOfError(code, message);
    if (said !== undefined && code !== 'INVALID_REQUEST') return said;
    const found = await this.#queryV3(attempt);
    if (found.kind === 'pending') return { kind: 'unknown', why: `${code}: ${message}` };
    return found.kind === 'not-found' && said !== undefined ? said : found;
  }

  async #queryV3(attempt: AttemptFacts): Promise<PayResult> {
    const { mchid, appId } = this.#settings;
    const target = `/v3/pay/transactions/out-trade-no/${attempt.attemptNo}?mchid=${mchid}`;
    const answer = await this.#v3.call({ name: 'query', method: 'GET', target });
    if (answer.kind === 'unknown') return answer;
    if (answer.kind === 'ok') return resultOfTransaction(answer.body, appId);
    return resultOfError(answer.code, answer.message) ?? { kind: 'unknown', why: `${answer.code}: ${answer.message}` };
  }

  /** An unsigned no is proof of nothing: the signed query decides whether something was done. */
  async #confirmNo(attempt: AttemptFacts, message: string): Promise<PayResult> {
    const found = await this.#queryV3(attempt);
    return found.kind === 'not-found' ? { kind: 'refused', code: 'FAIL', message } : uncertain(found);
  }

  #orderBody(attempt: AttemptFacts, scene: JsonObject): JsonObject {
    const { appId, mchid, clientAddress } = this.#settings;
    const device = attempt.terminal.id.slice(0, deviceMax);
    return {
      appid: appId,
      mchid,
      description: attempt.description.slice(0, descriptionMax),
      out_trade_no: attempt.attemptNo,
      time_expire: shanghaiRfc3339(attempt.expiresAtMs),
      notify_url: attempt.notifyUrl,
      amount: { total: attempt.amountFen, currency: attempt.currency },
      scene_info: {
        payer_client_ip: clientAddress,
        device_id: device,
        store_info: { id: device, name: attempt.terminal.label.slice(0, 256) },
        ...scene,
      },
    };
  }
}

/** A question that is refused does not say that nothing was taken. */
function uncertain(told: PayResult): PayResult {
  return told.kind === 'refused' ? { kind: 'unknown', why: `The question was refused: ${told.message}` } : told;
}
