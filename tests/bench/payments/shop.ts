import { createHmac, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { fen } from '../../../domain/money.ts';
import type { AppSession } from '../../../protocol/http/terminal-app.ts';
import type { ChannelDefinition, PayResult } from '../../../server/channels/channel.ts';
import type { RunningServer } from '../../../server/start.ts';
import { uuidv7 } from '../../../server/store/uuid.ts';

/** A terminal whose app is signed in. */
export interface BenchTerminal {
  readonly id: string;
  readonly token: string;
}

/** Where payments are taken. */
export interface BenchShop {
  readonly accountId: string;
  readonly terminals: readonly BenchTerminal[];
}

const secret = 'bench';

/** The signature of a notification of the bench's platform. */
export function noticeSignature(body: string): string {
  return createHmac('sha256', secret).update(body).digest('hex');
}

/**
 * A platform that answers at once, so that only our own time is measured. Its notifications are signed and checked like
 * real ones.
 */
export const benchChannel: ChannelDefinition = {
  code: 'bench-pay',
  name: { zh: '测试', en: 'Bench' },
  capabilities: {
    ...{ kinds: ['qr'], minFen: 1, maxFen: 5_000_000, qrMaxSeconds: 7_200, refundDays: 365, refundsPerPayment: 50 },
    refundsByTransaction: true,
    ...{ notifies: true, bills: [], reverses: false, settles: false },
  },
  fields: [],
  checkConfig: () => undefined,
  open: (_account, tools) => ({
    createQr: async ({ attemptNo }) => {
      const qr = `bench:${attemptNo}`;
      tools.record({ call: 'create', request: JSON.stringify({ attemptNo }), response: JSON.stringify({ qr }), ms: 0 });
      return { kind: 'pending', qr };
    },
    query: async () => ({ kind: 'pending' }),
    close: async () => ({ kind: 'closed' }),
    refund: async () => ({ kind: 'unknown', why: 'the bench gives nothing back' }),
    queryRefund: async () => ({ kind: 'unknown', why: 'the bench gives nothing back' }),
    fetchBill: async () => ({ kind: 'empty' }),
    parseNotification: async (raw) => {
      const text = Buffer.from(raw.body).toString('utf8');
      if (raw.headers['x-bench-signature'] !== noticeSignature(text))
        return { kind: 'refused', why: 'signature', reply: { status: 401 } };
      const { attemptNo, amountFen } = JSON.parse(text) as { attemptNo: string; amountFen: number };
      const proof = { attemptNo, amountFen: fen(amountFen), currency: 'CNY', platformMerchantId: 'bench' };
      const result: PayResult = {
        kind: 'paid',
        proof: { ...proof, transactionId: `t-${attemptNo}`, paidAtMs: Date.now() },
      };
      const replies = { onDone: { status: 200, body: 'done' }, onFailure: { status: 500 } };
      return { kind: 'payment', id: attemptNo, attemptNo, result, ...replies };
    },
  }),
};

/** A merchant with a limit on its account, as real ones have, and terminals whose apps are signed in over HTTP. */
export async function openShop(server: RunningServer, count: number): Promise<BenchShop> {
  const { pool } = server.context.store;
  const nowMs = Date.now();
  const merchantId = uuidv7(nowMs);
  const accountId = uuidv7(nowMs);
  await server.context.services.registry.createMerchant(undefined, {
    ...{ id: merchantId, name: 'Bench', contact: '', address: '' },
  });
  await pool.query(
    `insert into channel_accounts (merchant_id, id, channel, platform_merchant_id, fee_ppm, created_at)
     values ($1, $2, $3, 'bench', 3800, now())`,
    [merchantId, accountId, benchChannel.code],
  );
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const { x = '', y = '' } = publicKey.export({ format: 'jwk' });
  const point = Buffer.concat([Buffer.from([4]), Buffer.from(x, 'base64url'), Buffer.from(y, 'base64url')]);
  const ids = Array.from({ length: count }, () => ({ id: uuidv7(nowMs), appId: uuidv7(nowMs), ruleId: uuidv7(nowMs) }));
  await pool.query(
    `with t as (
       insert into terminals (id, merchant_id, label, serial, model, place, seal, device_id, identity_public_key, registered_at)
       select x, $2, 'B', x::text, 'QT-60', 'Bench', '', substr(decode(md5(x::text), 'hex'), 1, 8), sha256(x::text::bytea), now()
       from unnest($1::uuid[]) x),
     r as (
       insert into limit_rules (merchant_id, id, channel, terminal_id, window_kind, max_fen, created_at)
       select $2, r, $5, x, 'day', 1000000000, now() from unnest($1::uuid[], $6::uuid[]) as u (x, r))
     insert into terminal_apps (terminal_id, id, public_key, statement, signature, paired_at)
     select x, a, $4, '', '', now() from unnest($1::uuid[], $3::uuid[]) as u (x, a)`,
    [
      ids.map(({ id }) => id),
      merchantId,
      ids.map(({ appId }) => appId),
      point,
      benchChannel.code,
      ids.map((x) => x.ruleId),
    ],
  );
  const terminals: BenchTerminal[] = [];
  for (const { id, appId } of ids) terminals.push({ id, token: await signIn(server.url, appId, privateKey) });
  return { accountId, terminals };
}

async function signIn(url: string, appId: string, key: KeyObject): Promise<string> {
  const post = async <T>(path: string, body?: unknown): Promise<T> => {
    const headers = { 'content-type': 'application/json' };
    const sent = body === undefined ? { method: 'POST' } : { method: 'POST', headers, body: JSON.stringify(body) };
    const answer = await fetch(url + path, sent);
    if (!answer.ok) throw new Error(`${path}: ${String(answer.status)} ${await answer.text()}`);
    return (await answer.json()) as T;
  };
  const { nonce } = await post<{ nonce: string }>('/api/terminal-app/challenge');
  const text = Buffer.from(`tillkeeper-app\n${appId}\n${nonce}`);
  const signature = sign('sha256', text, { key, dsaEncoding: 'ieee-p1363' }).toString('base64url');
  return (await post<AppSession>('/api/terminal-app/session', { appId, nonce, signature })).token;
}
