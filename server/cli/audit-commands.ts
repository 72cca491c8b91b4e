import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { type CaseProblem, verifyCaseFile } from '../../protocol/log/case-check.ts';
import { caseStory } from '../../protocol/log/case-story.ts';
import { logLimits } from '../../protocol/log/limits.ts';
import { verifyAuditChain } from '../audit/verify.ts';
import type { ServerContext } from '../context.ts';
import { verifyByNode } from '../keys/node-keys.ts';
import type { CliOptions, Print } from './options.ts';
import { readWitnessState } from './witness.ts';
import { keysFrom } from './witness-command.ts';

const refusals: Readonly<Record<CaseProblem, string>> = {
  malformed: 'it is no case file, or not in its one spelling',
  'wrong-key': 'it is not signed by the key that must sign it',
  'bad-signature': 'a signature does not hold: something was changed',
  'not-in-log': 'a record does not stand in the log',
  gap: 'records are out of order, or one is left out',
  forked: 'the log has shown two histories',
  'rolled-back':
    'it ends before the checkpoint that you know: the log was rolled back, or the file is older than your checkpoint; ask for a new one made with --since',
  'no-proof-from-known': 'it has no proof from the checkpoint that you know; ask for one made with --since',
  'evidence-missing': 'a message that a record names is missing, or one is there that no record names',
  'evidence-wrong': 'a message is not signed as it must be, or does not fit the case',
  'keys-wrong': 'a key in it is not the one that the log has',
};

/** Checks a case file; needs neither database nor server. @returns 0 accepted, 1 refused, 2 misused. */
export function verifyFile(path: string, options: CliOptions, print: Print): number {
  const keys = options.key === undefined ? undefined : keysFrom(options.key);
  if (options.key !== undefined && keys === undefined) {
    print('audit verify: --key is a verifier key such as till.example/log+1a2b3c4d+AAAA…');
    return 2;
  }
  const text = readBounded(path, logLimits.caseFileMaxChars * 4);
  const known = options.known === undefined ? undefined : readKnown(options.known);
  if (text === undefined || (options.known !== undefined && known === undefined)) {
    print(`audit verify: ${text === undefined ? path : (options.known ?? '')} cannot be read`);
    return 2;
  }
  const verdict = verifyCaseFile(text, { keys, known, verify: verifyByNode });
  if (!verdict.ok) {
    const where = verdict.detail === undefined ? '' : ` (${verdict.detail})`;
    print(`REFUSED: ${refusals[verdict.error]}${where}.`);
    return 1;
  }
  for (const line of caseStory(verdict.value)) print(line);
  print('ACCEPTED');
  return 0;
}

function readBounded(path: string, maxBytes: number): string | undefined {
  try {
    if (statSync(path).size > maxBytes) return undefined;
    // Strict, so that no byte of the file is read as something else.
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(readFileSync(path));
  } catch {
    return undefined;
  }
}

/** A checkpoint as text, or a witness's state with one in it. */
function readKnown(path: string): string | undefined {
  const text = readBounded(path, 64_000);
  if (text?.startsWith('{') !== true) return text;
  try {
    return readWitnessState(path)?.checkpoint;
  } catch {
    return undefined;
  }
}

/** Recomputes chain and tree in the database. */
export async function verifyDatabase(context: ServerContext, print: Print): Promise<number> {
  await context.sequencer.drain();
  const report = await verifyAuditChain(context.store.pool, context.keys());
  print(`${String(report.records)} records, ${String(report.waiting)} waiting, head ${report.head}`);
  print(`tree root ${report.root}, ${String(report.checkpoints)} checkpoints`);
  if (report.brokenAt === undefined) return 0;
  print(`The ${report.why ?? 'chain'} is broken at record ${String(report.brokenAt)}.`);
  return 1;
}

/** Writes a ticket's case file. */
export async function exportCase(
  context: ServerContext,
  [ticket]: readonly string[],
  options: CliOptions,
  print: Print,
): Promise<number> {
  const since = options.since === undefined ? undefined : readKnown(options.since);
  if (ticket === undefined || (options.since !== undefined && since === undefined)) {
    print('audit export: TICKET is its number or id; --since is a checkpoint or a witness’s state');
    return 2;
  }
  const file = await context.services.log.caseFile(ticket, since);
  if (!file.ok) {
    print(`Not exported: ${file.error} ${file.detail ?? ''}`.trimEnd());
    return 1;
  }
  if (options.out === undefined) print(file.value.trimEnd());
  else writeFileSync(options.out, file.value);
  return 0;
}

/** Prints the log's verifier keys. */
export async function printLogKeys(context: ServerContext, print: Print): Promise<number> {
  print((await context.services.log.keys()).trimEnd());
  return 0;
}
