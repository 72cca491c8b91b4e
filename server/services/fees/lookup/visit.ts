import type { FeeService } from '../../../../domain/tariffs/rating.ts';
import type { Core } from '../../../core.ts';
import type { KeyRing } from '../../../keys/key-ring.ts';
import { isOnMenu } from './menu.ts';

/** A household that somebody named at a terminal. */
export interface Visit {
  readonly payeeId: string;
  readonly accountId: string;
  readonly service: FeeService;
}

const visitMs = 10 * 60_000;
const purposeOf = (terminalId: string): string => `fee-visit:${terminalId}`;

/** A token for a household: sealed, good for ten minutes, at this terminal only. */
export function openVisit(keys: KeyRing, terminalId: string, visit: Visit, nowMs: number): string {
  const plain = Buffer.from(JSON.stringify([visit.payeeId, visit.accountId, visit.service, nowMs + visitMs]));
  return keys.vault.seal(plain, purposeOf(terminalId)).toString('base64url');
}

/** The household of a token; `undefined` when it is over, of another terminal, or none of ours. */
export function readVisit(keys: KeyRing, terminalId: string, token: string, nowMs: number): Visit | undefined {
  try {
    const plain = keys.vault.open(Buffer.from(token, 'base64url'), purposeOf(terminalId)).toString('utf8');
    const [payeeId, accountId, service, untilMs] = JSON.parse(plain) as [string, string, FeeService, number];
    return untilMs <= nowMs ? undefined : { payeeId, accountId, service };
  } catch {
    return undefined;
  }
}

/** The same, as long as the household's service can still be asked for at this terminal. */
export async function currentVisit(core: Core, terminalId: string, token: string): Promise<Visit | undefined> {
  const visit = readVisit(core.keys(), terminalId, token, core.clock());
  if (visit === undefined) return undefined;
  return (await isOnMenu(core, terminalId, visit.payeeId, visit.service)) ? visit : undefined;
}
