import { expect, test } from 'vitest';
import type { CodeProblem } from '../../src/device/code-host.ts';
import { technicianEn } from '../../src/i18n/technician.en.ts';
import { technicianSiteEn } from '../../src/i18n/technician-site.en.ts';
import { CodeReader } from './support/code-reader.ts';
import { describeWorld } from './support/fixture.ts';
import type { Fixture } from './support/fixture.ts';
import { FieldWork } from './support/field-work.ts';
import { worldPeople } from './support/seed.ts';
import type { TechnicianScreen } from './support/technician.ts';
import { Authenticator } from './support/totp.ts';

const authenticator = new Authenticator(worldPeople.approver.totpSecret);
/** What docs/codes.md promises, and one exchange more for a newer keyset. */
const readingsMax = 5;
const steps = ['keys', 'parameters', 'self-test', 'test-payment', 'probation'];

async function stepsDone({ world }: Fixture, label: string): Promise<unknown[]> {
  const text = `SELECT o.step FROM orders o JOIN terminals t ON t.id = o.terminal_id
    WHERE t.label = $1 AND o.state = 'done' ORDER BY o.order_sequence`;
  return (await world.query(text, [label])).map(({ step }) => step);
}

/** Pastes what is no answer, and waits for the words that say why. */
async function refuses(screen: TechnicianScreen, reader: CodeReader, text: string, why: CodeProblem): Promise<void> {
  const before = await reader.question.getAttribute('data-text');
  await reader.paste(text);
  const note = screen.page.locator(`[data-testid="codes-problem"][data-code="${why}"]`);
  await note.waitFor();
  await expect.poll(() => note.innerText()).toContain(technicianSiteEn.codes.problem[why]);
  expect(await reader.question.getAttribute('data-text')).toBe(before);
}

describeWorld('a terminal without a cable', { terminals: ['BC-01', 'BC-02'], serial: false }, (fixture) => {
  test('without a network: LOCKED to PROBATION by codes, and the server learns it afterwards', async () => {
    const { world } = fixture;
    const screen = await fixture.technician();
    const work = await FieldWork.prepare(world, screen, authenticator);
    const ticketId = await world.ticketFor('BC-01');
    await work.delegate([ticketId]);
    await work.loseNetwork();
    world.device('BC-01').trip('drop');
    await screen.openRun(ticketId);
    const reader = new CodeReader(screen.page, world, 'BC-01');
    await reader.choose();
    await reader.begin();
    await screen.waitForTerminal('LOCKED');
    await screen.page
      .getByTestId('cable-state')
      .filter({ hasText: technicianEn.card.byCodes, visible: true })
      .waitFor();
    expect(await screen.anchor('safe-note').count()).toBe(0);
    await work.takeOffer();
    // The terminal's keys are older than those that signed the delegation: they go first.
    await reader.until('site-confirm');
    await work.confirm();

    await reader.nextQuestion();
    await refuses(screen, reader, 'a shopping list', 'not-an-answer');
    const other = new CodeReader(screen.page, world, 'BC-02');
    await refuses(screen, reader, await other.ofTerminal('show-code'), 'other-terminal');
    await refuses(screen, reader, await reader.ofTerminal('show-code'), 'other-answer');
    expect(world.stateOf('BC-01')).toBe('LOCKED');

    await reader.until('wait-probation');
    expect(reader.readingsToBlank).toBeLessThanOrEqual(readingsMax);
    expect(world.stateOf('BC-01')).toBe('PROBATION');
    expect(world.device('BC-01').firmware?.core.probationLimitFen).toBe(20_000);
    expect(await world.grantStates('BC-01')).toEqual([]);

    await work.findNetwork();
    await expect.poll(() => world.grantStates('BC-01')).toEqual(['POSTED']);
    await expect.poll(() => stepsDone(fixture, 'BC-01')).toEqual(steps);
    const uses = await world.query(`SELECT u.use_index FROM delegation_uses u`);
    expect(uses.map((use) => Number(use['use_index']))).toEqual([1]);
    const cases = await world.query(
      'SELECT c.id FROM unlock_cases c JOIN terminals t ON t.id = c.terminal_id WHERE t.label = $1',
      ['BC-01'],
    );
    expect(cases).toHaveLength(1);
  });

  test('with a network: the server’s grant reaches the terminal by codes, and it takes payments again', async () => {
    const { world } = fixture;
    const screen = await fixture.technician();
    const ticketId = await world.ticketFor('BC-02');
    world.device('BC-02').trip('drop');
    await screen.openRun(ticketId);
    const reader = new CodeReader(screen.page, world, 'BC-02');
    await reader.choose();
    await reader.begin();
    await screen.waitForTerminal('LOCKED');
    // Its keys are older than the server's: they go first.
    await reader.until('start');
    await screen.press('start');
    await reader.until('finished');
    expect(reader.readingsToBlank).toBeLessThanOrEqual(readingsMax);
    await fixture.expectEnd('BC-02', 'NORMAL', ['POSTED']);
    expect(await stepsDone(fixture, 'BC-02')).toEqual([...steps, 'release']);
    const text = 'SELECT use_index FROM delegation_uses WHERE terminal_id = $1';
    expect(await world.query(text, [world.terminalId('BC-02')])).toEqual([]);
  });
});
