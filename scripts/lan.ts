import { createServer, type Server as HttpsServer } from 'node:https';
import { type IncomingMessage, request as httpRequest, type ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { networkInterfaces } from 'node:os';
import type { Duplex } from 'node:stream';
import type { LanCertificate } from './lan-certificate.ts';

/** Where the front of one loopback server answers. */
export interface Front {
  /** `https://ADDRESS:PORT` */
  readonly url: string;
  close(): Promise<void>;
}

/** What a front is made with. `target`: a port of this machine's loopback. Port 0 takes any free one. */
export interface FrontOptions {
  readonly address: string;
  readonly port: number;
  readonly target: number;
  readonly certificate: LanCertificate;
}

/** Under this path every front gives out the authority's certificate, for a phone that is to trust it. */
export const authorityPath = '/tillkeeper-authority.crt';

/** The machine's address on its own network: the first IPv4 address that is not loopback, private ones before others. */
export function lanAddress(interfaces = networkInterfaces()): string | undefined {
  const all = Object.values(interfaces).flatMap((addresses) => addresses ?? []);
  const outer = all.filter(({ family, internal }) => family === 'IPv4' && !internal).map(({ address }) => address);
  return outer.find(isPrivate) ?? outer[0];
}

function isPrivate(address: string): boolean {
  return /^(?:10\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.)/.test(address);
}

/**
 * Answers https on `address` and hands everything on to a server on loopback: calls, streams and WebSockets. The server
 * learns the caller's address by `X-Forwarded-For`; what the caller wrote there is dropped. The server must believe
 * 127.0.0.1 (`trustedProxies`).
 */
export async function startFront(options: FrontOptions): Promise<Front> {
  const { address, port, target, certificate } = options;
  const server = createServer({ key: certificate.key, cert: certificate.certificate }, (request, response) => {
    if (request.url === authorityPath) return giveAuthority(certificate, response);
    handOn(target, request, response);
  });
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    handOnSocket(target, request, socket, head);
  });
  const bound = await listen(server, address, port);
  return {
    url: `https://${address}:${String(bound)}`,
    close: () =>
      new Promise((done) => {
        server.close(() => {
          done();
        });
        server.closeAllConnections();
      }),
  };
}

function giveAuthority({ authority }: LanCertificate, response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'application/x-x509-ca-cert' }).end(authority);
}

function headersFor(request: IncomingMessage) {
  const { 'x-forwarded-for': _dropped, ...headers } = request.headers;
  return { ...headers, 'x-forwarded-for': request.socket.remoteAddress ?? '', 'x-forwarded-proto': 'https' };
}

function handOn(target: number, request: IncomingMessage, response: ServerResponse): void {
  const { method, url } = request;
  const onward = httpRequest({ host: '127.0.0.1', port: target, method, path: url, headers: headersFor(request) });
  onward.on('response', (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(response);
    answer.on('error', () => response.destroy());
  });
  onward.on('error', () => {
    if (response.headersSent) response.destroy();
    else response.writeHead(502, { 'content-type': 'text/plain' }).end('The server does not answer.');
  });
  response.on('close', () => onward.destroy());
  request.pipe(onward);
}

function handOnSocket(target: number, request: IncomingMessage, socket: Duplex, head: Buffer): void {
  const onward = connect(target, '127.0.0.1', () => {
    const lines = Object.entries(headersFor(request)).flatMap(([name, value]) =>
      [value ?? []].flat().map((text) => `${name}: ${text}`),
    );
    onward.write(`${request.method ?? 'GET'} ${request.url ?? '/'} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`);
    onward.write(head);
    socket.pipe(onward).pipe(socket);
  });
  onward.on('error', () => socket.destroy());
  socket.on('error', () => onward.destroy());
  socket.on('close', () => onward.destroy());
  onward.on('close', () => socket.destroy());
}

function listen(server: HttpsServer, host: string, port: number): Promise<number> {
  return new Promise((done, fail) => {
    server.once('error', fail);
    server.listen(port, host, () => {
      server.off('error', fail);
      const bound = server.address();
      done(typeof bound === 'object' && bound !== null ? bound.port : port);
    });
  });
}
