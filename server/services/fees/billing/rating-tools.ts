import { sql } from 'kysely';
import type { CompiledTariff } from '../../../../domain/tariffs/compiled.ts';
import type { Db } from '../../../store/database.ts';
import { loadCompiled } from '../tariffs/load.ts';
import type { Division } from './shares.ts';

/** What is tried and not in force yet. */
export interface Trial {
  /** A price list as it would be, in place of the one that is in force. */
  readonly tariff?: { readonly id: string; readonly compiled: CompiledTariff };
  /** A building's total as it would be, for the days of some runs. */
  readonly total?: {
    readonly runIds: ReadonlySet<string>;
    readonly tariffId: string;
    readonly componentId: string;
    readonly total: string;
  };
}

/**
 * How totals of a run's days are divided now: of all runs of the same days the newest word counts, which is that of a
 * correction where there was one. Who shares and by what key never changes.
 */
async function divisionsOf(db: Db, merchantId: string, runId: string): Promise<Division[]> {
  const { rows } = await sql<{ tariff_id: string; component_id: string; total: string; members: Division['members'] }>`
    select distinct on (s.tariff_id, s.component_id) s.tariff_id, s.component_id, s.total, s.members
    from fee_runs own join fee_runs r on r.merchant_id = own.merchant_id and r.service = own.service
      and r.period_from = own.period_from and r.period_to = own.period_to
    join fee_run_shares s on s.merchant_id = r.merchant_id and s.run_id = r.id
    where own.merchant_id = ${merchantId} and own.id = ${runId}
    order by s.tariff_id, s.component_id, r.started_at desc, r.id desc`.execute(db);
  return rows.map((row) => ({
    ...{ tariffId: row.tariff_id, componentId: row.component_id, total: row.total, members: row.members },
  }));
}

/** Price lists and divided totals for many households, each read once. */
export class RatingTools {
  readonly #merchantId: string;
  readonly #trial: Trial;
  readonly #tariffs = new Map<string, CompiledTariff | undefined>();
  readonly #divisions = new Map<string, readonly Division[]>();

  constructor(merchantId: string, trial: Trial = {}) {
    [this.#merchantId, this.#trial] = [merchantId, trial];
  }

  /** A price list ready for use; `undefined` while none of its versions is or was in force. */
  async tariff(db: Db, tariffId: string): Promise<CompiledTariff | undefined> {
    if (this.#trial.tariff?.id === tariffId) return this.#trial.tariff.compiled;
    if (!this.#tariffs.has(tariffId)) {
      const loaded = await loadCompiled(db, { merchantId: this.#merchantId, tariffId });
      this.#tariffs.set(tariffId, loaded.ok && loaded.value.versions.length > 0 ? loaded.value : undefined);
    }
    return this.#tariffs.get(tariffId);
  }

  /** What is divided for the days of a run. */
  async divisions(db: Db, runId: string | null): Promise<readonly Division[]> {
    if (runId === null) return [];
    const known = this.#divisions.get(runId);
    if (known !== undefined) return known;
    const { total: wanted } = this.#trial;
    const read = await divisionsOf(db, this.#merchantId, runId);
    const isMeant = (one: Division): boolean =>
      wanted?.runIds.has(runId) === true && one.tariffId === wanted.tariffId && one.componentId === wanted.componentId;
    const all = read.map((one) => (isMeant(one) ? { ...one, total: wanted?.total ?? one.total } : one));
    this.#divisions.set(runId, all);
    return all;
  }
}
