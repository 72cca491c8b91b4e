import { type Logger, pino } from 'pino';
import type { ServerConfig } from './config.ts';

/** Names that must never reach a log, wherever they stand in an object. */
const secretNames = [
  'cookie',
  'authorization',
  'password',
  'secret',
  'code',
  'sealed',
  'sealedRequest',
  'receipt',
  'report',
  'token',
  'assertion',
  'bytes',
  'keys',
];

/** Structured lines on standard output; secrets, sealed material and pictures are cut out. */
export function createLog(level: NonNullable<ServerConfig['logLevel']>): Logger {
  const paths = secretNames.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]);
  return pino({ name: 'tillkeeper', level, redact: { paths, censor: '[cut]' }, serializers: { err: errorFacts } });
}

/** What a log keeps of an error; a database error also carries the whole connection, which is left out. */
function errorFacts(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const sqlState = 'code' in error ? error.code : undefined;
  return { type: error.name, message: error.message, sqlState, stack: error.stack, cause: errorFacts(error.cause) };
}
