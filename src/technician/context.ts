import { createContext } from 'svelte';
import type { PersonAppProps } from '../app/person.ts';
import type { DeviceSession } from '../device/session.svelte.ts';
import type { FieldDatabase } from '../outbox/database.ts';
import type { Outbox } from '../outbox/outbox.svelte.ts';
import type { Delegations } from './delegations/delegations.svelte.ts';
import type { BrowserFieldDesk } from './run/field-desk.svelte.ts';
import type { Journal } from './run/journal.ts';

/** What every screen of the technician shares. */
export interface TechnicianContext extends PersonAppProps {
  readonly session: DeviceSession;
  readonly journal: Journal;
  readonly database: FieldDatabase;
  readonly outbox: Outbox;
  /** Work without a network. */
  readonly field: BrowserFieldDesk;
  readonly delegations: Delegations;
}

/** Reads and sets the technician's context in components. */
export const [technician, provideTechnician] = createContext<TechnicianContext>();
