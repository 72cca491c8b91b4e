import type { UnlockCase } from '../../../protocol/http/unlocks.ts';
import type { Core } from '../../core.ts';

type OnDuty = NonNullable<UnlockCase['approverOnDuty']>;

/** Tells who would answer and how long that usually takes. */
export interface DutyDesk {
  /** Cheap: the answer is renewed at most every half minute. */
  onDuty(): Promise<OnDuty | undefined>;
}

const freshMs = 30_000;
const answersMax = 30;

/** The desk; `isPresent` says whether a person has a screen open. */
export function createDutyDesk(core: Core, isPresent: (personId: string) => boolean): DutyDesk {
  let known: OnDuty | undefined;
  let readAtMs = Number.NEGATIVE_INFINITY;
  return {
    onDuty: async () => {
      const nowMs = Date.now();
      if (nowMs - readAtMs < freshMs) return known;
      readAtMs = nowMs;
      known = await readDuty(core, isPresent);
      return known;
    },
  };
}

async function readDuty(core: Core, isPresent: (personId: string) => boolean): Promise<OnDuty | undefined> {
  const { rows } = await core.pool.query<{ id: string; name: string }>(
    `select u.id, u.name from "user" u where u.role = 'approver' and u.state = 'active'
     order by (select max(s."updatedAt") from "session" s where s."userId" = u.id) desc nulls last limit 50`,
  );
  const chosen = rows.find((row) => isPresent(row.id)) ?? rows[0];
  if (chosen === undefined) return undefined;
  const usual = await core.pool.query<{ seconds: number | null }>(
    `select round(percentile_cont(0.5) within group (order by seconds))::int as seconds from (
       select extract(epoch from (decision ->> 'at')::timestamptz - (inspection ->> 'at')::timestamptz) as seconds
       from unlock_cases where decision ->> 'by' = 'person' and inspection is not null
       order by asked_at desc limit $1) recent`,
    [answersMax],
  );
  const seconds = usual.rows[0]?.seconds ?? null;
  return { name: chosen.name, ...(seconds === null ? {} : { usualAnswerSeconds: seconds }) };
}
