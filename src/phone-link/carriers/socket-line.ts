import { base64UrlDecode } from '../../../protocol/bytes.ts';
import type { CloseWord } from '../../../protocol/phone-link/failures.ts';
import type { Bytes } from '../../../protocol/phone-link/web-crypto.ts';
import { relayPath, stillThere } from '../../../protocol/phone-link/relay-path.ts';
import type { LinkEnvironment } from '../environment.ts';
import type { Line, LineEnd, LineEvents, RelayWord } from './line.ts';

/** A socket that is not open by then is held back by something on the way. */
const openMs = 1_500;
const askEveryMs = 5_000;
const answerMs = 2_000;
const replacedCode = 4001;

/** A line by WebSocket. */
export class SocketLine implements Line {
  readonly kind = 'relay';
  readonly #environment: LinkEnvironment;
  readonly #events: LineEvents;
  readonly #socket: WebSocket;
  #isUp = false;
  #isDone = false;
  #stopTimer: () => void;

  /** Throws where there are no sockets. */
  constructor(environment: LinkEnvironment, end: LineEnd, events: LineEvents) {
    const { WebSocket: Socket } = environment;
    if (Socket === undefined) throw new TypeError('no WebSocket');
    this.#environment = environment;
    this.#events = events;
    const as = end.key === undefined ? 'phone' : 'terminal';
    const address = environment.origin.replace(/^http/, 'ws') + relayPath(end.linkId, 'socket');
    const socket = new Socket(`${address}?as=${as}`);
    this.#socket = socket;
    socket.binaryType = 'arraybuffer';
    socket.onopen = () => {
      if (end.key !== undefined) socket.send(JSON.stringify({ key: end.key }));
    };
    socket.onmessage = ({ data }: MessageEvent<ArrayBuffer | string>) => {
      this.#hear(data);
    };
    socket.onclose = ({ code }) => {
      if (code === replacedCode) this.#over('replaced');
      else this.#down();
    };
    this.#stopTimer = environment.later(() => {
      this.#down();
    }, openMs);
  }

  #hear(data: ArrayBuffer | string): void {
    if (this.#isDone) return;
    if (this.#isUp) this.#askLater();
    if (typeof data !== 'string') {
      this.#events.frame(new Uint8Array(data));
      return;
    }
    if (data === stillThere) return;
    const { hello, over } = JSON.parse(data) as { hello?: string; over?: RelayWord };
    if (over !== undefined) this.#over(over);
    else if (hello !== undefined && !this.#isUp) {
      this.#isUp = true;
      this.#askLater();
      this.#events.up(base64UrlDecode(hello) ?? new Uint8Array(0));
    }
  }

  #askLater(): void {
    this.#stopTimer();
    this.#stopTimer = this.#environment.later(() => {
      this.ask();
    }, askEveryMs);
  }

  ask(): void {
    this.#stopTimer();
    if (this.#isDone || !this.#isUp) return;
    this.#socket.send(stillThere);
    this.#stopTimer = this.#environment.later(() => {
      this.#down();
    }, answerMs);
  }

  send(frame: Bytes): void {
    if (this.#isUp && !this.#isDone) this.#socket.send(frame);
  }

  shut(why: CloseWord): void {
    if (this.#isUp && !this.#isDone) this.#socket.send(JSON.stringify({ shut: why }));
  }

  close(): void {
    this.#isDone = true;
    this.#stopTimer();
    this.#socket.close();
  }

  #down(): void {
    if (this.#isDone) return;
    this.close();
    this.#events.down(this.#isUp);
  }

  #over(why: RelayWord): void {
    if (this.#isDone) return;
    this.close();
    this.#events.over(why);
  }
}
