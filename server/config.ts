import { resolve } from 'node:path';
import type { DelegationPolicy } from '../domain/unlock/delegation-policy.ts';
import type { UnlockPolicy } from '../domain/unlock/policy.ts';
import type { ChannelDefinition } from './channels/channel.ts';

/** One emulated terminal that the demo's sign-in page offers; `cableUrl` is the simulated cable's WebSocket. */
export interface DemoTerminalLink {
  readonly label: string;
  readonly serial: string;
  readonly cableUrl: string;
}

/** What demo mode opens to everybody who can reach the server. */
export interface DemoConfig {
  readonly terminals: readonly DemoTerminalLink[];
  /** Address of the page with the emulated terminals. */
  readonly worldUrl: string;
  /** Accounts at this e-mail domain need one click and no secret. Nobody else's, so that invited people keep theirs. */
  readonly accountDomain: string;
}

/** Everything that `startServer` may be told. Only `dataDir` has no default. */
export interface ServerConfig {
  readonly dataDir: string;
  readonly host?: string;
  /** 0 takes any free port. */
  readonly port?: number;
  /** Address as browsers see it; https makes the cookies secure. The listening address when absent. */
  readonly publicUrl?: string;
  /** More origins that may call with a session, such as a development server's. */
  readonly allowedOrigins?: readonly string[];
  /** Addresses or CIDR ranges of reverse proxies whose `X-Forwarded-For` is believed; nobody's when absent. */
  readonly trustedProxies?: readonly string[];
  /** Name of the log in its checkpoints, chosen once; `host/log` of `publicUrl` when absent. */
  readonly logOrigin?: string;
  /** An existing PostgreSQL; without it an embedded one is started in `dataDir`. */
  readonly databaseUrl?: string;
  /** Connections that the pool may open. */
  readonly poolMax?: number;
  /** Phones that may open a link from one address in ten seconds; tests have only one address. */
  readonly phoneJoinsMax?: number;
  /** The built PWA; without it only the interface is served. */
  readonly staticDir?: string;
  /** Demo mode: one-click sign-in and links to emulated terminals. Never set it on a real installation. */
  readonly demo?: DemoConfig | undefined;
  /** The unlock policy; `defaultUnlockPolicy` when absent. */
  readonly policy?: UnlockPolicy;
  /** What may be done on site; `defaultDelegationPolicy` when absent. */
  readonly delegationPolicy?: DelegationPolicy;
  /** Channels that this server can take money over; `channelDefinitions` when absent. */
  readonly channels?: readonly ChannelDefinition[];
  /** Unix milliseconds; for tests. Sign-in sessions always follow the real clock. */
  readonly clock?: () => number;
  /** Unix milliseconds of the persons' authenticators; for tests. The real clock when absent, also where `clock` is set. */
  readonly factorClock?: () => number;
  readonly logLevel?: 'silent' | 'error' | 'warn' | 'info' | 'debug';
  /** The key file's contents; `dataDir/keys.json` when absent. */
  readonly keys?: string;
}

/** Reads the configuration from the environment. Throws with the variable's name when a value makes no sense. */
export function configFromEnvironment(env: Readonly<Record<string, string | undefined>>): ServerConfig {
  const port = Number(env['PORT'] ?? '8640');
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new Error('PORT: must be a port number');
  const level = env['LOG_LEVEL'] ?? 'info';
  if (!isLogLevel(level)) throw new Error('LOG_LEVEL: must be silent, error, warn, info or debug');
  const proxies = (env['TRUSTED_PROXIES'] ?? '').split(/[\s,]+/).filter((entry) => entry !== '');
  return {
    dataDir: resolve(env['TILLKEEPER_DATA'] ?? 'data'),
    host: env['HOST'] ?? '127.0.0.1',
    port,
    logLevel: level,
    ...present('publicUrl', env['PUBLIC_URL']),
    ...(proxies.length === 0 ? {} : { trustedProxies: proxies }),
    ...present('logOrigin', env['LOG_ORIGIN']),
    ...present('databaseUrl', env['DATABASE_URL']),
    ...present('staticDir', env['STATIC_DIR']),
    ...present('keys', env['TILLKEEPER_KEYS']),
  };
}

function isLogLevel(value: string): value is NonNullable<ServerConfig['logLevel']> {
  return ['silent', 'error', 'warn', 'info', 'debug'].includes(value);
}

function present<K extends string>(key: K, value: string | undefined): Partial<Record<K, string>> {
  return value === undefined || value === '' ? {} : ({ [key]: value } as Record<K, string>);
}
