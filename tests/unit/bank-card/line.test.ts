import { generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { afterEach, describe, expect, test } from 'vitest';
import { signCertificate } from '../../../mock-server/platforms/frame/certificate.ts';
import { HostLine } from '../../../server/channels/bank-card/line.ts';

const servers: Server[] = [];
const sockets: Socket[] = [];
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
  for (const server of servers.splice(0)) server.close();
});

/** Starts `server` with `answer` for every chunk that comes. @returns its port. */
async function listen(server: Server, event: string, answer: (socket: Socket, chunk: Buffer) => void): Promise<number> {
  servers.push(server);
  server.on(event, (socket: Socket) => {
    sockets.push(socket);
    socket.on('error', () => socket.destroy());
    socket.on('data', (chunk: Buffer) => {
      answer(socket, chunk);
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return (server.address() as AddressInfo).port;
}

const plain = (answer: (socket: Socket, chunk: Buffer) => void) => listen(createServer(), 'connection', answer);
const lineTo = (port: number) => new HostLine({ host: '127.0.0.1', port }, (bytes) => bytes.toString('latin1', 0, 1));
const frame = (text: string) => Buffer.concat([Buffer.from([0, text.length]), Buffer.from(text)]);

describe('the line to the host', () => {
  test('answers in any order, in pieces of one byte, and strange ones between them', async () => {
    const port = await plain((socket, chunk) => {
      if (!chunk.toString('latin1').endsWith('bbb')) return;
      for (const byte of Buffer.concat([frame('zzz'), frame('b2'), frame('a1'), frame('a9')])) {
        socket.write(Buffer.of(byte));
      }
    });
    const line = lineTo(port);
    const first = line.exchange(Buffer.from('aaa'), 'a', 5_000);
    const second = line.exchange(Buffer.from('bbb'), 'b', 5_000);
    expect(await first).toEqual({ kind: 'answered', bytes: Buffer.from('a1') });
    expect(await second).toEqual({ kind: 'answered', bytes: Buffer.from('b2') });
  });

  test('silence is no answer; the same key twice is not sent; a closed port is not sent', async () => {
    const port = await plain(() => undefined);
    const line = lineTo(port);
    const waiting = line.exchange(Buffer.from('a'), 'a', 100);
    await expect.poll(() => sockets.length).toBe(1);
    expect((await line.exchange(Buffer.from('a'), 'a', 100)).kind).toBe('not-sent');
    expect((await waiting).kind).toBe('no-answer');
    servers[0]?.close();
    sockets[0]?.destroy();
    await expect.poll(async () => (await line.exchange(Buffer.from('a'), 'a', 100)).kind).toBe('not-sent');
  });

  test.each([
    ['a cut connection', (socket: Socket) => socket.destroy()],
    ['a frame of no length', (socket: Socket) => socket.write(Buffer.of(0, 0))],
    ['a frame longer than any message', (socket: Socket) => socket.write(Buffer.of(0xff, 0xff))],
  ])('%s: no answer, and the next request gets a new connection', async (_name, spoil) => {
    let requests = 0;
    const port = await plain((socket) => {
      requests += 1;
      if (requests === 1) spoil(socket);
      else socket.write(frame('a!'));
    });
    const line = lineTo(port);
    expect((await line.exchange(Buffer.from('a'), 'a', 5_000)).kind).toBe('no-answer');
    expect((await line.exchange(Buffer.from('a'), 'a', 5_000)).kind).toBe('answered');
    expect(sockets.length).toBe(2);
  });

  test('TLS: the host’s certificate must come from the authority of the account', async () => {
    const [own, other] = [certified('own'), certified('other')];
    const server = createTlsServer({ cert: own.certificate, key: own.privateKey });
    const port = await listen(server, 'secureConnection', (socket) => socket.write(frame('a!')));
    const lineBy = (authority: string) =>
      new HostLine({ host: '127.0.0.1', port, tls: { authority } }, (bytes) => bytes.toString('latin1', 0, 1));
    expect((await lineBy(own.authority).exchange(Buffer.from('a'), 'a', 5_000)).kind).toBe('answered');
    const refused = await lineBy(other.authority).exchange(Buffer.from('a'), 'a', 5_000);
    expect(refused).toMatchObject({ kind: 'not-sent', why: expect.stringContaining('VERIFY') as string });
  });
});

/** An authority, and a host's certificate for 127.0.0.1 from it. */
function certified(name: string): { authority: string; certificate: string; privateKey: string } {
  const [own, host] = [keyPair(), keyPair()];
  const issuer = [['CN', name]] as const;
  const times = { notBeforeMs: Date.now() - 86_400_000, notAfterMs: Date.now() + 86_400_000 };
  const root = { serial: 1n, subject: issuer, issuer, publicKey: own.publicKey, ...times, isAuthority: true };
  const leaf = { ...root, serial: 2n, publicKey: host.publicKey, isAuthority: false, addresses: ['127.0.0.1'] };
  return {
    authority: signCertificate(root, own.privateKey),
    certificate: signCertificate({ ...leaf, subject: [['CN', `${name} host`]] }, own.privateKey),
    privateKey: host.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
  };
}

function keyPair() {
  return generateKeyPairSync('rsa', { modulusLength: 2048 });
}
