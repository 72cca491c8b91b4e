import { expect, test } from 'vitest';
import { base64UrlEncode, hexEncode } from '../../../protocol/bytes.ts';
import { LinkWorld } from '../../unit/phone-link/link-world.ts';
import { quickSubtle } from '../../unit/phone-link/quick-subtle.ts';
import { readVectors } from '../unlock/read-vectors.ts';

interface Transcript {
  readonly about: string;
  readonly terminalSecret: string;
  readonly ephemeralSecret: string;
  readonly site: string;
  readonly code: string;
  readonly linkId: string;
  readonly hello: string;
  readonly digits: string;
  readonly frames: readonly { readonly from: string; readonly hex: string }[];
}

const secretOf = (byte: number): Uint8Array => new Uint8Array(32).fill(byte);

/** One whole link with everything random fixed: bill, answer, and a page that was loaded anew. */
async function play(): Promise<Transcript> {
  const [terminal, ephemeral] = [secretOf(0x11), secretOf(0x22)];
  const world = new LinkWorld(quickSubtle(2, [terminal, ephemeral]), 42);
  await world.start();
  world.sendFromHost(JSON.stringify({ type: 'bill', text: '电费 86.40' }));
  const code = new URL(world.host.view.code ?? '').hash.slice(1);
  const linkId = world.linkId;
  const hello = hexEncode(world.hellos.get(linkId) ?? new Uint8Array(0));
  const phone = (await world.scan())!;
  await world.deliverAll();
  phone.send(JSON.stringify({ type: 'ask' }));
  await world.settle();
  await world.deliverAll();
  await phone.reload();
  await world.deliverAll();
  world.sendFromHost(JSON.stringify({ type: 'confirmed' }));
  await world.settle();
  await world.deliverAll();
  expect(phone.got).toHaveLength(2);
  const frames = world.everything.map(({ from, frame }) => ({
    from: from === 'host' ? 'terminal' : 'phone',
    hex: hexEncode(frame),
  }));
  return {
    about: 'One link (docs/phone-link.md): P-256 private keys of the code and of the first message, then all frames.',
    terminalSecret: base64UrlEncode(terminal),
    ephemeralSecret: base64UrlEncode(ephemeral),
    site: 'till.example',
    code,
    linkId,
    hello,
    digits: world.host.view.digits ?? '',
    frames,
  };
}

test('a link with everything random fixed has the very frames of the transcript', async () => {
  expect(await play()).toEqual(readVectors<Transcript>('phone-link/transcript.json'));
});
