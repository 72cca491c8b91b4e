import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What came to a receiver. */
export interface Message {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A merchant's receiver of webhooks. */
export class WebhookReceiver {
  readonly messages: Message[] = [];
  status = 204;
  readonly #server: Server;

  constructor() {
    this.#server = createServer((request, response) => {
      let body = '';
      request.on('data', (part: Buffer) => (body += part.toString()));
      request.on('end', () => {
        this.messages.push({ headers: request.headers, body });
        response.writeHead(this.status).end();
      });
    });
  }

  async open(): Promise<string> {
    await new Promise<void>((done) => this.#server.listen(0, '127.0.0.1', done));
    return `http://127.0.0.1:${String((this.#server.address() as AddressInfo).port)}/hook`;
  }

  close(): void {
    this.#server.close();
  }
}
