import { expect, test } from 'vitest';
import { describeWorld } from './support/fixture.ts';
import { momentsByPolicy, onCallTo } from './support/moments.ts';
import { TechnicianScreen } from './support/technician.ts';

const labels = ['M-tabs', 'M-wrong', 'M-other', 'M-swap', 'M-receipt', 'M-keys'];

describeWorld('mix-ups', { terminals: labels, serial: true }, (fixture) => {
  test('another tab holds the port: it is taken over, and the run goes on here', async () => {
    const first = await fixture.technician();
    const ticketId = await fixture.lockedRun(first, 'M-tabs', 'drop');
    const second = new TechnicianScreen(await first.page.context().newPage(), fixture.world.origin);
    await second.openRun(ticketId);
    await second.waitForFailure('other-tab');
    await second.anchor('take-over').filter({ visible: true }).first().click();
    await first.waitForFailure('other-tab');
    await second.press('start');
    await second.waitForAct('finished');
    await fixture.expectEnd('M-tabs', 'NORMAL', ['POSTED']);
  });

  test('the wrong terminal is plugged in: it is named and left alone', async () => {
    const { world } = fixture;
    const screen = await fixture.technician();
    world.device('M-wrong').trip('drop');
    const ticketId = await world.ticketFor('M-wrong');
    await world.plugIn('M-other');
    await screen.openRun(ticketId);
    await screen.waitForFailure('wrong-device');
    await screen.page.getByText('QT60-M-other').first().waitFor();
    await world.plugIn('M-wrong');
    await screen.press('start');
    await screen.waitForAct('finished');
    await fixture.expectEnd('M-wrong', 'NORMAL', ['POSTED']);
    await fixture.expectEnd('M-other', 'NORMAL', []);
  });

  test('the terminal is swapped for another in the middle: the run waits for its own', async () => {
    const { world } = fixture;
    const screen = await fixture.technician();
    await fixture.lockedRun(screen, 'M-swap', 'drop');
    await momentsByPolicy.keys(screen, world.device('M-swap'), () => world.plugIn('M-other'));
    await screen.waitForFailure('wrong-device');
    expect(world.stateOf('M-swap')).toBe('BLANK');
    await world.plugIn('M-swap');
    await screen.waitForAct('finished');
    await fixture.expectEnd('M-swap', 'NORMAL', ['POSTED']);
    await fixture.expectEnd('M-other', 'NORMAL', []);
  });

  test('the server stops while the receipt is on its way, and starts again', async () => {
    const { world } = fixture;
    const screen = await fixture.technician();
    await fixture.lockedRun(screen, 'M-receipt', 'drop');
    // Held at the page, so that the server stops before the receipt reaches it, and not sometimes after.
    const stopped = onCallTo(screen.page, 'POST', /^\/api\/unlocks\/[^/]+\/receipt$/, () => world.stopServer());
    await Promise.all([stopped, screen.press('start')]);
    await screen.waitForNetwork('down');
    await fixture.expectEnd('M-receipt', 'BLANK', ['PENDING']);
    await world.startServer();
    await screen.waitForAct('finished');
    await fixture.expectEnd('M-receipt', 'NORMAL', ['POSTED']);
  });

  test('the server stops while keys are installed, and starts again', async () => {
    const { world } = fixture;
    const screen = await fixture.technician();
    await fixture.lockedRun(screen, 'M-keys', 'drop');
    await momentsByPolicy.keys(screen, world.device('M-keys'), () => world.stopServer());
    await screen.waitForNetwork('down');
    await world.startServer();
    await screen.waitForAct('finished');
    await fixture.expectEnd('M-keys', 'NORMAL', ['POSTED']);
  });
});
