import { createHash } from 'node:crypto';
import { err, ok } from '../../../domain/result.ts';
import { photoMaxBytes, photosPerCaseMax } from '../../../protocol/http/limits.ts';
import type { Photo, SubmitInspection } from '../../../protocol/http/unlocks.ts';
import type { Actor, Answer } from '../../answer.ts';
import { writeAudit } from '../../audit/records.ts';
import type { Core } from '../../core.ts';
import type { StoredInspection } from '../../store/schema.ts';
import { type CaseRow, findCase } from './rows.ts';

/** A photo as it arrives. */
export interface PhotoUpload {
  readonly caseId: string;
  readonly photoId: string;
  readonly kind: Photo['kind'];
  readonly bytes: Uint8Array;
}

/** The picture format by its first bytes, or `undefined`. */
export function pictureType(bytes: Uint8Array): 'image/jpeg' | 'image/png' | undefined {
  const starts = (...magic: number[]): boolean => magic.every((byte, i) => bytes[i] === byte);
  if (starts(0xff, 0xd8, 0xff)) return 'image/jpeg';
  return starts(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a) ? 'image/png' : undefined;
}

/**
 * Keeps a photo; the case may come later. The same id with the same bytes is the same photo. Photos of a case that
 * waits no more cannot be added to.
 */
export async function keepPhoto(core: Core, actor: Actor, upload: PhotoUpload): Promise<Answer<Photo>> {
  const contentType = pictureType(upload.bytes);
  if (contentType === undefined) return err('bad-photo');
  if (upload.bytes.length > photoMaxBytes) return err('too-large');
  const found = await findCase(core.pool, upload.caseId);
  if (found !== undefined && found.technician_id !== actor.id) return err('not-found');
  if (found !== undefined && !mayStillPhotograph(found)) return err('not-in-state');
  const sha256 = createHash('sha256').update(upload.bytes).digest();
  const at = new Date(core.clock());
  const key = { case_id: found?.id ?? upload.caseId, id: upload.photoId };
  const outcome = await core.db.transaction().execute(async (db) => {
    const others = await db
      .selectFrom('photos')
      .select(({ fn }) => fn.countAll<number>().as('count'))
      .where('case_id', '=', key.case_id)
      .where('id', '!=', upload.photoId)
      .executeTakeFirstOrThrow();
    if (others.count >= photosPerCaseMax) return 'full';
    const made = await db
      .insertInto('photos')
      .values({
        ...key,
        uploader_id: actor.id,
        kind: upload.kind,
        content_type: contentType,
        sha256,
        bytes: upload.bytes,
        at,
      })
      .onConflict((conflict) => conflict.doNothing())
      .executeTakeFirst();
    if (made.numInsertedOrUpdatedRows !== 1n) return 'known';
    await writeAudit(db, at.getTime(), {
      act: 'photo.kept',
      actorId: actor.id,
      subject: `case:${key.case_id}`,
      facts: {
        photoId: upload.photoId,
        kind: upload.kind,
        sha256: sha256.toString('hex'),
        sizeBytes: upload.bytes.length,
      },
    });
    return 'made';
  });
  if (outcome === 'full') return err('too-large', 'photos');
  return photoAnswer(core, { ...upload, caseId: key.case_id }, sha256, outcome === 'made');
}

/** A case that waits; or one that was opened on site, whose photos come when the network does. */
function mayStillPhotograph(found: CaseRow): boolean {
  return found.site !== null || ['needs-inspection', 'waiting'].includes(found.state);
}

async function photoAnswer(core: Core, upload: PhotoUpload, sha256: Buffer, isNew: boolean): Promise<Answer<Photo>> {
  const row = await core.db
    .selectFrom('photos')
    .select(['id', 'kind', 'sha256', 'at'])
    .where('case_id', '=', upload.caseId)
    .where('id', '=', upload.photoId)
    .executeTakeFirstOrThrow();
  if (!row.sha256.equals(sha256) || row.kind !== upload.kind) return err('exists-with-different-body', 'photoId');
  if (isNew) core.bus.publish({ name: 'unlock', id: upload.caseId }, { name: 'audit', id: upload.caseId });
  return ok({
    id: row.id,
    kind: upload.kind,
    sizeBytes: upload.bytes.length,
    sha256: sha256.toString('hex'),
    at: row.at.toISOString(),
  });
}

/** A photo's bytes; technicians only see their own. */
export async function readPhoto(
  core: Core,
  actor: Actor,
  caseId: string,
  photoId: string,
): Promise<Answer<{ type: string; bytes: Buffer }>> {
  const row = await core.db
    .selectFrom('photos')
    .select(['content_type', 'bytes', 'uploader_id'])
    .where('case_id', '=', caseId)
    .where('id', '=', photoId)
    .executeTakeFirst();
  if (row === undefined || (actor.role === 'technician' && row.uploader_id !== actor.id)) return err('not-found');
  return ok({ type: row.content_type, bytes: row.bytes });
}

/** Takes the inspection; the case then waits for a person. Rear and seal must have been photographed. */
export async function submitInspection(
  core: Core,
  actor: Actor,
  id: string,
  body: SubmitInspection,
): Promise<Answer<CaseRow>> {
  const found = await findCase(core.pool, id);
  if (found === undefined || found.technician_id !== actor.id) return err('not-found');
  if (!['needs-inspection', 'waiting'].includes(found.state)) {
    return found.inspection === null ? err('not-in-state') : ok(found);
  }
  const named = found.photos.filter((photo) => body.photoIds.includes(photo.id));
  const hasAll = named.length === new Set(body.photoIds).size;
  const hasKinds = (['rear', 'seal'] as const).every((kind) => named.some((photo) => photo.kind === kind));
  if (!hasAll || !hasKinds) return err('bad-request', 'photoIds');
  const nowMs = core.clock();
  const kept: StoredInspection = { ...body, sealRegistered: found.seal, at: new Date(nowMs).toISOString() };
  await core.db.transaction().execute(async (db) => {
    const changed = await db
      .updateTable('unlock_cases')
      .set({ state: 'waiting', inspection: JSON.stringify(kept), updated_at: new Date(nowMs) })
      .where('terminal_id', '=', found.terminal_id)
      .where('id', '=', id)
      .where('state', 'in', ['needs-inspection', 'waiting'])
      .executeTakeFirst();
    if (changed.numUpdatedRows === 0n) return;
    await writeAudit(db, nowMs, {
      act: 'unlock.inspected',
      actorId: actor.id,
      subject: `terminal:${found.terminal_id}`,
      facts: {
        caseId: id,
        sealFound: body.sealFound,
        sealNew: body.sealNew,
        sealRegistered: found.seal,
        photoIds: body.photoIds,
        photos: Object.fromEntries(named.map((photo) => [photo.id, photo.sha256])),
      },
    });
  });
  core.bus.publish({ name: 'unlock', id }, { name: 'audit', id });
  const row = await findCase(core.pool, id);
  return row === undefined ? err('not-found') : ok(row);
}
