import type { Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import type { PaymentService } from '../services/payments/service.ts';
import { errorResponse } from '../http/errors.ts';

/** The largest notification that is read. */
const noticeMaxBytes = 256 * 1024;
const accountPattern = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/**
 * Where platforms tell what became of payments: POST /api/notify/:channel/:accountId, the body as raw bytes, because its
 * signature is over them. Nobody is signed in here; the channel's own check of the signature decides.
 */
export function mountNotify(app: Hono, payments: PaymentService): void {
  const limit = bodyLimit({ maxSize: noticeMaxBytes, onError: () => errorResponse('too-large') });
  app.post('/api/notify/:channel/:accountId', limit, async (c) => {
    const { channel, accountId } = c.req.param();
    if (!accountPattern.test(accountId)) return errorResponse('not-found');
    const headers = Object.fromEntries(c.req.raw.headers);
    const body = new Uint8Array(await c.req.arrayBuffer());
    const reply = await payments.notified(channel, accountId, {
      method: c.req.method,
      path: c.req.path,
      headers,
      body,
    });
    const type = reply.contentType === undefined ? {} : { 'content-type': reply.contentType };
    return new Response(reply.body ?? null, { status: reply.status, headers: type });
  });
}
