import { HostSession } from '../../../protocol/cable/v1/host-session.ts';
import type { OpName, Params, Reply } from '../../../protocol/cable/v1/services/table.ts';
import type { ByteStream } from '../../../mock-server/terminal/byte-stream.ts';

/** A host session pumped over a stream, as the page does it over a port. */
export interface TestHost {
  readonly session: HostSession;
  now(): number;
  close(): void;
}

/** Opens a link over `stream`; resolves when the device has answered. */
export async function connectHost(stream: ByteStream, linkId = 1): Promise<TestHost> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isClosed = false;
  const now = (): number => performance.now();
  const session = new HostSession({ linkId, windowFrames: 64, onOutput: () => setImmediate(pump) });
  function pump(): void {
    if (isClosed) return;
    for (;;) {
      const bytes = session.takeOutput(now(), 65_536);
      if (bytes === undefined) break;
      if (!stream.write(bytes)) break;
    }
    clearTimeout(timer);
    const deadline = session.deadlineMs();
    if (deadline === undefined) return;
    timer = setTimeout(
      () => {
        session.tick(now());
        pump();
      },
      Math.max(0, deadline - now()),
    );
  }
  stream.onData((bytes) => {
    session.receive(bytes, now());
    pump();
  });
  stream.onDrain(pump);
  const opened = new Promise<void>((resolve, reject) => {
    session.onLink((change) => {
      if (change.type === 'opened') resolve();
      else reject(new Error(`closed: ${change.reason}`));
    });
  });
  session.open(now());
  pump();
  await opened;
  return {
    session,
    now,
    close() {
      isClosed = true;
      clearTimeout(timer);
      stream.close();
    },
  };
}

/** Asks the device and unwraps its reply; an error of any kind throws. */
export async function call<K extends OpName>(host: TestHost, op: K, params: Params<K>): Promise<Reply<K>> {
  const reply = await host.session.request(op, params, host.now());
  if (!reply.ok) throw new Error(`${op}: ${reply.error} ${reply.detail ?? ''}`);
  return reply.value;
}
