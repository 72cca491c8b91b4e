import { shanghaiDay } from '../shared/shanghai-time.ts';
import type { Desk } from './desk.ts';
import { keyBytes, keyCheckValue, openKey } from './mac.ts';
import { managementCodes, transactionTypes } from './profile.ts';

/** Where the session is in the channel's memory. */
const sessionKey = 'session';
const checkBytes = 4;
/** Most tries to write the session when others write it too. */
const triesMax = 8;

/** What terminal and host have agreed on. Kept in memory, because several processes share the terminal. */
export interface Session {
  /** Six digits. */
  readonly batch: string;
  /** Trace number from which this batch counts. */
  readonly firstTrace: string;
  /** Shanghai day of the sign-in, `yyyy-mm-dd`, and MAC key, hex: absent until signed in. */
  readonly day?: string;
  readonly mac?: string;
  /** Unix milliseconds until which a settlement may be running: nothing new is begun. */
  readonly settlingUntilMs?: number;
  /** The end of the batch was told and not answered: only the settlement may go on. */
  readonly isEnding?: boolean;
  /** So many numbers of the batch are used that it should be settled. */
  readonly isFull?: boolean;
}

/** Whether one may talk to the host under a MAC. */
export type Ready =
  | { readonly kind: 'ready'; readonly session: Session; readonly key: Buffer }
  | { readonly kind: 'not-sent'; readonly why: string }
  /** The host wants no business with this terminal, or its keys do not fit. */
  | { readonly kind: 'refused'; readonly code: string; readonly message: string };

/** Answers to a sign-in that say that our settings are wrong. Every other code but 00 may be gone in a minute. */
const refusals: Readonly<Record<string, string>> = {
  '03': 'The acquirer does not know the merchant number.',
  '05': 'The acquirer refuses the terminal.',
  '58': 'The terminal may not do this.',
  '89': 'The acquirer does not know the terminal number.',
  '97': 'The acquirer does not know the terminal number.',
};

/** The sign-in to the host: who we are, which batch is open, and under which key messages are signed. */
export class SignIn {
  readonly #desk: Desk;
  #running: Promise<Ready> | undefined;

  constructor(desk: Desk) {
    this.#desk = desk;
  }

  /** The session; the first batch is opened when there is none. */
  async session(): Promise<Session> {
    const { memory } = this.#desk.tools;
    const kept = await memory.get(sessionKey);
    if (kept !== undefined) return JSON.parse(kept.value) as Session;
    await memory.put(sessionKey, JSON.stringify(await this.newBatch()), 0);
    return this.session();
  }

  /** Numbers of a new batch. */
  async newBatch(): Promise<Session> {
    const number = await this.#desk.tools.memory.next('batch', 999_999);
    return { batch: String(number).padStart(6, '0'), firstTrace: await this.#desk.nextTrace() };
  }

  /** Changes the session when `change` gives one; it sees the newest and may be called again. @returns the session after. */
  async update(change: (session: Session) => Session | undefined): Promise<Session> {
    const { memory } = this.#desk.tools;
    await this.session();
    for (let tries = 0; tries < triesMax; tries++) {
      const kept = await memory.get(sessionKey);
      if (kept === undefined) break;
      const before = JSON.parse(kept.value) as Session;
      const after = change(before);
      if (after === undefined) return before;
      if (await memory.put(sessionKey, JSON.stringify(after), kept.version)) return after;
    }
    throw new Error('session: others changed it all the time');
  }

  /** Signs in when that was not done today. One sign-in at a time: a second one would spoil the keys of the first. */
  async ready(): Promise<Ready> {
    const session = await this.session();
    const { day, mac } = session;
    if (mac !== undefined && day === shanghaiDay(this.#desk.tools.clock())) {
      return { kind: 'ready', session, key: Buffer.from(mac, 'hex') };
    }
    this.#running ??= this.#signIn(session.batch).finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  /** The key that is newest in memory: another process may have signed in meanwhile. */
  async newestKey(): Promise<Buffer | undefined> {
    const { mac } = await this.session();
    return mac === undefined ? undefined : Buffer.from(mac, 'hex');
  }

  /** Forgets the key that the host does not take, so that the next act signs in. */
  async forget(key: Buffer): Promise<void> {
    const hex = key.toString('hex');
    await this.update(({ mac, ...rest }) => (mac === hex ? rest : undefined));
  }

  async #signIn(batch: string): Promise<Ready> {
    const { settings, tools } = this.#desk;
    const request = {
      call: 'sign-in',
      mti: '0800',
      fields: {
        11: await this.#desk.nextTrace(),
        60: `${transactionTypes.management}${batch}${managementCodes.signIn}`,
        63: settings.operator,
      },
    };
    const answer = await this.#desk.ask(request, undefined);
    if (answer.kind !== 'answered') return { kind: 'not-sent', why: `No sign-in: ${answer.why}` };
    if (answer.code !== '00') {
      const message = refusals[answer.code];
      if (message !== undefined) return { kind: 'refused', code: answer.code, message };
      return { kind: 'not-sent', why: `No sign-in: the host answers ${answer.code}.` };
    }
    const key = macKeyOf(settings.masterKey, answer.fields[62] ?? '');
    if (key === undefined || answer.fields[60]?.slice(2, 8) !== batch) {
      const message = 'The working keys of the sign-in do not fit the terminal master key.';
      return { kind: 'refused', code: 'key-check', message };
    }
    const day = shanghaiDay(tools.clock());
    const session = await this.update((before) => ({ ...before, day, mac: key.toString('hex') }));
    return { kind: 'ready', session, key };
  }
}

/**
 * Field 62 of a sign-in: PIN key and MAC key, each 16 bytes under the terminal master key (3DES, ECB) and 4 bytes of check
 * value. Both must fit. The PIN key is not kept: PINs travel under the secure device's own keys.
 */
function macKeyOf(masterKey: Buffer, hex: string): Buffer | undefined {
  const bytes = Buffer.from(hex, 'hex');
  if (bytes.length !== 2 * (keyBytes + checkBytes)) return undefined;
  const keys = [0, keyBytes + checkBytes].map((at) => {
    const key = openKey(masterKey, bytes.subarray(at, at + keyBytes));
    const check = bytes.subarray(at + keyBytes, at + keyBytes + checkBytes).toString('hex');
    return keyCheckValue(key) === check.toUpperCase() ? key : undefined;
  });
  return keys[0] === undefined ? undefined : keys[1];
}
