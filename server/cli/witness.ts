import { randomBytes } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { hostname } from 'node:os';
import * as v from 'valibot';
import { err, ok, type Result } from '../../domain/result.ts';
import { equalBytes } from '../../protocol/bytes.ts';
import { proofHashesSchema } from '../../protocol/http/log.ts';
import { routePath } from '../../protocol/http/paths.ts';
import { cosign, openCheckpoint, type SignedCheckpoint } from '../../protocol/log/checkpoint.ts';
import { logLimits } from '../../protocol/log/limits.ts';
import { verifyConsistency } from '../../protocol/log/merkle.ts';
import { decodeVkey, encodeVkey, type NoteKey, noteKey, signatureLine, verifyNote } from '../../protocol/log/note.ts';
import { nodeSigner, publicKeyOf, verifyByNode } from '../keys/node-keys.ts';

/** Why a round ended without a cosignature. */
export type WitnessProblem =
  /** The log does not answer, or not as it should. */
  | 'no-answer'
  /** The checkpoint is signed by no key that the witness trusts. */
  | 'wrong-key'
  /** The log shows fewer records than it did before. */
  | 'rolled-back'
  /** The log shows a history that does not continue the one before. */
  | 'forked';

/** What a witness works with; files by path. */
export interface WitnessOptions {
  readonly logUrl: string;
  readonly stateFile: string;
  readonly keyFile: string;
  /** Name of a key that is made now. */
  readonly name?: string | undefined;
  /** The log's keys, learned elsewhere; without them the first answer is believed. */
  readonly logKeys?: readonly NoteKey[] | undefined;
  readonly clock: () => number;
}

/** A round that ended well. */
export interface WitnessRound {
  readonly size: number;
  readonly from: number;
  /** Status of the log's answer to the cosignature: 200 when it was taken. */
  readonly status: number;
}

const stateSchema = v.strictObject({
  version: v.literal(1),
  logKeys: v.pipe(v.array(v.string()), v.minLength(1), v.maxLength(16)),
  checkpoint: v.pipe(v.string(), v.maxLength(logLimits.checkpointMaxChars)),
});
const keySchema = v.strictObject({ name: v.string(), secret: v.pipe(v.string(), v.length(43)) });
/** All that a witness remembers: the last checkpoint and who may sign the next. */
export type WitnessState = v.InferOutput<typeof stateSchema>;

const answerMaxChars = 16_000;
const answerTimeoutMs = 20_000;

/** The witness's own key; made when the file is not there. */
export function readOrMakeWitnessKey(path: string, name = `${hostname()}/witness`): { key: NoteKey; secret: Buffer } {
  if (!existsSync(path)) {
    const made = { name, secret: randomBytes(32).toString('base64url') };
    writeDurably(path, `${JSON.stringify(made, undefined, 2)}\n`);
  }
  const kept = v.parse(keySchema, JSON.parse(readFileSync(path, 'utf8')));
  const secret = Buffer.from(kept.secret, 'base64url');
  return { key: noteKey(kept.name, 'cosignature', publicKeyOf('ed25519', secret)), secret };
}

/** The state, or `undefined` before the first round. */
export function readWitnessState(path: string): WitnessState | undefined {
  return existsSync(path) ? v.parse(stateSchema, JSON.parse(readFileSync(path, 'utf8'))) : undefined;
}

function writeDurably(path: string, text: string): void {
  const unfinished = `${path}.new`;
  const handle = openSync(unfinished, 'w', 0o600);
  try {
    writeSync(handle, text);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
  renameSync(unfinished, path);
}

/**
 * One round: fetches the newest checkpoint, checks that it continues the one before, remembers it, cosigns it and hands
 * the cosignature in. Remembered before it is signed, so that a crash never leaves two words on one log. On a fork or a
 * roll-back nothing is remembered or signed; both checkpoints are written beside the state, and the detail names the file.
 */
export async function witnessOnce(options: WitnessOptions): Promise<Result<WitnessRound, WitnessProblem>> {
  const { key, secret } = readOrMakeWitnessKey(options.keyFile, options.name);
  const state = readWitnessState(options.stateFile);
  const answer = await ask(options, 'logCheckpoint');
  if (answer === undefined) return err('no-answer', 'checkpoint');
  const trusted = await trustedKeys(options, state);
  const shown = openCheckpoint(answer, trusted, verifyByNode);
  if (!shown.ok) return err('wrong-key', shown.error);
  const known = state === undefined ? undefined : openCheckpoint(state.checkpoint, trusted, verifyByNode);
  if (known?.ok === false) return err('wrong-key', 'the checkpoint in the state file');
  const continued =
    known === undefined ? ok(undefined) : await checkContinues(options, known.value, shown.value, answer);
  if (!continued.ok) return continued;
  const logKeys = (await adoptedKeys(options, trusted, shown.value)).map(encodeVkey);
  writeDurably(options.stateFile, `${JSON.stringify({ version: 1, logKeys, checkpoint: answer }, undefined, 2)}\n`);
  const { note, size } = shown.value;
  const signer = nodeSigner(secret);
  const line = signatureLine(
    cosign(note.text, key, Math.floor(options.clock() / 1000), (message) => signer.sign(message)),
  ).trimEnd();
  return ok({ size, from: known?.value.size ?? 0, status: await handIn(options, size, line) });
}

async function trustedKeys(options: WitnessOptions, state: WitnessState | undefined): Promise<NoteKey[]> {
  if (options.logKeys !== undefined) return [...options.logKeys];
  return state === undefined ? listedKeys(options) : state.logKeys.flatMap(keyOf);
}

function keyOf(vkey: string): NoteKey[] {
  const key = decodeVkey(vkey);
  return key.ok && key.value.type === 'ed25519' ? [key.value] : [];
}

async function listedKeys(options: WitnessOptions): Promise<NoteKey[]> {
  return ((await ask(options, 'logKey')) ?? '').trim().split('\n').slice(0, 16).flatMap(keyOf);
}

/** The trusted keys, and a new one of the log when it signed this checkpoint together with a trusted one. */
async function adoptedKeys(
  options: WitnessOptions,
  trusted: readonly NoteKey[],
  shown: SignedCheckpoint,
): Promise<readonly NoteKey[]> {
  const isTrusted = (key: NoteKey): boolean => trusted.some(({ publicKey }) => equalBytes(publicKey, key.publicKey));
  if (shown.note.signatures.every(({ id }) => trusted.some((key) => key.id === id))) return trusted;
  const listed = await listedKeys(options);
  const fresh = listed.filter((key) => !isTrusted(key) && key.name === shown.origin);
  return [...trusted, ...fresh.filter((key) => verifyNote(shown.note, [key], verifyByNode).ok)].slice(0, 16);
}

async function checkContinues(
  options: WitnessOptions,
  known: SignedCheckpoint,
  shown: SignedCheckpoint,
  text: string,
): Promise<Result<undefined, WitnessProblem>> {
  const refuse = (problem: 'forked' | 'rolled-back', hashes: readonly string[] = []) =>
    err(problem, writeEvidence(options, problem, text, hashes));
  if (shown.origin !== known.origin) return err('wrong-key', `the log is called ${shown.origin} now`);
  if (shown.size < known.size) return refuse('rolled-back');
  const [from, to] = [known.size, shown.size];
  const hashes = from === to ? [] : await proofOf(options, from, to);
  if (hashes === undefined) return err('no-answer', `consistency from ${String(from)} to ${String(to)}`);
  const bytes = hashes.map((hash) => new Uint8Array(Buffer.from(hash, 'base64url')));
  const claim = { from, to, fromRoot: known.root, toRoot: shown.root, hashes: bytes };
  return verifyConsistency(claim) ? ok(undefined) : refuse('forked', hashes);
}

/** Both checkpoints, so that anybody can see that one log signed both. @returns the file's path. */
function writeEvidence(options: WitnessOptions, problem: string, shown: string, hashes: readonly string[]): string {
  const path = `${options.stateFile}.${problem}-${String(Math.floor(options.clock() / 1000))}.json`;
  const known = readWitnessState(options.stateFile)?.checkpoint;
  const at = new Date(options.clock()).toISOString();
  writeFileSync(path, `${JSON.stringify({ problem, at, known, shown, hashes }, undefined, 2)}\n`, { mode: 0o600 });
  return path;
}

async function proofOf(options: WitnessOptions, from: number, to: number): Promise<string[] | undefined> {
  const text = await ask(options, 'logConsistency', `?from=${String(from)}&to=${String(to)}`);
  try {
    const parsed = v.safeParse(proofHashesSchema, JSON.parse(text ?? ''));
    return parsed.success ? parsed.output.hashes : undefined;
  } catch {
    return undefined;
  }
}

type LogRoute = 'logCheckpoint' | 'logKey' | 'logConsistency';

/** The text of a successful answer that is not larger than any of ours. */
async function ask({ logUrl }: WitnessOptions, route: LogRoute, query = ''): Promise<string | undefined> {
  try {
    const url = new URL(routePath(route) + query, logUrl);
    const response = await fetch(url, { signal: AbortSignal.timeout(answerTimeoutMs), redirect: 'error' });
    if (!response.ok || response.body === null) return undefined;
    let text = '';
    for await (const part of response.body.pipeThrough(new TextDecoderStream())) {
      text += part;
      if (text.length > answerMaxChars) return undefined;
    }
    return text;
  } catch {
    return undefined;
  }
}

async function handIn({ logUrl }: WitnessOptions, size: number, line: string): Promise<number> {
  try {
    const response = await fetch(new URL(routePath('submitCosignature'), logUrl), {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ size, line }),
      signal: AbortSignal.timeout(answerTimeoutMs),
      redirect: 'error',
    });
    await response.body?.cancel();
    return response.status;
  } catch {
    return 0;
  }
}
