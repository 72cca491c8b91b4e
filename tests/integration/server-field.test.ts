import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FieldSite, type FieldTerminal, type Laptop } from './server/field-site.ts';
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

const stateOf = (terminal: FieldTerminal) => terminal.device.firmware?.core.state;

async function uploadAll(laptop: Laptop, terminal: FieldTerminal, caseId: string, reports: readonly string[]) {
  let last: string | undefined;
  for (const report of reports) {
    const reply = await laptop.technician.person.call('commission', { id: caseId }, { report });
    expect(reply.code).toBeUndefined();
    last = reply.body.case.state;
  }
  return last;
}

describe('an unlock entirely without the server', () => {
  it('goes from LOCKED to PROBATION, and everything stands on the server afterwards', async () => {
    const terminal = await site.terminal();
    const laptop = await site.ready([terminal]);
    expect(laptop.orders(terminal).map((order) => order.step)).toEqual([
      ...['keys', 'parameters', 'self-test', 'self-test', 'self-test'],
      ...['test-payment', 'test-payment', 'test-payment', 'probation'],
    ]);
    terminal.device.trip('case');
    const record = await laptop.mustUse(terminal);
    const reports = await laptop.setUp(terminal);
    expect(stateOf(terminal)).toBe('PROBATION');

    const handed = await laptop.submit(record);
    expect(handed.body).toMatchObject({
      id: record.caseId,
      state: 'unlocked',
      technician: { id: site.wang.person.id },
      decision: { by: 'delegation', outcome: 'grant', approver: { id: site.zhou.id } },
      grant: { state: 'POSTED', late: false },
      onSite: { useIndex: 1, timeProven: true, sources: ['technician'], second: { id: site.li.person.id } },
    });
    expect(await uploadAll(laptop, terminal, record.caseId, reports)).toBe('probation');
    const detail = (await site.lin.call('getTerminal', { id: terminal.terminalId })).body;
    expect(detail).toMatchObject({ stateConfirmed: 'PROBATION', keys: 'loaded', unlocksLifetime: 1 });
    expect(await site.world.acts(`terminal:${terminal.terminalId}`)).toEqual([
      ...['terminal.registered', 'ticket.opened', 'unlock.on-site'],
      ...Array.from({ length: 5 }, () => 'commission.report'),
    ]);
    const view = (await laptop.view()).body;
    expect(view).toMatchObject({ missing: [], doubled: [], uses: [{ useIndex: 1, caseId: record.caseId }] });
    expect(view.terminals).toMatchObject([{ uses: 1, kit: true }]);
  });
});
