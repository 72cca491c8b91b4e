import type { HistoryEntry } from '../../protocol/http/registry.ts';
import type { AuditRecord } from '../../protocol/http/system.ts';
import type { Core } from '../core.ts';
import { type Page, pageOf, type PageQuery } from './paging.ts';

const historyMax = 50;

function selectAudit(core: Core) {
  return core.db
    .selectFrom('audit as x')
    .leftJoin('user as u', 'u.id', 'x.actor_id')
    .select([
      'x.id',
      'x.at',
      'x.act',
      'x.actor_id',
      'x.subject',
      'x.facts',
      'x.seq',
      'x.hash',
      'x.prev',
      'u.name as actor_name',
    ])
    .orderBy('x.id', 'desc');
}

/** The newest entries about one subject, newest first. */
export async function historyOf(core: Core, subject: string): Promise<HistoryEntry[]> {
  const rows = await selectAudit(core).where('x.subject', '=', subject).limit(historyMax).execute();
  return rows.map((row) => ({
    at: row.at.toISOString(),
    kind: row.act,
    ...(row.actor_id === null ? {} : { actor: { id: row.actor_id, name: row.actor_name ?? '' } }),
    ...(typeof row.facts['caseId'] === 'string' ? { caseId: row.facts['caseId'] } : {}),
    facts: row.facts,
  }));
}

/** Audit records, newest first. */
export async function listAudit(
  core: Core,
  query: PageQuery & { subject?: string | undefined },
): Promise<Page<AuditRecord>> {
  let rows = selectAudit(core).limit(query.limit + 1);
  if (query.subject !== undefined) rows = rows.where('x.subject', '=', query.subject);
  if (query.after !== undefined) rows = rows.where('x.id', '<', query.after);
  const items = (await rows.execute()).map((row) => ({
    id: row.id,
    ...(row.seq === null ? {} : { sequence: row.seq }),
    at: row.at.toISOString(),
    act: row.act,
    ...(row.actor_id === null ? {} : { actor: { id: row.actor_id, name: row.actor_name ?? '' } }),
    subject: row.subject,
    facts: row.facts,
    ...(row.hash === null ? {} : { hash: row.hash.toString('hex') }),
    ...(row.prev === null ? {} : { prev: row.prev }),
  }));
  return pageOf(items, query.limit, (record) => record.id);
}
