import type { World } from './world.ts';
import { newId, type Person, type Site, totpSecrets } from './world.ts';

/** A ticket's whole story: an opened case, inspected, approved by a person, unlocked, commissioned to NORMAL. */
export async function tellStory(world: World): Promise<{ site: Site; caseId: string; wang: Person; zhou: Person }> {
  const wang = await world.person('wang', 'technician');
  const zhou = await world.person('zhou', 'approver', totpSecrets.zhou);
  const site = await world.site(wang);
  site.device.trip('case');
  const { sealedRequest, requestBytes, screenNumber } = site.device.ask();
  const caseId = newId();
  const id = { id: caseId };
  await wang.call('createUnlock', {}, { ...id, ticketId: site.ticketId, sealedRequest, requestBytes });
  const photos = [await wang.putPhoto(caseId, 'rear'), await wang.putPhoto(caseId, 'seal')];
  const seen = { sealFound: '0047 8812', sealNew: '00990417', screenNumber, note: '螺丝松动 "x]{' };
  await wang.call('submitInspection', id, { ...seen, photoIds: photos.map(({ body }) => body.id) });
  const factor = { kind: 'totp', code: await world.code(zhou) };
  const decided = await zhou.call('decideUnlock', id, { decision: 'approve', reason: 'Photos fit.', factor });
  if (decided.status !== 200) throw new Error(JSON.stringify(decided));
  const { body } = await wang.call('getUnlock', id);
  const receipt = site.device.useGrant(body.grant?.sealed ?? '', Math.floor(world.nowMs / 1000));
  await wang.call('submitReceipt', id, { receipt });
  const again = { releasable: false };
  let answer = await wang.call('commission', id, {});
  while (answer.body.order !== undefined) {
    world.nowMs += 1_000;
    answer = await wang.call('commission', id, { report: site.device.obey(answer.body.order) });
    if (answer.body.case.state === 'probation' && !again.releasable) {
      again.releasable = true;
      world.nowMs += 73 * 3_600_000;
      await world.runJobs();
      answer = await wang.call('commission', id, {});
    }
  }
  if (answer.body.case.state !== 'done') throw new Error(`the story ended in ${answer.body.case.state}`);
  return { site, caseId, wang, zhou };
}
