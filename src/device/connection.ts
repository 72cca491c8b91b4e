import { err, ok } from '../../domain/result.ts';
import type { Result } from '../../domain/result.ts';
import type { CloseReason, HelloErrorCode } from '../../protocol/cable/v1/errors.ts';
import { HostSession } from '../../protocol/cable/v1/host-session.ts';
import type { Reply } from '../../protocol/cable/v1/services/table.ts';
import type { SessionEnvironment } from './environment.ts';
import type { OpenError } from './errors.ts';
import { Pump } from './pump.ts';
import { defaultBaud, ignore } from './transport.ts';
import type { Transport } from './transport.ts';

/** What the terminal says of itself. */
export type Hello = Reply<'identity.hello'>;

/** A way to a terminal that has said hello. */
export interface Connection {
  readonly transport: Pick<Transport, 'id' | 'onLost'>;
  readonly host: Pick<HostSession, 'request' | 'onLink' | 'onEvent' | 'expectedReboot' | 'stats'>;
  readonly hello: Hello;
  /** Stops the pump and closes the line. */
  close(): Promise<void>;
}

/** A connection over a line of bytes. */
export interface CableConnection extends Connection {
  readonly transport: Transport;
  readonly host: HostSession;
}

const closeErrors: Partial<Record<CloseReason, OpenError>> = { 'version-mismatch': 'wrong-version' };

/**
 * Opens `transport`, a link on it, and asks who is there. `expectedSerial` refuses everybody else: the failure is
 * `wrong-device` then, and its detail the serial that answered.
 */
export async function connect(
  transport: Transport,
  environment: SessionEnvironment,
  expectedSerial: string | undefined,
  onOpened: () => void,
): Promise<Result<CableConnection, OpenError>> {
  const opened = await transport.open(defaultBaud);
  if (!opened.ok) return opened;
  onOpened();
  let kick = ignore;
  const host = new HostSession({ linkId: environment.random32(), onOutput: () => kick() });
  const pump = new Pump(transport, host, environment.ticker, environment.now);
  kick = () => pump.kick();
  const close = async (): Promise<void> => {
    pump.stop();
    host.close(environment.now());
    await saidGoodbye(transport, host, environment.now);
    await transport.close();
  };
  const hello = await greet(transport, host, pump, environment, expectedSerial);
  if (hello.ok) return ok({ transport, host, hello: hello.value, close });
  await close();
  return hello;
}

/** Writes the link's CLOSE frame, so that the terminal need not wait for silence. */
async function saidGoodbye(transport: Transport, host: HostSession, now: () => number): Promise<void> {
  const bytes = host.takeOutput(now(), 256);
  if (bytes !== undefined) await Promise.race([transport.write(bytes), new Promise((done) => setTimeout(done, 50))]);
}

async function greet(
  transport: Transport,
  host: HostSession,
  pump: Pump,
  environment: SessionEnvironment,
  expectedSerial: string | undefined,
): Promise<Result<Hello, OpenError>> {
  const ended = Promise.withResolvers<Result<never, OpenError>>();
  transport.onLost = (cause) => ended.resolve(err('gone', cause));
  const linked = new Promise<Result<void, OpenError>>((resolve) => {
    host.onLink((change) => {
      if (change.type === 'opened') resolve(ok(undefined));
      else ended.resolve(err(closeErrors[change.reason] ?? 'silent', change.reason));
    });
  });
  host.open(environment.now());
  pump.kick();
  const link = await Promise.race([linked, ended.promise]);
  if (!link.ok) return link;
  const asked = host.sayHello(environment.now());
  pump.kick();
  const hello = await Promise.race([asked, ended.promise]);
  if (!hello.ok) return err(helloError(hello.error), hello.detail);
  if (expectedSerial !== undefined && hello.value.serial !== expectedSerial) {
    return err('wrong-device', hello.value.serial);
  }
  return hello;
}

function helloError(error: HelloErrorCode | OpenError): OpenError {
  if (error === 'gone' || error === 'wrong-version') return error;
  return error === 'version-mismatch' ? 'wrong-version' : 'silent';
}
