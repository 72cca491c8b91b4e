import { createPublicKey, X509Certificate } from 'node:crypto';
import { createServer } from 'node:https';
import type { Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { newPrivatePem } from '../frame/authority.ts';
import type { KeySource } from '../frame/authority.ts';
import { serve } from '../frame/platforms.ts';
import type { MountedStandIn, StandInMaker, StandInTools } from '../frame/platforms.ts';
import { payPassword } from '../stand-in.ts';
import type { PlatformStandIn, StandInAccount, StandInPayment, WalletAct } from '../stand-in.ts';
import { fundFlowBill, tradeBill } from './bills.ts';
import { Book, refundedFen, stateAt } from './book.ts';
import type { Payment } from './book.ts';
import { takeMoney } from './desk.ts';
import type { Desk } from './desk.ts';
import { appSecretOf, InApp, inAppPaths } from './in-app.ts';
import { makeMerchant, makePlatform, makePlatformCertificate } from './keys.ts';
import type { Merchant, PlatformSecrets } from './keys.ts';
import { answerV2 } from './v2.ts';
import { answerV3 } from './v3.ts';

/** Most payments that are listed, and most merchants that are made. */
const [listMax, merchantsMax] = [200, 1_000];
/** The TLS port for calls with a client certificate is this far from the shared one. */
const securePortOffset = 2;

interface Kept {
  readonly secrets: PlatformSecrets;
  readonly merchants: readonly Merchant[];
  readonly payments: readonly Payment[];
}

/** What a stand-in is made with. */
export interface WeChatPayOptions {
  /** Where RSA keys come from; new ones when absent. */
  readonly keys?: KeySource;
}

/** WeChat Pay on the wire: API v3 and v2 on the shared port, reversal over TLS with a client certificate on its own. */
export function weChatPayStandIn(options: WeChatPayOptions = {}): StandInMaker {
  return { code: 'wechat-pay', create: (tools) => create(tools, options.keys ?? newPrivatePem) };
}

async function create(tools: StandInTools, keys: KeySource): Promise<MountedStandIn> {
  const kept = tools.state.load() as Kept | undefined;
  let secrets = kept?.secrets ?? makePlatform(keys, tools.clock.now());
  const merchants = [...(kept?.merchants ?? [])];
  const changed = (): void => {
    tools.state.changed(() => ({ secrets, merchants, payments: book.written() }) satisfies Kept);
  };
  const book = new Book(kept?.payments ?? [], changed);
  const inApp = new InApp(tools.clock, book, () => merchants);
  const desk: Desk = {
    tools,
    book,
    merchants: () => merchants,
    secrets: () => secrets,
    knowsOpenid: (appId, openid) => inApp.knows(appId, openid),
    files: new Map(),
  };
  const secure = await listenSecurely(desk);
  const account = (seed: string, shop = '四季面馆'): StandInAccount => {
    let merchant = merchants.find((one) => one.seed === seed);
    if (merchant === undefined) {
      if (merchants.length >= merchantsMax) throw new RangeError(`seed: at most ${String(merchantsMax)} merchants`);
      merchant = makeMerchant(keys, secrets.authority, seed, shop);
      merchants.push(merchant);
      changed();
    }
    return accountOf(merchant, secrets, tools.origin, secure.url);
  };
  return {
    code: 'wechat-pay',
    name: { zh: '微信支付', en: 'WeChat Pay' },
    paths: ['/v3/', '/pay/', '/secapi/', ...inAppPaths],
    handle: (request) => {
      if (inAppPaths.some((path) => request.target.startsWith(path))) return Promise.resolve(inApp.handle(request));
      return request.target.startsWith('/v3/') ? answerV3(desk, request) : answerV2(desk, request, false);
    },
    account,
    payments: () =>
      book
        .all()
        .slice(0, listMax)
        .map((payment) => listed(payment, merchants, tools.clock.now())),
    wallet: (act) => wallet(desk, act),
    authCode: (behaviour = 'pay') => book.show(behaviour, tools.clock.now()),
    plan: (fault) => {
      tools.faults.plan(fault);
    },
    clearFaults: () => {
      tools.faults.clear();
    },
    bill: (day, kind) => billOf(book, merchants, day, kind),
    settled: () => tools.notifier.settled(),
    rotateKeys: () => {
      const { authority, certificates } = secrets;
      const next = makePlatformCertificate(keys, authority.privateKey, tools.clock.now(), certificates.length + 1);
      secrets = { ...secrets, certificates: [...certificates, next].slice(-4) };
      changed();
    },
    close: secure.close,
  } satisfies MountedStandIn & Pick<PlatformStandIn, 'rotateKeys'>;
}

async function wallet(desk: Desk, act: WalletAct): ReturnType<PlatformStandIn['wallet']> {
  const { clock, faults } = desk.tools;
  const payment = desk.book.findCode(act.code);
  if (payment === undefined) return { result: 'not-mine' };
  const state = stateAt(payment, clock.now());
  if (state === 'paid') return { result: 'paid-already' };
  if (state === 'closed' && payment.state === 'waiting') return { result: 'expired' };
  const isLate = state === 'closed' && act.act === 'pay' && faults.take('pay-after-close') !== undefined;
  if (state !== 'waiting' && !isLate) return { result: 'closed' };
  if (act.act === 'stall') return { result: 'stalled' };
  if (act.act === 'decline') {
    // A payer who turns away from a shown code leaves it as it was; one whose code was scanned ends the order.
    if (payment.type === 'MICROPAY') payment.state = 'declined';
    desk.book.changed();
    return { result: 'declined' };
  }
  if (act.password !== payPassword) return { result: 'wrong-password' };
  await takeMoney(desk, payment);
  return { result: 'paid' };
}

function listed(payment: Payment, merchants: readonly Merchant[], nowMs: number): StandInPayment {
  const shop = merchants.find(({ mchid }) => mchid === payment.mchid)?.shop;
  return {
    number: payment.number,
    amountFen: payment.amountFen,
    state: stateAt(payment, nowMs),
    refundedFen: refundedFen(payment),
    code: payment.code,
    description: payment.description,
    ...(shop === undefined ? {} : { merchant: shop }),
  };
}

/** The account in the words of server/channels/wechat-pay: both modes of verification, the public key first. */
function accountOf(merchant: Merchant, secrets: PlatformSecrets, origin: string, secure: string): StandInAccount {
  const { serial, privateKey, certificate } = merchant.api;
  const publicKey = createPublicKey(secrets.publicKeyPrivate).export({ type: 'spki', format: 'pem' }) as string;
  const ends = (pem: string): { readonly notBeforeMs: number; readonly notAfterMs: number } => {
    const { validFromDate, validToDate } = new X509Certificate(pem);
    return { notBeforeMs: validFromDate.getTime(), notAfterMs: validToDate.getTime() };
  };
  return {
    platformMerchantId: merchant.mchid,
    config: {
      appId: merchant.appId,
      mode: 'public-key',
      apiBase: origin,
      secureBase: secure,
      authorizeBase: origin,
      appBase: origin,
    },
    keys: [
      { purpose: 'merchant-private', keyId: serial, material: privateKey, ...ends(certificate) },
      { purpose: 'merchant-certificate', keyId: serial, material: certificate, ...ends(certificate) },
      { purpose: 'api-v3', keyId: 'api-v3', material: merchant.apiV3Key },
      { purpose: 'api-v2', keyId: 'api-v2', material: merchant.apiV2Key },
      { purpose: 'app-secret', keyId: merchant.appId, material: appSecretOf(merchant) },
      { purpose: 'platform-public', keyId: secrets.publicKeyId, material: publicKey },
      {
        purpose: 'platform-ca',
        keyId: secrets.authority.serial,
        material: secrets.authority.certificate,
        ...ends(secrets.authority.certificate),
      },
    ],
  };
}

/** The first merchant's file; the day's files of all are fetched over the wire. */
function billOf(book: Book, merchants: readonly Merchant[], day: string, kind: string): Uint8Array | undefined {
  const [merchant] = merchants;
  if (merchant === undefined) return undefined;
  switch (kind) {
    case 'trade':
      return tradeBill(book.all(), merchant, day, 'ALL');
    case 'trade-success':
      return tradeBill(book.all(), merchant, day, 'SUCCESS');
    case 'trade-refund':
      return tradeBill(book.all(), merchant, day, 'REFUND');
    case 'fund-flow':
      return fundFlowBill(book.all(), merchant, day);
    default:
      return undefined;
  }
}

async function listenSecurely(desk: Desk): Promise<{ readonly url: string; readonly close: () => Promise<void> }> {
  const { authority, tls } = desk.secrets();
  const { host, port } = desk.tools;
  const server: Server = createServer(
    {
      key: tls.privateKey,
      cert: tls.certificate,
      ca: authority.certificate,
      requestCert: true,
      rejectUnauthorized: true,
      minVersion: 'TLSv1.2',
    },
    (request, response) => {
      void serve(request, response, (wire) => answerV2(desk, wire, true));
    },
  );
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port === 0 ? 0 : port + securePortOffset, host, resolve);
  });
  const { port: own } = server.address() as AddressInfo;
  return {
    url: `https://${host}:${String(own)}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}
