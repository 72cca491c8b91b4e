import type { ParseArgsConfig } from 'node:util';

/** Options of the commands that have some. */
export const cliOptions = {
  help: { type: 'boolean', short: 'h' },
  data: { type: 'string' },
  log: { type: 'string' },
  'log-key': { type: 'string', multiple: true },
  state: { type: 'string' },
  once: { type: 'boolean' },
  interval: { type: 'string' },
  name: { type: 'string' },
  key: { type: 'string', multiple: true },
  known: { type: 'string' },
  since: { type: 'string' },
  out: { type: 'string' },
  input: { type: 'string' },
  bills: { type: 'string' },
} as const satisfies ParseArgsConfig['options'];

/** What was given of them. */
export interface CliOptions {
  readonly log?: string | undefined;
  readonly 'log-key'?: readonly string[] | undefined;
  readonly state?: string | undefined;
  readonly once?: boolean | undefined;
  readonly interval?: string | undefined;
  readonly name?: string | undefined;
  readonly key?: readonly string[] | undefined;
  readonly known?: string | undefined;
  readonly since?: string | undefined;
  readonly out?: string | undefined;
  readonly input?: string | undefined;
  readonly bills?: string | undefined;
}

/** Prints a line. */
export type Print = (line: string) => void;
