import { expect, it } from 'vitest';
import { signatureOf } from '../../../server/services/merchant-api/deliver.ts';

it('signs as the example of Standard Webhooks does', () => {
  // standard-webhooks, "Signature scheme" and the libraries' tests: secret, id, time, body and signature.
  const secret = Buffer.from('MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', 'base64');
  const signature = signatureOf(secret, 'msg_p5jXN8AQM9LWM0D4loKWxJek', 1_614_265_330, '{"test": 2432232314}');
  expect(signature).toBe('v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=');
});
