import { describe, expect, test } from 'vitest';
import { RtcCarrier } from '../../../src/phone-link/carriers/rtc.ts';
import type { LinkEnvironment } from '../../../src/phone-link/environment.ts';

/** What a browser's connection is asked to do; its descriptions are its number. */
class FakePeer {
  localDescription: { readonly type: string; readonly sdp: string } | null = null;
  readonly took: string[] = [];
  isClosed = false;
  onicecandidate = null;
  readonly #name: string;

  constructor(name: string) {
    this.#name = name;
  }

  createDataChannel(): object {
    return {};
  }

  setLocalDescription(): Promise<void> {
    this.localDescription = { type: this.took.length > 0 ? 'answer' : 'offer', sdp: this.#name };
    return Promise.resolve();
  }

  setRemoteDescription({ type, sdp }: { type: string; sdp: string }): Promise<void> {
    this.took.push(`${type} ${sdp}`);
    return Promise.resolve();
  }

  close(): void {
    this.isClosed = true;
  }
}

/** One end; `said` are its signals, `waiting` what it wants done later. */
function end(name: string, waitsForOffer = false) {
  const peers: FakePeer[] = [];
  const said: { n: number; d?: { type: string; sdp: string } }[] = [];
  const waiting: (() => void)[] = [];
  let drawn = 0;
  const environment = {
    random: (bytes: number) => new Uint8Array(bytes).fill((drawn += 1) + name.charCodeAt(0)),
    later: (act: () => void) => {
      waiting.push(act);
      return () => waiting.splice(waiting.indexOf(act), 1);
    },
    // What is constructed is what the function gives back.
    PeerConnection: function make() {
      const peer = new FakePeer(`${name}${String(peers.length + 1)}`);
      peers.push(peer);
      return peer;
    },
  } as unknown as LinkEnvironment;
  const events = {
    changed: () => undefined,
    frame: () => undefined,
    signal: (text: string) => void said.push(JSON.parse(text) as (typeof said)[number]),
  };
  return { carrier: new RtcCarrier(environment, events, waitsForOffer), peers, said, waiting };
}

/** Lets every step that has been queued be done. */
const settled = (): Promise<void> => new Promise((done) => setImmediate(done));
const text = (signal: unknown): string => JSON.stringify(signal);

describe('who offers', () => {
  test('the terminal prepares an offer, says it to the phone that came, and the phone answers when it has begun', async () => {
    const [terminal, phone] = [end('T'), end('P', true)];
    terminal.carrier.prepare();
    await settled();
    expect(terminal.said).toEqual([]);
    terminal.carrier.offer();
    expect(terminal.said).toMatchObject([{ d: { type: 'offer', sdp: 'T1' } }]);
    phone.carrier.signal(text(terminal.said[0]));
    await settled();
    expect(phone.peers).toEqual([]);
    phone.carrier.start();
    await settled();
    expect(phone.said).toMatchObject([{ n: terminal.said[0]?.n, d: { type: 'answer', sdp: 'P1' } }]);
    terminal.carrier.signal(text(phone.said[0]));
    await settled();
    expect(terminal.peers[0]?.took).toEqual(['answer P1']);
  });

  test('an offer of the terminal that comes too late does not undo the phone’s own', async () => {
    const [terminal, phone] = [end('T'), end('P', true)];
    terminal.carrier.prepare();
    phone.carrier.start();
    for (const act of phone.waiting.splice(0)) act();
    await settled();
    expect(phone.said).toMatchObject([{ d: { type: 'offer', sdp: 'P1' } }]);
    // They cross on the way.
    terminal.carrier.offer();
    phone.carrier.signal(text(terminal.said[0]));
    terminal.carrier.signal(text(phone.said[0]));
    await settled();
    expect(phone.peers).toHaveLength(1);
    expect(phone.peers[0]?.isClosed).toBe(false);
    expect(terminal.said.at(-1)).toMatchObject({ n: phone.said[0]?.n, d: { type: 'answer', sdp: 'T2' } });
    phone.carrier.signal(text(terminal.said.at(-1)));
    await settled();
    expect(phone.peers[0]?.took).toEqual(['answer T2']);
  });

  test.each(['null', '7', '{"n":"1"}', '{', '[]'])('%s is no signal', async (nothing) => {
    const phone = end('P');
    phone.carrier.signal(nothing);
    await settled();
    expect([phone.peers, phone.said]).toEqual([[], []]);
  });
});
