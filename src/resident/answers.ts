import type { DocumentKeys, FeeResult } from '../../protocol/http/fees-terminal.ts';

/*
 * The server's two public answers, read without the schemas of `protocol/http`: those bring 2.7 kB with them, and what
 * counts in both answers is a signature that is checked anyway. A test holds them to the schemas.
 */

const stages = ['starting', 'at-platform', 'checking', 'paid', 'failed', 'closed', 'reversed'] as const;

type Fields = Readonly<Record<string, unknown>>;

function fields(value: unknown): Fields | undefined {
  return typeof value === 'object' && value !== null ? (value as Fields) : undefined;
}

function areTexts(values: Fields | undefined, ...names: readonly string[]): boolean {
  return names.every((name) => typeof values?.[name] === 'string');
}

/** GET /api/fees/keys; `undefined` when it is not that. */
export function readKeys(answer: unknown): DocumentKeys['keys'] | undefined {
  const keys = fields(answer)?.['keys'];
  if (!Array.isArray(keys) || !keys.every((key) => areTexts(fields(key), 'kid', 'x', 'y'))) return undefined;
  return keys as DocumentKeys['keys'];
}

/** GET /api/fees/results/:token; `undefined` when it is not that. */
export function readResult(answer: unknown): FeeResult | undefined {
  const said = fields(answer);
  const stage = stages.find((known) => known === said?.['stage']);
  if (stage === undefined) return undefined;
  const receipt = fields(said?.['receipt']);
  if (receipt !== undefined && !areTexts(receipt, 'kid', 'bytes', 'signature')) return undefined;
  const reason = said?.['reason'];
  if (reason !== undefined && typeof reason !== 'string') return undefined;
  return {
    stage,
    ...(reason === undefined ? {} : { reason }),
    ...(receipt === undefined ? {} : { receipt: receipt as NonNullable<FeeResult['receipt']> }),
  };
}
