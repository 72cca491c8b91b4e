import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { weChatPayStandIn } from '../../../mock-server/platforms/wechat-pay/stand-in.ts';
import { weChatPay } from '../../../server/channels/wechat-pay/definition.ts';
import { openBench } from './bench.ts';
import type { OpenBench } from './bench.ts';
import { keptKeys } from './kept-keys.ts';

/** What is peculiar to WeChat Pay, beside the rows for every channel. */
let open: OpenBench;

beforeAll(async () => {
  const calls = { query: 'query', close: 'close', refund: 'refund', queryRefund: 'query-refund' };
  open = await openBench({ definition: weChatPay, maker: weChatPayStandIn({ keys: keptKeys() }), calls });
});
afterAll(async () => {
  await open.close();
});

/** A channel whose platform answers every call like this. */
async function answeredBy(act: (path: string) => { status: number; type: string; body: string }) {
  const server = createServer((request, response) => {
    const { status, type, body } = act(request.url ?? '');
    response.writeHead(status, { 'content-type': type }).end(body);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const apiBase = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
  const channel = open.reopen({ ...open.account, config: { ...open.account.config, apiBase } });
  return { channel, close: () => new Promise((done) => server.close(done)) };
}

const unsigned = (code: string) => ({
  status: 401,
  type: 'application/json',
  body: JSON.stringify({ code, message: 'no' }),
});

describe('a 401 that nobody signed', () => {
  test.each([
    ['SIGN_ERROR', 'refused'],
    ['ORDER_CLOSED', 'unknown'],
    ['ORDER_NOT_EXIST', 'unknown'],
    ['NOTENOUGH', 'unknown'],
    ['NO_AUTH', 'unknown'],
  ])('with the code %s is %s', async (code, kind) => {
    const { channel, close } = await answeredBy(() => unsigned(code));
    expect((await channel.query(await open.attempt())).kind).toBe(kind);
    await close();
  });
});

describe('a customer’s code', () => {
  test('an unsigned no, and the question about it refused: that is no certainty that nothing was taken', async () => {
    const no = '<xml><return_code>FAIL</return_code><return_msg>busy</return_msg></xml>';
    const { channel, close } = await answeredBy((path) =>
      path === '/pay/micropay' ? { status: 200, type: 'text/xml', body: no } : unsigned('SIGN_ERROR'),
    );
    const attempt = await open.attempt();
    expect((await channel.payByAuthCode?.(attempt, '130000000000000001'))?.kind).toBe('unknown');
    await close();
  });
});
