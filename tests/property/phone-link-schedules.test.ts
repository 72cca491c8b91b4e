import fc from 'fast-check';
import { expect, test } from 'vitest';
import { agreeFirst } from '../../protocol/phone-link/handshake.ts';
import { Envelopes } from '../../protocol/phone-link/envelopes.ts';
import { writeContent } from '../../protocol/phone-link/content.ts';
import { base64UrlDecode } from '../../protocol/bytes.ts';
import { LinkWorld, type WorldPhone } from '../unit/phone-link/link-world.ts';
import { quickSubtle } from '../unit/phone-link/quick-subtle.ts';

/** What the network, the people and the attacker do, at random; `a` and `b` choose among what there is. */
const acts = [
  'deliver',
  'deliver',
  'deliver',
  'deliver-all',
  'drop',
  'double',
  'flip',
  'replay',
  'swap',
  'cut',
  'forge',
  'host-sends',
  'phone-sends',
  'pass-short',
  'pass-long',
  'rtc-opens',
  'rtc-breaks',
  'relay-breaks',
  'relay-is-back',
  'reload',
  'second-phone',
] as const;
type Act = (typeof acts)[number];
interface Step {
  readonly act: Act;
  readonly a: number;
  readonly b: number;
}

const step = fc.record<Step>({ act: fc.constantFrom(...acts), a: fc.nat(999), b: fc.nat(999) });
const schedule = fc.record({
  seed: fc.nat(),
  steps: fc.array(step, { minLength: 3, maxLength: 28 }),
  // Most schedules have one phone; a second one is rare in the streets too.
  isCrowded: fc.nat(4).map((number) => number === 0),
});

const marker = 'plain words that nobody on the way may read';
const subtle = quickSubtle(8);
const runs = 10_000;

class Play {
  readonly world: LinkWorld;
  #sent = 0;

  constructor(seed: number) {
    this.world = new LinkWorld(subtle, seed);
  }

  get phone(): WorldPhone | undefined {
    return this.world.phones[0];
  }

  message(type: string): string {
    return JSON.stringify({ type, number: this.#sent++, marker });
  }

  async act({ act, a, b }: Step): Promise<void> {
    const { world } = this;
    const waiting = world.onTheWay;
    const at = waiting.length === 0 ? -1 : a % waiting.length;
    const picked = waiting[at];
    switch (act) {
      case 'deliver':
        if (picked !== undefined) world.hand(waiting.splice(at, 1)[0] ?? picked);
        break;
      case 'deliver-all':
        await world.deliverAll(4);
        break;
      case 'drop':
        waiting.splice(Math.max(at, 0), 1 + (b % 3));
        break;
      case 'double':
        if (picked !== undefined) waiting.push(picked);
        break;
      case 'flip':
        if (picked !== undefined) world.hand({ ...picked, frame: flipped(picked.frame, b) });
        break;
      case 'cut':
        if (picked !== undefined) world.hand({ ...picked, frame: picked.frame.slice(0, b % picked.frame.length) });
        break;
      case 'replay':
        this.#replay(a, b);
        break;
      case 'swap':
        waiting.reverse();
        break;
      default:
        await this.#more(act, a, b);
    }
    await world.settle();
  }

  async #more(act: Act, a: number, b: number): Promise<void> {
    const { world, phone } = this;
    if (act === 'forge') await this.#forge(a);
    if (act === 'host-sends') world.sendFromHost(this.message('stage'));
    if (act === 'phone-sends') phone?.send(this.message('ask'));
    if (act === 'pass-short') await world.pass(a);
    if (act === 'pass-long') await world.pass(20 * a);
    if (act === 'rtc-opens') world.openRtc();
    if (act === 'rtc-breaks') world.dropRtc();
    if (act === 'relay-breaks' || act === 'relay-is-back') {
      const kind = act === 'relay-breaks' ? undefined : 'relay';
      if (b % 2 === 0) phone?.engine.post({ on: 'relay', kind });
      else world.host.post({ on: 'mailbox', linkId: world.linkId, kind });
    }
    if (act === 'reload' && phone !== undefined) await phone.reload();
    if (act === 'second-phone' && world.phones.length === 1) await world.scan();
  }

  /** Something that was on the way once, to where it went, to the other side, or on the other carrier. */
  #replay(a: number, b: number): void {
    const { everything } = this.world;
    const old = everything[a % Math.max(everything.length, 1)];
    if (old === undefined) return;
    const turned = old.to === 'host' ? 0 : 'host';
    this.world.hand({ ...old, to: b % 3 === 0 ? turned : old.to, way: b % 2 === 0 ? 'relay' : 'rtc' });
  }

  /** Whoever has seen the code, and owns the relay, but lacks the terminal's private key, tries to speak as it. */
  async #forge(a: number): Promise<void> {
    const id = base64UrlDecode(this.world.linkId);
    if (id === undefined || this.phone === undefined) return;
    const nonce = this.world.random(16);
    const { keys } = await agreeFirst(subtle, this.world.random(32), nonce);
    const role = a % 2 === 0 ? 'terminal' : 'phone';
    const envelopes = new Envelopes(subtle, role, id);
    envelopes.use({ number: 0, nonce, keys });
    const content = {
      kind: 'message',
      ack: { next: a % 5, bits: a },
      seq: a % 3,
      text: this.message('forged'),
    } as const;
    const frame = await envelopes.seal(writeContent(content));
    if (frame === undefined) return;
    if (role === 'terminal') this.phone.engine.frame('relay', frame);
    else this.world.host.frame(this.world.linkId, 'relay', frame);
  }

  /** From now on the network is honest and whole, and there is time enough. */
  async calm(): Promise<void> {
    const { world, phone } = this;
    world.onTheWay.length = 0;
    world.host.post({ on: 'mailbox', linkId: world.linkId, kind: 'relay' });
    if (phone !== undefined) {
      phone.engine.post({ on: 'relay', kind: undefined });
      await world.settle();
      world.join(phone, linkOf(world));
    }
    await world.settle();
    for (let round = 0; round < 7 && !this.isSettled; round++) {
      await world.deliverAll();
      if (!this.isSettled) await world.pass(3_100);
    }
  }

  get isSettled(): boolean {
    const { world, phone } = this;
    if (phone === undefined) return true;
    const isWhole = phone.got.length === world.hostSent.length && world.hostGot.length === phone.sent.length;
    return world.onTheWay.length === 0 && (this.isOver || isWhole);
  }

  get isOver(): boolean {
    return this.phone?.engine.view.phase === 'over';
  }
}

function linkOf(world: LinkWorld): string {
  return world.everything.find(({ from }) => from === 0)?.linkId ?? world.linkId;
}

function flipped(frame: Uint8Array, at: number): Uint8Array<ArrayBuffer> {
  const other = Uint8Array.from(frame);
  other[at % other.length] = (other[at % other.length] ?? 0) ^ (1 << (at % 8));
  return other;
}

function isBeginningOf(got: readonly string[], sent: readonly string[]): boolean {
  return got.every((text, i) => text === sent[i]);
}

const isOurs = (text: string): boolean => !text.includes('"bye"');

function holdsWhatItMust({ world }: Play): void {
  // A bill that is shown came from this terminal, each message once and in order; and the other way alike.
  for (const phone of world.phones) {
    if (!isBeginningOf(phone.got.filter(isOurs), world.hostSent)) throw new Error(`phone got ${phone.got.join('\n')}`);
  }
  if (!world.phones.some(({ sent }) => isBeginningOf(world.hostGot.filter(isOurs), sent)) && world.hostGot.length > 0)
    throw new Error(`terminal got ${world.hostGot.join('\n')}`);
  const words = Buffer.from(marker);
  for (const { frame } of world.everything) {
    if (Buffer.from(frame).includes(words)) throw new Error('a frame can be read');
  }
}

function endsAsItMust(play: Play): void {
  const { world, phone } = play;
  if (phone === undefined) return;
  const view = phone.engine.view;
  const host = world.host.view;
  if (view.phase === 'joined') {
    if (phone.got.filter(isOurs).length !== world.hostSent.length) throw new Error('the phone lacks messages');
    if (world.hostGot.filter(isOurs).length !== phone.sent.length) throw new Error('the terminal lacks messages');
    if (view.digits !== host.digits) throw new Error('not the same digits');
  } else if (view.failure === undefined) {
    throw new Error(`the phone is ${view.phase} and has no word for it; the terminal is ${host.phase}`);
  }
}

test(`${runs} random schedules: what is shown came from the terminal, once, in order, and every end has a word`, async () => {
  const ends = new Map<string, number>();
  await fc.assert(
    fc.asyncProperty(schedule, async ({ seed, steps, isCrowded }) => {
      const play = new Play(seed);
      await play.world.start();
      play.world.sendFromHost(play.message('bill'));
      await play.world.scan();
      for (const one of steps) {
        if (one.act === 'second-phone' && !isCrowded) continue;
        await play.act(one);
        holdsWhatItMust(play);
      }
      await play.calm();
      holdsWhatItMust(play);
      endsAsItMust(play);
      const { phase, failure } = play.phone!.engine.view;
      const end = failure ?? phase;
      ends.set(end, (ends.get(end) ?? 0) + 1);
    }),
    { numRuns: runs },
  );
  // The schedules reach what they are meant to reach.
  expect(ends.get('joined')).toBeGreaterThan(runs / 2);
  expect(ends.get('two-phones')).toBeGreaterThan(runs / 1_000);
}, 180_000);
