import { expect, onTestFinished, test } from 'vitest';
import { describeWorld } from './support/fixture.ts';
import { FieldWork } from './support/field-work.ts';
import type { SavedSite } from './support/field-work.ts';
import { registeredSeal, worldPeople } from './support/seed.ts';
import { Authenticator } from './support/totp.ts';

const authenticator = new Authenticator(worldPeople.approver.totpSecret);

describeWorld('on site, with the network off', { terminals: ['OS-01', 'OS-02'], serial: true }, (fixture) => {
  test('a listed terminal goes from LOCKED to PROBATION, and the server learns it afterwards', async () => {
    const { world } = fixture;
    const screen = await fixture.technician();
    const work = await FieldWork.prepare(world, screen, authenticator);
    const ticketId = await world.ticketFor('OS-01');
    const { number } = await work.delegate([ticketId]);
    await work.loseNetwork();
    world.device('OS-01').trip('drop');
    await world.plugIn('OS-01');
    await screen.openRun(ticketId);
    await screen.waitForTerminal('LOCKED');
    await work.takeOffer();
    await work.confirm();
    await screen.waitForAct('wait-probation');
    expect(world.stateOf('OS-01')).toBe('PROBATION');
    expect(world.device('OS-01').firmware?.core.probationLimitFen).toBe(20_000);
    expect(await world.grantStates('OS-01')).toEqual([]);
    await work.findNetwork();
    await expect.poll(() => world.grantStates('OS-01')).toEqual(['POSTED']);
    const orders = `SELECT o.step, o.state FROM orders o JOIN terminals t ON t.id = o.terminal_id
      WHERE t.label = 'OS-01' AND o.state = 'done' ORDER BY o.order_sequence`;
    const done = ['keys', 'parameters', 'self-test', 'test-payment', 'probation'];
    await expect.poll(async () => (await world.query(orders)).map(({ step }) => step)).toEqual(done);
    const [use] = await world.query('SELECT use_index FROM delegation_uses');
    expect(Number(use?.['use_index'])).toBe(1);
    expect(number).toMatch(/^D-\d+$/);
  });

  test('an opened case is inspected first, and the photos follow when the network is back', async () => {
    const { world } = fixture;
    const screen = await fixture.technician();
    const work = await FieldWork.prepare(world, screen, authenticator);
    const ticketId = await world.ticketFor('OS-02');
    await work.delegate([ticketId]);
    await work.loseNetwork();
    world.device('OS-02').trip('case');
    await world.plugIn('OS-02');
    await screen.openRun(ticketId);
    await screen.waitForTerminal('LOCKED');
    await work.takeOffer();
    await screen.inspect({ sealFound: registeredSeal, sealNew: '00990011', note: 'Nothing inside' });
    await work.confirm();
    await screen.waitForAct('wait-probation');
    await work.findNetwork();
    const photos = `SELECT count(*) AS n FROM photos p JOIN unlock_cases c ON c.id = p.case_id
      JOIN terminals t ON t.id = c.terminal_id WHERE t.label = 'OS-02'`;
    await expect.poll(async () => Number((await world.query(photos))[0]?.['n'])).toBe(2);
    await expect.poll(() => world.grantStates('OS-02')).toEqual(['POSTED']);
    await expect
      .poll(async () => (await world.query(`SELECT seal FROM terminals WHERE label = 'OS-02'`))[0]?.['seal'])
      .toBe('00990011');
  });
});

const hourMs = 3_600_000;
let terminalClockMs = 0;

describeWorld(
  'what the terminal itself refuses on site',
  {
    terminals: ['RF-01', 'RF-02'],
    serial: true,
    terminalClock: () => Date.now() + terminalClockMs,
  },
  (fixture) => {
    test('a wrong second person, a replay, a used-up delegation, an unlisted terminal, an expired delegation', async () => {
      const { world } = fixture;
      const screen = await fixture.technician();
      const work = await FieldWork.prepare(world, screen, authenticator);
      const passerBy = await work.passerBy();
      const listed = await world.ticketFor('RF-01');
      const unlisted = await world.ticketFor('RF-02');
      const { id } = await work.delegate([listed]);
      await work.loseNetwork();

      // The laptop's own checks are got out of the way by changing its database: what is left is the terminal.
      await work.lockedRun(world, 'RF-01', listed);
      await work.takeOffer();
      await work.sign();
      await work.paste(await work.answerOf(passerBy));
      await screen.page.locator('[data-testid="site-problem"][data-code="not-listed"]').waitFor();
      const answer = await work.signatureOf(passerBy);
      await work.changeSite(listed, (site) => ({ ...site, second: answer }));
      await work.handsOver(listed, 'wrong-second');
      expect(world.stateOf('RF-01')).toBe('LOCKED');

      await work.again();
      await work.confirm();
      await screen.waitForAct('wait-probation');
      const used: SavedSite = await work.savedSite(listed);

      await work.lockedRun(world, 'RF-01', listed);
      await work.takeOfferAgain();
      await screen.page.getByTestId('site-use').waitFor();
      await work.changeSite(listed, (site) => ({ ...site, signed: used.signed, second: used.second }));
      await work.withoutCount(() => work.handsOver(listed, 'wrong-epoch'));
      expect(world.stateOf('RF-01')).toBe('LOCKED');

      await screen.openRun(listed);
      await work.again();
      await work.confirm();
      await screen.waitForAct('wait-probation');
      await work.lockedRun(world, 'RF-01', listed);
      await work.askAgain();
      await screen.page.locator('[data-testid="offer"][data-bar="used-up"]').waitFor();
      await work.changePackage(id, (pack) => ({
        ...pack,
        delegation: { ...pack.delegation, usesPerTerminalMax: 3, usesMax: 9 },
      }));
      await screen.openRun(listed);
      await work.useOffer();
      await work.confirm();
      await work.refused('uses-exhausted');
      expect(world.stateOf('RF-01')).toBe('LOCKED');

      await work.changePackage(id, (pack) => work.listing(pack, world, 'RF-02', unlisted));
      await work.lockedRun(world, 'RF-02', unlisted);
      await work.takeOffer();
      await work.sign();
      const second = await work.signatureOf(work.second);
      await work.changeSite(unlisted, (site) => ({ ...site, second }));
      await work.handsOver(unlisted, 'not-listed');
      expect(world.stateOf('RF-02')).toBe('LOCKED');
    });

    test('a delegation whose hours are over by the terminal’s own clock', async () => {
      const { world } = fixture;
      const screen = await fixture.technician();
      const work = await FieldWork.prepare(world, screen, authenticator);
      const ticketId = await world.ticketFor('RF-02');
      await work.delegate([ticketId], 1);
      await work.loseNetwork();
      onTestFinished(() => {
        terminalClockMs = 0;
      });
      terminalClockMs = 2 * hourMs;
      await work.lockedRun(world, 'RF-02', ticketId);
      await work.takeOffer();
      await work.confirm();
      await work.refused('expired');
      expect(world.stateOf('RF-02')).toBe('LOCKED');
    });
  },
);
