import type { ApiClient } from '../../api/client.ts';
import { keep, readKept } from '../storage.ts';

const notedKey = 'tillkeeper.field-key';

/** Notes who has a field key on this device, so that nothing need be fetched to know that nobody has. */
export function noteFieldKey(personId: string | undefined): void {
  keep(notedKey, personId);
}

/** Renews what the second person's screen needs without a network, for somebody who has a field key on this device. */
export async function keepFresh(personId: string, api: ApiClient): Promise<void> {
  if (readKept(notedKey) !== personId) return;
  const { refreshKnowledge } = await import('../../field-key/knowledge.ts');
  await refreshKnowledge(personId, api);
}
