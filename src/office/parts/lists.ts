import type { Person } from '../../../protocol/http/people.ts';
import type { ApiClient } from '../../api/client.ts';
import { Resource } from '../../api/resource.svelte.ts';

/** All staff accounts. */
export function peopleList(api: ApiClient): Resource<readonly Person[]> {
  return new Resource(async (signal) => {
    const answer = await api.call('listPeople', { signal });
    return answer.ok ? { ok: true, value: answer.value.items } : answer;
  });
}

/** The technicians who can be given work. */
export function activeTechnicians(people: readonly Person[] | undefined): readonly Person[] {
  return (people ?? []).filter((person) => person.role === 'technician' && person.state === 'active');
}
