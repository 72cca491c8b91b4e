import { afterAll, beforeAll, expect, it } from 'vitest';
import { Uplink } from '../../mock-server/terminal/uplink.ts';
import { FieldSite } from './server/field-site.ts';
import { Cluster } from './server/world.ts';

let cluster: Cluster;
let site: FieldSite;

beforeAll(async () => {
  cluster = await Cluster.start();
  site = await FieldSite.start(cluster);
});
afterAll(async () => {
  await site.world.close();
  await cluster.stop();
});

it('a terminal hands in by itself what the technician has not, once, when its network is back', async () => {
  const terminal = await site.terminal();
  const { device } = terminal;
  const laptop = await site.ready([terminal]);
  const uplink = new Uplink(device, { serverUrl: site.world.server.url });
  device.setNetwork(false);
  device.trip('case');
  const record = await laptop.mustUse(terminal);
  expect(await uplink.now()).toBe('not-now');
  expect((await laptop.view()).body.uses).toEqual([]);

  device.setNetwork(true);
  expect(await uplink.now()).toBe('handed-in');
  expect((await laptop.view()).body.uses).toMatchObject([{ useIndex: 1, sources: ['terminal'] }]);
  expect(await uplink.now()).toBe('nothing');

  const handed = await laptop.submit(record);
  expect(handed.code).toBeUndefined();
  const uses = (await laptop.view()).body.uses;
  expect(uses.map(({ sources }) => [...sources].sort())).toEqual([['technician', 'terminal']]);
});
