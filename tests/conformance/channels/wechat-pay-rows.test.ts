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

describe('a 401 that nobody signed', () => {
  test.each([
    ['SIGN_ERROR', 'refused'],
    ['ORDER_CLOSED', 'unknown'],
    ['ORDER_NOT_EXIST', 'unknown'],
    ['NOTENOUGH', 'unknown'],
    ['NO_AUTH', 'unknown'],
  ])('with the code %s is %s', async (code, kind) => {
    const server = createServer((_request, response) => {
      response.writeHead(401, { 'content-type': 'application/json' }).end(JSON.stringify({ code, message: 'no' }));
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const apiBase = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
    const channel = open.reopen({ ...open.account, config: { ...open.account.config, apiBase } });
    expect((await channel.query(await open.attempt())).kind).toBe(kind);
    await new Promise((done) => server.close(done));
  });
});
