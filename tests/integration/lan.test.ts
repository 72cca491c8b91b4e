import { X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import { request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { authorityPath, type Front, lanAddress, startFront } from '../../scripts/lan.ts';
import { type LanCertificate, lanCertificate } from '../../scripts/lan-certificate.ts';

const nowMs = Date.UTC(2026, 10, 26);
const dayMs = 86_400_000;
const folder = mkdtempSync(join(tmpdir(), 'tk-lan-'));
const seen: { headers?: IncomingHttpHeaders; url?: string; body?: string } = {};
let front: Front;
let certificate: LanCertificate;

const backend = createServer((call, answer) => {
  const chunks: Buffer[] = [];
  call.on('data', (chunk: Buffer) => chunks.push(chunk));
  call.on('end', () => {
    Object.assign(seen, { headers: call.headers, url: call.url, body: Buffer.concat(chunks).toString() });
    answer.writeHead(201, { 'set-cookie': ['a=1', 'b=2'], 'content-type': 'text/plain' }).end('made');
  });
});
const sockets = new WebSocketServer({ server: backend });
sockets.on('connection', (socket) => {
  socket.on('message', (data) => {
    socket.send(data);
  });
});

beforeAll(async () => {
  await new Promise<void>((done) => {
    backend.listen(0, '127.0.0.1', done);
  });
  certificate = await lanCertificate(folder, '127.0.0.1', Date.now());
  const target = (backend.address() as AddressInfo).port;
  front = await startFront({ address: '127.0.0.1', port: 0, target, certificate });
});

afterAll(async () => {
  await front.close();
  sockets.close();
  backend.closeAllConnections();
  backend.close();
  rmSync(folder, { recursive: true, force: true });
});

function call(path: string, options: { readonly ca: string; readonly headers?: Record<string, string> }) {
  return new Promise<{ status: number | undefined; cookies: string[] | undefined; text: string }>((done, fail) => {
    const sent = request(`${front.url}${path}`, { method: 'POST', ...options }, (answer) => {
      let text = '';
      answer.on('data', (chunk: Buffer) => (text += chunk.toString()));
      answer.on('end', () => {
        done({ status: answer.statusCode, cookies: answer.headers['set-cookie'], text });
      });
    });
    sent.on('error', fail);
    sent.end('what was sent');
  });
}

describe('the https front', () => {
  it('hands calls on, with every cookie, to who trusts the authority', async () => {
    const answer = await call('/api/x?y=1', { ca: certificate.authority });
    expect(answer).toEqual({ status: 201, cookies: ['a=1', 'b=2'], text: 'made' });
    expect(seen).toMatchObject({ url: '/api/x?y=1', body: 'what was sent' });
  });

  it('tells the caller’s own address and not what the caller claims', async () => {
    await call('/', { ca: certificate.authority, headers: { 'x-forwarded-for': '203.0.113.9' } });
    expect(seen.headers?.['x-forwarded-for']).toMatch(/127\.0\.0\.1$/);
    expect(seen.headers?.['x-forwarded-for']).not.toContain('203');
  });

  it('is refused by who does not trust the authority', async () => {
    const other = await lanCertificate(mkdtempSync(join(folder, 'other-')), '127.0.0.1', Date.now());
    await expect(call('/', { ca: other.authority })).rejects.toThrow(/certificate/i);
  });

  it('carries WebSockets both ways', async () => {
    const socket = new WebSocket(front.url.replace('https', 'wss'), { ca: certificate.authority });
    const echoed = await new Promise<string>((done, fail) => {
      socket.on('open', () => {
        socket.send('over the front');
      });
      socket.on('message', (data: Buffer) => {
        done(data.toString());
      });
      socket.on('error', fail);
    });
    socket.close();
    expect(echoed).toBe('over the front');
  });

  it('gives out the authority’s certificate, and no key', async () => {
    const { text } = await call(authorityPath, { ca: certificate.authority });
    expect(text).toBe(certificate.authority);
    expect(text).not.toContain('PRIVATE');
  });
});

describe('the certificate', () => {
  it('stays over a restart, is made anew for another address or near its end, and the authority stays', async () => {
    const mine = mkdtempSync(join(folder, 'mine-'));
    const first = await lanCertificate(mine, '192.168.1.5', nowMs);
    const again = await lanCertificate(mine, '192.168.1.5', nowMs + dayMs);
    const moved = await lanCertificate(mine, '10.0.0.7', nowMs + dayMs);
    const later = await lanCertificate(mine, '10.0.0.7', nowMs + 380 * dayMs);
    expect(again).toEqual(first);
    expect(new X509Certificate(moved.certificate).checkIP('10.0.0.7')).toBe('10.0.0.7');
    expect(later.certificate).not.toBe(moved.certificate);
    expect(new Set([first, moved, later].map(({ authority }) => authority)).size).toBe(1);
    expect(statSync(join(mine, 'authority-key.pem')).mode & 0o077).toBe(0);
  });
});

describe('the address', () => {
  const entry = (address: string, internal = false, family: 'IPv4' | 'IPv6' = 'IPv4') => ({
    address,
    internal,
    family,
    netmask: '',
    mac: '',
    cidr: null,
    ...(family === 'IPv6' ? { scopeid: 0 } : {}),
  });
  it.each([
    [
      'a private one before others',
      [entry('127.0.0.1', true), entry('203.0.113.4'), entry('192.168.3.4')],
      '192.168.3.4',
    ],
    ['another when there is no private one', [entry('203.0.113.4')], '203.0.113.4'],
    ['none besides loopback', [entry('127.0.0.1', true), entry('fe80::1', false, 'IPv6')], undefined],
  ])('%s', (_name, addresses, expected) => {
    expect(lanAddress({ any: addresses as never })).toBe(expected);
  });
});
