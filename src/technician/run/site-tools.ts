import type { Result } from '../../../domain/result.ts';
import type { SubmitSiteRecord } from '../../../protocol/http/field.ts';
import type { CreateUnlock } from '../../../protocol/http/unlocks.ts';
import type { ApiFailure } from '../../api/failures.ts';
import type { PhotoNote, RunRecord } from './observation.ts';
import type { CountedUse, KeptDelegation } from './site-work.ts';

/** Where delegations and the count of their uses lie on this device. */
export interface SiteStore {
  delegations(): Promise<readonly KeptDelegation[]>;
  uses(): Promise<readonly CountedUse[]>;
  /** Writes a use; another of the same delegation and number is replaced. */
  putUse(use: CountedUse): Promise<void>;
  removeUse(delegationId: string, useIndex: number): Promise<void>;
  /** Runs `work` while no other tab counts uses. */
  exclusively<T>(work: () => Promise<T>): Promise<T>;
}

/**
 * What the server is to learn later. `run` is the record as it stands once the call is kept: both are written in one
 * transaction. Repeating a call of the same id changes nothing. The failure when it could not be kept.
 */
export interface SiteQueue {
  siteRecord(id: string, body: SubmitSiteRecord, photos: readonly PhotoNote[], run: RunRecord): Promise<Kept>;
  report(id: string, caseId: string, report: string, run: RunRecord): Promise<Kept>;
  request(body: CreateUnlock, run: RunRecord): Promise<Kept>;
  /** Takes a request back that still waits; one that is being sent right now goes. */
  forgetRequest(caseId: string): Promise<void>;
}
/** Undefined when the call is kept. */
export type Kept = ApiFailure | undefined;

/** Why the technician's key did not sign. */
export type SignFailure = 'no-key' | 'cancelled' | 'failed';

/** The technician's own key on this device, opened by their passkey. */
export interface SiteSigner {
  /** Signs when `publicKey` is the key of this device; asks for the passkey. First statement of a click handler. */
  sign(bytes: Uint8Array, publicKey: Uint8Array): Promise<Result<Uint8Array, SignFailure>>;
}

/** Everything that work without a network is wired to. */
export interface FieldDesk {
  readonly store: SiteStore;
  readonly queue: SiteQueue;
  readonly signer: SiteSigner;
  /** The technician's name, for the second person's screen. */
  readonly name: string;
  /** False when the browser itself knows of no network. */
  readonly isBrowserOnline: boolean;
  /** How many calls about a terminal wait in the outbox. */
  queued(terminalId: string): number;
  /** Called after every change of delegations and outbox; gives the way to stop. */
  onChange(listener: () => void): () => void;
}
