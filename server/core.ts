import type { Pool } from 'pg';
import type { Logger } from 'pino';
import type { DelegationPolicy } from '../domain/unlock/delegation-policy.ts';
import type { UnlockPolicy } from '../domain/unlock/policy.ts';
import type { ChannelDefinition } from './channels/channel.ts';
import type { EventBus } from './events/bus.ts';
import type { KeyRing } from './keys/key-ring.ts';
import type { Db } from './store/database.ts';

/** What every service works with. */
export interface Core {
  readonly pool: Pool;
  readonly db: Db;
  /** Unix milliseconds. */
  readonly clock: () => number;
  readonly log: Logger;
  /** The ring in force; read it anew each time, it changes on rotation. */
  readonly keys: () => KeyRing;
  readonly bus: EventBus;
  readonly policy: UnlockPolicy;
  readonly delegationPolicy: DelegationPolicy;
  /** Every channel that this server can take money over. */
  readonly channels: readonly ChannelDefinition[];
}
