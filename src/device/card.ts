import { err, ok } from '../../domain/result.ts';
import type { Result } from '../../domain/result.ts';
import { base64UrlEncode, hexEncode } from '../../protocol/bytes.ts';
import type { CableErrorCode } from '../../protocol/cable/v1/errors.ts';
import { printChunkMaxBytes, printChunksMax } from '../../protocol/cable/v1/services/terminal.ts';
import type { Params, Reply } from '../../protocol/cable/v1/services/table.ts';
import type { StartAttempt } from '../../protocol/http/payments.ts';
import type { DeviceSession } from './session.svelte.ts';

/**
 * Why the secure device was not asked, or gave no answer. `no-cable`: none is connected. `cable-lost`: what became of it
 * is not known; ask again. `unsupported`: its firmware has no card reader. `busy`: it asks somebody something else.
 * `not-in-state`: locked, or not yet set up. `faulty`: it answered what it must not.
 */
export const askErrors = ['no-cable', 'cable-lost', 'unsupported', 'busy', 'not-in-state', 'faulty'] as const;
/** One reason why the device gave no answer; meanings stand at `askErrors`. */
export type AskError = (typeof askErrors)[number];

/** Why no card was read: what the device says became of it, or that it could not be asked. */
export type CardReadError = Exclude<Reply<'card.read'>['outcome'], 'read'> | AskError;
/** Why a card key was not taken. */
export type CardKeyError = Exclude<Reply<'card.loadKey'>['refusal'], ''> | AskError;
/** Why the device did not sign a pairing. */
export type PairError = Exclude<Reply<'app.pair'>['outcome'], 'signed'> | AskError;
/** Why a receipt was not printed whole. `too-long`: longer than a print job may be. */
export type PrintError = Exclude<Reply<'print.escpos'>['outcome'], 'waiting' | 'printed'> | 'too-long' | AskError;

/** A card as the server takes it: ciphertext and the last four digits. */
export type CardCiphertext = NonNullable<StartAttempt['card']>;

/** A pairing as the device signed it, base64url. */
export interface SignedPairing {
  readonly statement: string;
  readonly signature: string;
}

/** The part of a device session that cards need. */
export type CardSession = Pick<DeviceSession, 'state' | 'request'>;

/** How often a chunk of a receipt is sent again when its answer was lost; the device never prints a job twice. */
const chunkAttemptsMax = 3;

const askErrorOf: Readonly<Partial<Record<CableErrorCode, AskError>>> = {
  'unknown-op': 'unsupported',
  busy: 'busy',
  'not-in-state': 'not-in-state',
  timeout: 'cable-lost',
  closed: 'cable-lost',
};

function askError(session: CardSession, error: CableErrorCode): AskError {
  if (error === 'closed' && session.state !== 'ready') return 'no-cable';
  return askErrorOf[error] ?? 'faulty';
}

/**
 * Reads a card for one payment. The amount stands on the device, the PIN is typed there; the events `card.stage` of the
 * session tell how far it is. A lost cable means that no card was read: the device forgets it.
 */
export async function readCard(
  session: CardSession,
  question: Params<'card.read'>,
): Promise<Result<CardCiphertext, CardReadError>> {
  if (session.state !== 'ready') return err('no-cable');
  const answer = await session.request('card.read', question);
  if (!answer.ok) return err(askError(session, answer.error), answer.detail);
  if (answer.value.outcome !== 'read') return err(answer.value.outcome);
  const card = cardOf(answer.value);
  return card === undefined ? err('faulty', 'a reading without a card') : ok(card);
}

/** The reply as the server takes it; `undefined` when it holds no card. */
export function cardOf(reply: Reply<'card.read'>): CardCiphertext | undefined {
  const { outcome, entry, ksn, data, pinKsn, pinBlock, tail } = reply;
  if (outcome !== 'read' || entry === '' || data.length === 0) return undefined;
  const pin = pinBlock.length === 0 ? {} : { pin: { ksn: hexEncode(pinKsn), block: hexEncode(pinBlock) } };
  return { entry, ksn: hexEncode(ksn), data: base64UrlEncode(data), ...pin, tail };
}

/** Ends a reading or a pairing that waits for a person. True when there was one. */
export async function cancelRead(session: CardSession): Promise<boolean> {
  const answer = await session.request('card.cancel', {});
  return answer.ok && answer.value.wasRunning;
}

/** Gives the device a card key as the acquirer wrapped it. The key check value, 6 hex digits, when it was taken. */
export async function loadCardKey(session: CardSession, keyBlock: string): Promise<Result<string, CardKeyError>> {
  const answer = await session.request('card.loadKey', { keyBlock });
  if (!answer.ok) return err(askError(session, answer.error), answer.detail);
  const { accepted, refusal, kcv } = answer.value;
  if (accepted) return ok(hexEncode(kcv));
  return err(refusal === '' ? 'faulty' : refusal);
}

/** Which card key the device has. */
export async function cardKeyStatus(session: CardSession): Promise<Result<Reply<'card.keyStatus'>, AskError>> {
  const answer = await session.request('card.keyStatus', {});
  return answer.ok ? answer : err(askError(session, answer.error), answer.detail);
}

/**
 * Prints ESC/POS bytes on the device's printer and says how its paper is. `job` is a random number: a chunk whose answer
 * was lost is sent again under it, and the device prints a job once.
 */
export async function printEscpos(
  session: CardSession,
  bytes: Uint8Array,
  job: number,
): Promise<Result<Reply<'print.escpos'>['paper'], PrintError>> {
  const count = Math.max(1, Math.ceil(bytes.length / printChunkMaxBytes));
  if (count > printChunksMax) return err('too-long');
  for (let index = 0; index < count; index += 1) {
    const chunk = bytes.slice(index * printChunkMaxBytes, (index + 1) * printChunkMaxBytes);
    const isLast = index + 1 === count;
    const answer = await sendChunk(session, { job, index, isLast, bytes: chunk });
    if (!answer.ok) return err(askError(session, answer.error), answer.detail);
    const { outcome, paper } = answer.value;
    if (outcome === 'printed') return ok(paper);
    if (outcome !== 'waiting') return err(outcome);
  }
  return err('faulty', 'the job did not end');
}

async function sendChunk(
  session: CardSession,
  chunk: Params<'print.escpos'>,
): Promise<Result<Reply<'print.escpos'>, CableErrorCode>> {
  for (let attempt = 1; ; attempt += 1) {
    const answer = await session.request('print.escpos', chunk);
    if (answer.ok || answer.error !== 'timeout' || attempt >= chunkAttemptsMax) return answer;
  }
}

/**
 * Lets the device sign that the app with `appPublicKey` (P-256, uncompressed) belongs to it. The activation code stands
 * on the device's screen, and a person confirms on its keypad within a minute.
 */
export async function signPairing(
  session: CardSession,
  appPublicKey: Uint8Array,
  code: string,
): Promise<Result<SignedPairing, PairError>> {
  if (session.state !== 'ready') return err('no-cable');
  const answer = await session.request('app.pair', { appPublicKey, code });
  if (!answer.ok) return err(askError(session, answer.error), answer.detail);
  const { outcome, statement, signature } = answer.value;
  if (outcome !== 'signed') return err(outcome);
  return ok({ statement: base64UrlEncode(statement), signature: base64UrlEncode(signature) });
}
