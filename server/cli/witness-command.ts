import { setTimeout as pause } from 'node:timers/promises';
import { decodeVkey, encodeVkey, type NoteKey } from '../../protocol/log/note.ts';
import type { ServerContext } from '../context.ts';
import type { CliOptions, Print } from './options.ts';
import { readOrMakeWitnessKey, type WitnessOptions, witnessOnce } from './witness.ts';

const intervalSecondsDefault = 60;
const said = {
  'no-answer': 'The log did not answer as it should',
  'wrong-key': 'The checkpoint is not signed by a key that this witness trusts',
  'rolled-back':
    'ROLLED BACK: the log shows fewer records than it did before. Both checkpoints, signed by the log, are in',
  forked:
    'FORKED: the log shows a history that does not continue the one before. Both checkpoints, signed by the log, are in',
} as const;

/** Keys as given on the command line, or `undefined` when one is none. */
export function keysFrom(texts: readonly string[]): NoteKey[] | undefined {
  const keys = texts.map(decodeVkey);
  return keys.every((key) => key.ok) ? keys.map((key) => key.value) : undefined;
}

/** Watches a log. @returns 0, 1 when the last round failed, 2 misused, 3 when the log contradicts itself. */
export async function runWitness(options: CliOptions, print: Print): Promise<number> {
  const seconds = Number(options.interval ?? intervalSecondsDefault);
  const logKeys = options['log-key'] === undefined ? undefined : keysFrom(options['log-key']);
  const isKeyBad = options['log-key'] !== undefined && logKeys === undefined;
  if (options.log === undefined || options.state === undefined || !(seconds >= 1) || isKeyBad) {
    print('witness: needs --log URL and --state FILE; --interval is in seconds; --log-key is a verifier key');
    return 2;
  }
  const keyFile = options.key?.[0] ?? `${options.state}.key`;
  const settings: WitnessOptions = {
    ...{ logUrl: options.log, stateFile: options.state, keyFile, name: options.name, logKeys },
    clock: Date.now,
  };
  print(`Witness ${encodeVkey(readOrMakeWitnessKey(keyFile, options.name).key)}`);
  for (;;) {
    const code = await round(settings, print);
    if (options.once === true || code === 3) return code;
    await pause(seconds * 1000);
  }
}

async function round(settings: WitnessOptions, print: Print): Promise<number> {
  const result = await witnessOnce(settings);
  const at = new Date(settings.clock()).toISOString();
  if (!result.ok) {
    print(`${at}  ${said[result.error]} ${result.detail ?? ''}`.trimEnd());
    return result.error === 'forked' || result.error === 'rolled-back' ? 3 : 1;
  }
  const { from, size, status } = result.value;
  const news = from === size ? `still ${String(size)} records` : `${String(from)} → ${String(size)} records`;
  print(`${at}  ${news}, consistent; cosignature ${handedIn(status)}`);
  return status === 200 ? 0 : 1;
}

function handedIn(status: number): string {
  if (status === 200) return 'handed in';
  if (status === 403) return 'refused: the log does not know this witness (till witness add NAME VKEY)';
  return `not taken (${status === 0 ? 'no answer' : String(status)})`;
}

/** Registers a witness. */
export async function addWitness(
  context: ServerContext,
  [label, vkey]: readonly string[],
  print: Print,
): Promise<number> {
  if (label === undefined || vkey === undefined) {
    print('witness add: NAME VKEY, as the witness prints it');
    return 2;
  }
  const added = await context.services.log.addWitness(label, vkey);
  print(
    added.ok
      ? `${added.value.label} may cosign as ${added.value.name}.`
      : `Not added: ${added.error} ${added.detail ?? ''}`.trimEnd(),
  );
  return added.ok ? 0 : 1;
}

/** Prints the witnesses. */
export async function listWitnesses(context: ServerContext, print: Print): Promise<number> {
  for (const { label, vkey, last } of await context.services.log.witnesses()) {
    print(
      [label, vkey, last === undefined ? 'no cosignature yet' : `${String(last.size)} records, ${last.at}`].join('  '),
    );
  }
  return 0;
}
