import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import type { PlatformClock } from '../frame/clock.ts';
import type { FaultQueue } from '../frame/fault-queue.ts';
import type { AcquirerHost, Spoil } from './host.ts';

const frameMaxBytes = 4_096;
const connectionsMax = 100;

/** The host's TCP port. */
export interface HostPort {
  readonly port: number;
  close(): Promise<void>;
}

/** Opens the port: frames of two bytes of length and a message, answered under the faults that are planned. */
export async function openPort(
  at: { readonly host: string; readonly port: number },
  host: AcquirerHost,
  faults: FaultQueue,
  clock: PlatformClock,
): Promise<HostPort> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    readFrames(socket, (bytes) => {
      answer(socket, bytes, host, faults, clock);
    });
  });
  server.maxConnections = connectionsMax;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(at.port, at.host, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => {
          resolve();
        });
      }),
  };
}

function readFrames(socket: Socket, take: (bytes: Buffer) => void): void {
  let kept: Buffer = Buffer.alloc(0);
  socket.on('data', (chunk) => {
    kept = Buffer.concat([kept, chunk]);
    while (kept.length >= 2 && !socket.destroyed) {
      const length = kept.readUInt16BE();
      if (length > frameMaxBytes) socket.destroy();
      if (kept.length < 2 + length) return;
      take(kept.subarray(2, 2 + length));
      kept = kept.subarray(2 + length);
    }
  });
}

function answer(socket: Socket, bytes: Buffer, host: AcquirerHost, faults: FaultQueue, clock: PlatformClock): void {
  const call = host.callOf(bytes);
  if (call === undefined) {
    socket.destroy();
    return;
  }
  const broken = faults.take('status', call) === undefined ? undefined : host.outOfOrder(bytes);
  if (broken !== undefined) {
    socket.write(frame(broken));
    return;
  }
  const reply = host.handle(bytes);
  if (reply === undefined) return;
  const wire = faults.take('wire', call)?.how;
  const spoil = spoilOf(faults, call, wire === 'other-trace');
  const out = frame(reply.write(spoil));
  const isLost = faults.take('answer-lost', call) !== undefined;
  const send = (): void => {
    if (isLost) socket.destroy();
    else if (wire === 'cut') socket.end(out.subarray(0, Math.floor(out.length / 2)));
    else socket.write(wire === 'double' ? Buffer.concat([out, out]) : out);
  };
  const slow = faults.take('slow', call);
  if (slow === undefined) send();
  else clock.after(slow.delayMs, send);
}

function spoilOf(faults: FaultQueue, call: string, isOtherTrace: boolean): Spoil | undefined {
  if (isOtherTrace) return { kind: 'trace' };
  if (faults.take('wrong-signature', call) !== undefined) return { kind: 'mac' };
  const amount = call === 'purchase' ? faults.take('wrong-amount') : undefined;
  return amount === undefined ? undefined : { kind: 'amount', amountFen: amount.amountFen };
}

function frame(message: Buffer): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(message.length);
  return Buffer.concat([length, message]);
}
