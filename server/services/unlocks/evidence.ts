import type { UnlockCase } from '../../../protocol/http/unlocks.ts';
import type { Core } from '../../core.ts';
import { historyOf } from '../history.ts';
import { startOfDay } from './facts.ts';
import type { CaseRow } from './rows.ts';

type Evidence = NonNullable<UnlockCase['evidence']>;

const dayMs = 86_400_000;

/** What helps an approver to decide: the terminal's past and the technician's record. */
export async function evidenceFor(core: Core, row: CaseRow): Promise<Evidence> {
  const nowMs = core.clock();
  const [terminal, technician, history] = await Promise.all([
    terminalCounts(core, row, nowMs),
    technicianCounts(core, row.technician_id, nowMs),
    historyOf(core, `terminal:${row.terminal_id}`),
  ]);
  return {
    sealRegistered: row.inspection?.sealRegistered ?? row.seal,
    terminalHistory: history.filter((entry) => entry.caseId !== row.id),
    unlocksLifetime: terminal.lifetime,
    unlocks30Days: terminal.month,
    logContinues: row.log_continues,
    epochContinues: row.epoch_continues,
    technician: { ...technician, dailyLimit: core.policy.technicianDailyLimit },
  };
}

async function terminalCounts(core: Core, row: CaseRow, nowMs: number): Promise<{ lifetime: number; month: number }> {
  const { rows } = await core.pool.query<{ lifetime: number; month: number }>(
    `select t.unlocks_lifetime as lifetime, (select count(*) from unlock_cases c
      where c.terminal_id = t.id and c.unlocked_at >= $2) as month from terminals t where t.id = $1`,
    [row.terminal_id, new Date(nowMs - 30 * dayMs)],
  );
  return rows[0] ?? { lifetime: 0, month: 0 };
}

async function technicianCounts(
  core: Core,
  id: string,
  nowMs: number,
): Promise<Omit<Evidence['technician'], 'dailyLimit'>> {
  const { rows } = await core.pool.query<Omit<Evidence['technician'], 'dailyLimit'>>(
    `select count(*) filter (where unlocked_at is not null) as "unlocks12Months",
      count(*) filter (where state = 'done') as "finished12Months",
      count(*) filter (where asked_at >= $3 and unlocked_at is not null) as today,
      count(*) filter (where unlocked_at >= $4 and exists (select 1 from unlock_cases n
        where n.terminal_id = c.terminal_id and n.asked_at > c.unlocked_at
        and n.asked_at < c.unlocked_at + interval '30 days')) as "lockedAgain30Days"
     from unlock_cases c where technician_id = $1 and asked_at >= $2`,
    [id, new Date(nowMs - 365 * dayMs), startOfDay(nowMs), new Date(nowMs - 60 * dayMs)],
  );
  return rows[0] ?? { unlocks12Months: 0, finished12Months: 0, today: 0, lockedAgain30Days: 0 };
}
