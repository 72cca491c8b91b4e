import { err, ok } from '../../domain/result.ts';
import type { Result } from '../../domain/result.ts';
import type { LinkStats } from '../../protocol/cable/v1/link-types.ts';
import { CodeHost } from './code-host.ts';
import type { Connection } from './connection.ts';
import type { OpenError } from './errors.ts';
import type { Source } from './sources.ts';
import { ignore } from './transport.ts';

/** Codes carry no bytes on a line: there is nothing to measure. */
const noStats = { srttMs: 0, badFrames: 0, resends: 0, bytesIn: 0, bytesOut: 0, lastByteAtMs: -Infinity } as LinkStats;

/** A conversation by codes that is being opened. */
export interface OpeningCodes {
  readonly host: CodeHost;
  readonly source: Source;
  /** Settles with the terminal's first answer. */
  readonly connection: Promise<Result<Connection, OpenError>>;
}

/** Begins to talk by codes with the terminal of `serial`. */
export function openCodes(serial: string, random32: () => number, changed: () => void): OpeningCodes {
  const host = new CodeHost(serial, random32, changed);
  const source: Source = {
    kind: 'codes',
    ownerKey: `tillkeeper-codes:${serial}`,
    candidates: () => Promise.resolve([]),
    onAttach: () => ignore,
  };
  return { host, source, connection: connect(host, serial) };
}

async function connect(host: CodeHost, serial: string): Promise<Result<Connection, OpenError>> {
  const hello = await host.request('identity.hello', {});
  if (!hello.ok) return err('silent', hello.error);
  if (hello.value.serial !== serial) return err('wrong-device', hello.value.serial);
  return ok({
    transport: { id: 'codes', onLost: ignore },
    host: {
      request: (op, params) => host.request(op, params),
      onLink: () => ignore,
      onEvent: () => ignore,
      expectedReboot: undefined,
      stats: noStats,
    },
    hello: hello.value,
    close: () => Promise.resolve(host.close()),
  });
}
