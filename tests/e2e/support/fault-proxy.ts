import { createServer, request } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';

/** What stands between the browser and the server. `gone`: nothing answers. `portal`: a sign-in page answers all. */
export type Weather = 'clear' | 'gone' | 'portal' | 'redirect' | 'failing';

/** One changing call that came by. */
export interface SeenCall {
  readonly method: string;
  readonly path: string;
  readonly key: string | undefined;
  /** Status of the server's own answer; undefined when it never saw the call. */
  readonly status: number | undefined;
}

/**
 * The network in front of a world's server, for page and service worker alike. Only calls to /api are troubled, except
 * when the server is gone altogether.
 */
export class FaultProxy {
  readonly seen: SeenCall[] = [];
  weather: Weather = 'clear';
  readonly #target: number;
  readonly #http: Server;
  /** Answers that are lost after the server has done the call: path and how often still. */
  #lost: { readonly path: RegExp; left: number } | undefined;

  #cut: { left: number; readonly when: 'before' | 'after'; readonly cut: () => void } | undefined;

  private constructor(target: number) {
    this.#target = target;
    this.#http = createServer((call, answer) => this.#pass(call, answer));
  }

  static async start(port: number, target: number): Promise<FaultProxy> {
    const proxy = new FaultProxy(target);
    await new Promise<void>((done) => proxy.#http.listen(port, '127.0.0.1', done));
    return proxy;
  }

  /** The next answers to changing calls of this path are lost, though the server has done the call. */
  loseAnswers(path: RegExp, times: number): void {
    this.#lost = { path, left: times };
  }

  /** Settles when the changing call with this number from now (0 is the next) is cut: before the server hears of it, or after it has done it. */
  cutAt(number: number, when: 'before' | 'after'): Promise<void> {
    return new Promise((cut) => {
      this.#cut = { left: number, when, cut };
    });
  }

  /** Changing calls to a path that the server itself answered with success. */
  done(path: RegExp): readonly SeenCall[] {
    return this.seen.filter((call) => path.test(call.path) && call.status !== undefined && call.status < 300);
  }

  async close(): Promise<void> {
    const closed = new Promise((done) => this.#http.close(done));
    this.#http.closeAllConnections();
    await closed;
  }

  #pass(call: IncomingMessage, answer: ServerResponse): void {
    const path = call.url ?? '/';
    const isApi = path.startsWith('/api/');
    if (this.weather === 'gone') {
      call.socket.destroy();
      return;
    }
    if (isApi && this.#trouble(call, answer)) return;
    const isCut = this.#isCut(call);
    if (isCut === 'before') {
      call.socket.destroy();
      return;
    }
    const forward = request(
      { host: '127.0.0.1', port: this.#target, path, method: call.method, headers: call.headers },
      (got) => {
        this.#note(call, got.statusCode);
        if (isCut === 'after') this.#cutNow();
        if (isCut === 'after' || this.#isLost(call)) {
          got.resume();
          call.socket.destroy();
          return;
        }
        answer.writeHead(got.statusCode ?? 502, got.headers);
        got.pipe(answer);
      },
    );
    forward.on('error', () => call.socket.destroy());
    answer.on('close', () => forward.destroy());
    call.pipe(forward);
  }

  /** True when the weather has answered the call in the server's place. */
  #trouble(call: IncomingMessage, answer: ServerResponse): boolean {
    if (this.weather === 'clear') return false;
    this.#note(call, undefined);
    call.resume();
    if (this.weather === 'redirect') answer.writeHead(302, { location: '/portal' }).end();
    else if (this.weather === 'portal')
      answer.writeHead(200, { 'content-type': 'text/html' }).end('<title>Hotel Wi-Fi</title>');
    else answer.writeHead(500, { 'content-type': 'text/plain' }).end('sorry');
    return true;
  }

  #note({ method = 'GET', url = '/', headers }: IncomingMessage, status: number | undefined): void {
    if (method === 'GET') return;
    const key = headers['idempotency-key'];
    this.seen.push({ method, path: url, key: typeof key === 'string' ? key : undefined, status });
  }

  #isCut({ method, url = '/' }: IncomingMessage): 'before' | 'after' | undefined {
    const cut = this.#cut;
    if (cut === undefined || method === 'GET' || !url.startsWith('/api/unlocks')) return undefined;
    if (cut.left > 0) {
      cut.left -= 1;
      return undefined;
    }
    if (cut.when === 'before') this.#cutNow();
    return cut.when;
  }

  #cutNow(): void {
    this.#cut?.cut();
    this.#cut = undefined;
  }

  #isLost({ method, url = '/' }: IncomingMessage): boolean {
    const lost = this.#lost;
    if (lost === undefined || lost.left === 0 || method === 'GET' || !lost.path.test(url)) return false;
    lost.left -= 1;
    return true;
  }
}
