import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BoardRow } from '../../protocol/http/control.ts';
import { type App, AppBench, type TerminalWithDevice } from './terminal-app/bench.ts';
import { Cluster, newId } from './server/world.ts';

let cluster: Cluster;
let bench: AppBench;

beforeAll(async () => {
  cluster = await Cluster.start();
  bench = await AppBench.start(cluster);
});
afterAll(async () => {
  await bench.close();
  await cluster.stop();
});

const screen = (more: object = {}) => ({
  screen: 'channels',
  version: '0.1.0',
  cable: 'connected',
  paper: 'ok',
  ...more,
});

async function rowOf(terminalId: string): Promise<BoardRow | undefined> {
  const { items } = (await bench.approver.call('board')).body;
  return items.find((row) => row.terminalId === terminalId);
}

async function reporting(more: object = {}): Promise<App> {
  const app = await bench.app();
  expect((await app.call('appScreen', {}, screen(more))).status).toBe(200);
  return app;
}

describe('the live board', () => {
  it('says what a terminal shows, whether it is heard, and what it takes', async () => {
    const app = await reporting();
    expect(await rowOf(app.terminalId)).toMatchObject({ state: 'ready', app: { isOnline: true, screen: screen() } });
    const id = newId();
    await app.call(
      'appCreateOrder',
      {},
      { id, amountFen: 990, attempt: { id: newId(), channel: 'toy-a', kind: 'qr' } },
    );
    expect(await rowOf(app.terminalId)).toMatchObject({
      state: 'paying',
      order: { id, amountFen: 990, paidFen: 0, channel: 'toy-a', state: 'open' },
    });
    await app.call('appCancelOrder', { id });
    await bench.world.server.context.services.payments.sweep();
    expect((await rowOf(app.terminalId))?.order).toBeUndefined();
    bench.world.nowMs += 121_000;
    expect(await rowOf(app.terminalId)).toMatchObject({ state: 'silent', app: { isOnline: false } });
  });

  it.each<[string, object, string]>([
    ['a lost cable', { cable: 'lost' }, 'trouble'],
    ['a locked device', { cable: 'locked' }, 'trouble'],
    ['no paper', { paper: 'out' }, 'trouble'],
    ['little paper', { paper: 'low' }, 'ready'],
    ['no secure device, for codes only', { cable: 'none' }, 'ready'],
  ])('%s is %s', async (_name, more, state) => {
    const app = await reporting(more);
    expect((await rowOf(app.terminalId))?.state).toBe(state);
  });

  it('an order of the office comes before everything else, the stricter first', async () => {
    const app = await reporting({ cable: 'lost' });
    const control = (state: string) =>
      bench.operator.call('controlTerminal', { id: app.terminalId }, { state, reason: '盘点' });
    await control('paused');
    expect(await rowOf(app.terminalId)).toMatchObject({ state: 'paused', control: { reason: '盘点', by: 'op' } });
    await control('stopped');
    expect((await rowOf(app.terminalId))?.state).toBe('stopped');
    await control('active');
    expect((await rowOf(app.terminalId))?.state).toBe('trouble');
  });

  it('a terminal without an app is there too; a merchant’s board has only its own', async () => {
    const bare: TerminalWithDevice = await bench.terminal();
    expect(await rowOf(bare.id)).toMatchObject({ state: 'unpaired' });
    const elsewhere = newId();
    await bench.operator.call('createMerchant', {}, { id: elsewhere, name: '别家', contact: '', address: '' });
    const other = await bench.terminal(elsewhere);
    const only = (await bench.operator.call('board', {}, undefined, `?merchantId=${elsewhere}`)).body;
    expect(only.items.map(({ terminalId }) => terminalId)).toEqual([other.id]);
    expect(only.total).toBe(1);
  });

  it('the terminal’s page shows the app, the open code and the control, and never the code', async () => {
    const terminal = await bench.terminal();
    const page = async () => (await bench.approver.call('terminalPayments', { id: terminal.id })).body;
    expect(await page()).toEqual({
      control: { state: 'active', reason: '' },
      merchantControl: { state: 'active', reason: '' },
    });
    const code = await bench.code(terminal.id);
    const open = await page();
    expect(Date.parse(open.codeExpiresAt ?? '') - bench.world.nowMs).toBe(15 * 60_000);
    expect(JSON.stringify(open)).not.toContain(code);
    await bench.app(terminal);
    expect(await page()).toMatchObject({ app: { isOnline: true } });
    expect((await page()).codeExpiresAt).toBeUndefined();
  });
});
