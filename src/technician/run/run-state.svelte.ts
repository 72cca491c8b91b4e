import type { UnlockCase } from '../../../protocol/http/unlocks.ts';
import type { DeviceStatus, Keyset, RunRecord } from './observation.ts';
import type { SiteMemory } from './site-perform.ts';
import type { KeptDelegation } from './site-work.ts';

/** What a run knows, as runes. Every change of the record goes to `keep`, which writes it to the journal. */
export class RunState implements SiteMemory {
  readonly #keep: (record: RunRecord) => void;
  #record = $state.raw() as RunRecord;
  #case = $state.raw<UnlockCase | undefined>();
  #device = $state.raw<DeviceStatus | undefined>();
  #lastDevice = $state.raw<DeviceStatus | undefined>();
  isCaseFresh = $state(false);
  order = $state.raw<string | undefined>();
  keyset = $state.raw<Keyset | undefined>();
  delegation = $state.raw<KeptDelegation | undefined>();

  constructor(record: RunRecord, keep: (record: RunRecord) => void) {
    this.#record = record;
    this.#case = record.lastCase;
    this.keyset = record.lastCase?.keyset;
    this.#keep = keep;
  }

  get record(): RunRecord {
    return this.#record;
  }
  set record(record: RunRecord) {
    this.#record = record;
    this.#keep(record);
  }

  get case(): UnlockCase | undefined {
    return this.#case;
  }
  set case(unlock: UnlockCase | undefined) {
    this.#case = unlock;
  }

  get device(): DeviceStatus | undefined {
    return this.#device;
  }
  set device(device: DeviceStatus | undefined) {
    this.#device = device;
    if (device !== undefined) this.#lastDevice = device;
  }

  /** The last status, also while it is read anew. */
  get lastDevice(): DeviceStatus | undefined {
    return this.#lastDevice;
  }
}
