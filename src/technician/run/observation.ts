import type { TerminalState } from '../../../domain/unlock/states.ts';
import type { Reply } from '../../../protocol/cable/v1/services/table.ts';
import type { TerminalRef } from '../../../protocol/http/registry.ts';
import type { UnlockCase } from '../../../protocol/http/unlocks.ts';
import type { KeptDelegation, SiteWork } from './site-work.ts';

/** What the terminal last said of its lock. */
export type DeviceStatus = Reply<'lock.status'>;

/** A photo of the inspection; its bytes are kept beside the record. */
export interface PhotoNote {
  readonly id: string;
  readonly kind: 'rear' | 'seal' | 'other';
  readonly takenAtMs: number;
  readonly sizeBytes: number;
  /** Case to which it was uploaded; undefined while it waits. */
  readonly uploadedTo?: string;
}

/** Keys that a terminal must know before it can check a grant; `bytes` is the root-signed message, base64url. */
export type Keyset = UnlockCase['keyset'];

/** What the technician has written down so far. */
export interface InspectionDraft {
  readonly sealFound: string;
  readonly sealNew: string;
  /** The number on the terminal's screen was compared and is the same. */
  readonly numberSame: boolean;
  readonly note: string;
  readonly photos: readonly PhotoNote[];
  /** The person pressed send. */
  readonly isReady: boolean;
}

/** The terminal's request as it waits to be sent. `caseId` is made with it and stored before it is used. */
export interface HeldRequest {
  readonly caseId: string;
  /** base64url. */
  readonly sealed: string;
  readonly requestBytes: number;
  readonly isSigned: boolean;
  readonly lockEpoch: number;
  readonly screenNumber: string;
  readonly readAtMs: number;
  /** How old the challenge was when it was read, in seconds. */
  readonly ageSeconds: number;
}

/** The steps that a person sees, in order. */
export const stepNames = [
  'connect',
  'request',
  'inspect',
  'approval',
  'unlock',
  'keys',
  'parameters',
  'self-test',
  'test-payment',
  'probation',
] as const;
/** One step that a person sees. */
export type StepName = (typeof stepNames)[number];

/** When a step began and ended, epoch milliseconds. */
export interface StepTimes {
  readonly beganAtMs?: number;
  readonly endedAtMs?: number;
}

/** The journal of one run: everything that a reload must not lose. */
export interface RunRecord {
  readonly ticketId: string;
  readonly ticketNumber: string;
  readonly terminal: TerminalRef;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
  /** When the person started it; undefined before. */
  readonly startedAtMs?: number;
  readonly finishedAtMs?: number;
  readonly steps: Partial<Record<StepName, StepTimes>>;
  readonly request?: HeldRequest;
  /** The next request must be a fresh one: the person asked again. */
  readonly wantsFresh?: boolean;
  readonly inspection?: InspectionDraft;
  /** The device's receipt, base64url, until the server has it. */
  readonly receipt?: { readonly caseId: string; readonly bytes: string };
  /** A commissioning report, base64url, until the server has it. */
  readonly report?: { readonly caseId: string; readonly bytes: string };
  /** The device did not accept this case's grant. */
  readonly grantRefusal?: { readonly caseId: string; readonly code: string; readonly retryAtMs?: number };
  /** The person uses a delegation. */
  readonly site?: SiteWork;
  /** The person keeps this request until the server can be asked; `isKept`: it is in the outbox. */
  readonly later?: { readonly caseId: string; readonly sinceMs: number; readonly isKept: boolean };
  /** Ids under which calls of this run are sent, by what they carry; each goes once it has taken effect. */
  readonly sends?: Readonly<Record<string, string>>;
  /** The server's last word, for when the network is down. */
  readonly lastCase?: UnlockCase;
  readonly lastState?: TerminalState;
  /** Address of the emulator's terminal, when this run used it. */
  readonly cableUrl?: string;
}

/** Everything that the next act is decided by. */
export interface Observation {
  readonly nowMs: number;
  /** `coming`: it is being looked for by itself. */
  readonly cable: 'absent' | 'coming' | 'ready';
  /** Undefined until it was read on this connection, and after everything that may have changed it. */
  readonly device: DeviceStatus | undefined;
  readonly isNetworkUp: boolean;
  readonly case: UnlockCase | undefined;
  /** False when the server may know something newer. */
  readonly isCaseFresh: boolean;
  /** A commissioning order that was fetched and not yet carried out, base64url. */
  readonly order: string | undefined;
  /** The newest keyset that the server was heard to have. */
  readonly keyset: Keyset | undefined;
  /** The delegation that is being used, once it was read from this device. */
  readonly delegation: KeptDelegation | undefined;
  /** What of this terminal's work waits in the outbox. */
  readonly queued: number;
  readonly record: RunRecord;
}
