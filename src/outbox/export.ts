import type { OutboxEntry } from './entry.ts';

/** The queue as a JSON text that a person can hand on. Photos are named by their SHA-256 and size, not included. */
export async function exportText(
  entries: readonly OutboxEntry[],
  photoOf: (id: string) => Promise<Blob | undefined>,
  { personId, nowMs }: { readonly personId: string; readonly nowMs: number },
): Promise<string> {
  const calls = await Promise.all(
    entries.map(async (entry) => {
      const photo = entry.photo === undefined ? undefined : await photoOf(entry.photo.id);
      return photo === undefined ? entry : { ...entry, photoSha256: await sha256(photo), photoBytes: photo.size };
    }),
  );
  return JSON.stringify({ personId, at: new Date(nowMs).toISOString(), calls }, undefined, 2);
}

async function sha256(photo: Blob): Promise<string> {
  const hash = await crypto.subtle.digest('SHA-256', await photo.arrayBuffer());
  return [...new Uint8Array(hash)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
