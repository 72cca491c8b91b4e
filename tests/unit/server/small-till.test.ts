import { createHmac } from 'node:crypto';
import { expect, it } from 'vitest';
import { freePort, SmallTill } from '../../e2e/support/small-till.ts';

async function startTill(webhookSecret: string, url = 'http://127.0.0.1:9'): Promise<SmallTill> {
  return SmallTill.start({ url, port: await freePort(), key: 'tk_test', webhookSecret });
}

async function tell(till: SmallTill, key: Buffer): Promise<number> {
  const body = JSON.stringify({ type: 'payment.paid', data: { id: 'unknown', version: 1 } });
  const seconds = String(Math.floor(Date.now() / 1_000));
  const signature = createHmac('sha256', key).update(`message.${seconds}.${body}`).digest('base64');
  const headers = {
    'webhook-id': 'message',
    'webhook-timestamp': seconds,
    'webhook-signature': `v1,${signature}`,
  };
  return (await fetch(`${till.url}/webhook`, { method: 'POST', headers, body })).status;
}

it('takes a message that is signed with its secret, and none that is signed with another', async () => {
  const key = Buffer.from('a secret of thirty-two bytes here');
  const till = await startTill(`whsec_${key.toString('base64')}`);
  try {
    expect(await tell(till, key)).toBe(204);
    expect(await tell(till, Buffer.alloc(32))).toBe(401);
  } finally {
    await till.close();
  }
});

it('takes no message at all without a secret, not even one signed with the empty key', async () => {
  const till = await startTill('');
  try {
    expect(await tell(till, Buffer.alloc(0))).toBe(401);
  } finally {
    await till.close();
  }
});
