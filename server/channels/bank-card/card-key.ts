import type { CardKeyDevice, CardKeyResult } from '../channel.ts';
import { askRepeatable } from './parts.ts';
import type { Parts } from './parts.ts';
import { managementCodes, transactionTypes } from './profile.ts';

/** Length of a TR-31 version D block that holds an AES key, in characters. */
const blockMinLength = 112;
const blockMaxLength = 512;

/**
 * Fetches a card key for a secure device (0800 with management code 401). Field 62 of the request: D1 device id, D2 its
 * public key; of the answer: the key block in ASCII. Only that device can open it; here it is checked for its form alone.
 */
export async function cardKey(parts: Parts, device: CardKeyDevice): Promise<CardKeyResult> {
  if (!/^[0-9a-f]{16}$/.test(device.deviceId) || !/^[0-9a-f]{64}$/.test(device.publicKey)) {
    return { kind: 'refused', code: 'device', message: 'deviceId must be 8 bytes and publicKey 32 bytes in hex.' };
  }
  const { batch } = await parts.signIn.session();
  const request = {
    call: 'key-download',
    mti: '0800',
    fields: {
      11: await parts.desk.nextTrace(),
      60: `${transactionTypes.management}${batch}${managementCodes.cardKey}`,
      62: `d108${device.deviceId}d220${device.publicKey}`,
    },
  };
  const answer = await askRepeatable(parts, request);
  if (answer.kind === 'refused') return answer;
  if (answer.kind !== 'answered') return { kind: 'unknown', why: answer.why };
  if (answer.code !== '00') {
    return { kind: 'refused', code: answer.code, message: `The acquirer gives this device no key (${answer.code}).` };
  }
  const keyBlock = Buffer.from(answer.fields[62] ?? '', 'hex').toString('latin1');
  const isBlock =
    keyBlock.length >= blockMinLength && keyBlock.length <= blockMaxLength && /^D[0-9A-Z]+$/.test(keyBlock);
  return isBlock ? { kind: 'key', keyBlock } : { kind: 'unknown', why: 'The acquirer’s answer holds no key block.' };
}
