import { Agent, request } from 'node:http';
import type { ClientRequest, IncomingMessage } from 'node:http';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Cluster, type Person, World } from './server/world.ts';

let cluster: Cluster;
let world: World;
let person: Person;

beforeAll(async () => {
  cluster = await Cluster.start();
  world = await World.start(cluster);
  person = await world.person('technician', 'technician');
});
afterAll(async () => {
  await world.close();
  await cluster.stop();
});

const agent = new Agent({ keepAlive: true, maxSockets: 1 });

function openStream(): ClientRequest {
  return request(`${world.server.url}/api/events`, { agent, headers: person.headers() }).end();
}

it('a stream opened anew on a kept connection does not hold a closing server back', async () => {
  const first = await new Promise<IncomingMessage>((done, fail) => {
    openStream().on('response', done).on('error', fail);
  });
  const again = new Promise<number | 'cut'>((done) => {
    first.on('end', () => {
      openStream()
        .on('response', (response) => done(response.statusCode ?? 0))
        .on('error', () => done('cut'));
    });
  });
  first.resume();
  await world.server.close();
  expect(await again).not.toBe(200);
});
