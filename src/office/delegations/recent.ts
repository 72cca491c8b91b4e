import type { DelegationView } from '../../../protocol/http/field.ts';
import type { ApiClient } from '../../api/client.ts';
import { Resource } from '../../api/resource.svelte.ts';
import { mergeDelegations } from './delegations.ts';

const openRows = '200';
const pastRows = '50';

/** Every delegation that waits or is in force, and the newest of the others. */
export function recentDelegations(api: ApiClient): Resource<readonly DelegationView[]> {
  return new Resource(async (signal) => {
    const queries = [{ state: 'waiting', limit: openRows }, { state: 'active', limit: openRows }, { limit: pastRows }];
    const answers = await Promise.all(queries.map((query) => api.call('listDelegations', { query, signal })));
    const failed = answers.find((answer) => !answer.ok);
    if (failed !== undefined && !failed.ok) return failed;
    return { ok: true, value: mergeDelegations(answers.map((answer) => (answer.ok ? answer.value.items : []))) };
  });
}

/** The delegations of one technician, newest first. */
export function delegationsOf(api: ApiClient, technicianId: string): Resource<readonly DelegationView[]> {
  return new Resource(async (signal) => {
    const answer = await api.call('listDelegations', { query: { technicianId, limit: openRows }, signal });
    return answer.ok ? { ok: true, value: answer.value.items } : answer;
  });
}
