import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { AlipaySdk } from 'alipay-sdk';
import type { AlipaySdkConfig } from 'alipay-sdk';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { alipayStandIn } from '../../../mock-server/platforms/alipay/stand-in.ts';
import { publicPemOf } from '../../../mock-server/platforms/frame/authority.ts';
import { systemClock } from '../../../mock-server/platforms/frame/clock.ts';
import { startPlatforms } from '../../../mock-server/platforms/frame/platforms.ts';
import type { Platforms } from '../../../mock-server/platforms/frame/platforms.ts';
import { payPassword } from '../../../mock-server/platforms/stand-in.ts';
import type { PlatformStandIn, StandInAccount } from '../../../mock-server/platforms/stand-in.ts';
import { fen } from '../../../domain/money.ts';
import { alipay } from '../../../server/channels/alipay/definition.ts';
import { memoryOf } from './bench.ts';
import { keptKeys } from './kept-keys.ts';

/**
 * Alipay's own SDK against the stand-in and against what the channel signs. It takes the time from the host and writes it
 * in the host's zone as if that were Shanghai; the clock here is set so that both mean the same.
 */
const shiftMs = -(new Date().getTimezoneOffset() * 60_000) - 8 * 3_600_000;
const clock = { ...systemClock(), now: () => Date.now() + shiftMs };
const maker = alipayStandIn(keptKeys());
let platforms: Platforms;
let standIn: PlatformStandIn;
let account: StandInAccount;
let notices: { readonly url: string; readonly bodies: string[]; close(): Promise<void> };

beforeEach(async () => {
  notices = await receive();
  platforms = await startPlatforms({ host: '127.0.0.1', port: 0, clock, standIns: [maker] });
  const started = platforms.standIns.get('alipay');
  if (started === undefined) throw new Error('alipay did not start');
  standIn = started;
  account = standIn.account('oracle');
});

afterEach(async () => {
  await platforms.close();
  await notices.close();
});

function material(purpose: string): string {
  const found = account.keys.find((key) => key.purpose === purpose)?.material;
  if (found === undefined) throw new Error(`the account has no ${purpose}`);
  return found;
}

function sdkFor(mode: 'key' | 'certificate'): AlipaySdk {
  const shared: AlipaySdkConfig = {
    appId: account.config['appId'] ?? '',
    gateway: account.config['gateway'] ?? '',
    privateKey: material('merchant-private'),
    keyType: 'PKCS8',
    camelcase: false,
  };
  if (mode === 'key') return new AlipaySdk({ ...shared, alipayPublicKey: material('platform-public') });
  return new AlipaySdk({
    ...shared,
    appCertContent: material('app-certificate'),
    alipayPublicCertContent: material('platform-certificate'),
    alipayRootCertContent: material('platform-root'),
  });
}

describe.each(['key', 'certificate'] as const)('alipay-sdk in %s mode', (mode) => {
  test('creates a code, finds it paid, and verifies every answer and the notification of the stand-in', async () => {
    const sdk = sdkFor(mode);
    const bizContent = {
      out_trade_no: 'ORACLE0001',
      total_amount: '128.50',
      subject: '四季面馆 午餐',
      seller_id: account.platformMerchantId,
    };
    const created = await sdk.exec(
      'alipay.trade.precreate',
      { notify_url: notices.url, bizContent },
      { validateSign: true },
    );
    expect(created).toMatchObject({ code: '10000', out_trade_no: 'ORACLE0001' });
    const before = await sdk.exec(
      'alipay.trade.query',
      { bizContent: { out_trade_no: 'ORACLE0001' } },
      { validateSign: true },
    );
    expect(before).toMatchObject({ code: '40004', sub_code: 'ACQ.TRADE_NOT_EXIST' });
    const code = String(created['qr_code']);
    expect((await standIn.wallet({ code, act: 'pay', password: payPassword })).result).toBe('paid');
    await standIn.settled();
    const after = await sdk.exec(
      'alipay.trade.query',
      { bizContent: { out_trade_no: 'ORACLE0001' } },
      { validateSign: true },
    );
    expect(after).toMatchObject({ code: '10000', trade_status: 'TRADE_SUCCESS', total_amount: '128.50' });
    const [body = ''] = notices.bodies;
    const told = Object.fromEntries(new URLSearchParams(body));
    expect(told).toMatchObject({ out_trade_no: 'ORACLE0001', total_amount: '128.50', trade_status: 'TRADE_SUCCESS' });
    expect(sdk.checkNotifySignV2(told)).toBe(true);
    expect(sdk.checkNotifySignV2({ ...told, total_amount: '128.51' })).toBe(false);
  });

  test('is refused with a key that is not the app’s', async () => {
    const other = standIn.account('somebody else');
    const stranger = other.keys.find(({ purpose }) => purpose === 'merchant-private')?.material ?? '';
    const sdk = sdkFor(mode);
    sdk.config.privateKey = stranger;
    const answer = await sdk.exec(
      'alipay.trade.query',
      { bizContent: { out_trade_no: 'ORACLE0001' } },
      { validateSign: true },
    );
    expect(answer).toMatchObject({ code: '40002', sub_code: 'isv.invalid-signature' });
  });

  test('accepts what the channel signs', async () => {
    const channel = alipay.open(
      { id: 'oracle', ...account, config: { ...account.config, mode } },
      {
        clock: () => clock.now(),
        random: (bytes) => new Uint8Array(bytes),
        memory: memoryOf(),
        timeoutMs: 1_000,
        record: () => undefined,
        learnKey: () => Promise.resolve(),
      },
    );
    const attempt = {
      ...{
        attemptNo: 'TK26030200000001A1',
        amountFen: fen(12_850),
        currency: 'CNY' as const,
        description: '午餐 50% & +',
      },
      ...{ terminal: { id: 'T0000017', label: '1' }, createdAtMs: clock.now(), expiresAtMs: clock.now() + 300_000 },
      ...{ notifyUrl: notices.url, memo: {} },
    };
    const result = await channel.createLink?.(attempt, {
      address: '127.0.0.1',
      returnUrl: 'https://shop.invalid/back',
    });
    if (result?.kind !== 'pending' || result.link === undefined) throw new Error(JSON.stringify(result));
    const fields = Object.fromEntries(new URL(result.link).searchParams);
    const judge = new AlipaySdk({
      appId: account.config['appId'] ?? '',
      privateKey: material('merchant-private'),
      keyType: 'PKCS8',
      alipayPublicKey: publicPemOf(material('merchant-private')),
    });
    expect(judge.checkNotifySignV2(fields)).toBe(true);
    expect(judge.checkNotifySignV2({ ...fields, biz_content: '{}' })).toBe(false);
    const page = await fetch(result.link);
    expect(page.status).toBe(200);
    const payment = standIn.payments()[0];
    expect(payment).toMatchObject({ number: attempt.attemptNo, amountFen: 12_850, state: 'waiting' });
  });
});

async function receive(): Promise<typeof notices> {
  const bodies: string[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      bodies.push(Buffer.concat(chunks).toString('utf8'));
      response.end('success');
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/notify`,
    bodies,
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}
