import { expect, test } from 'vitest';
import { describeWorld } from './support/fixture.ts';
import { momentsByPolicy, policySteps } from './support/moments.ts';
import { registeredSeal } from './support/seed.ts';

const labels = [...policySteps.map((step) => `R-${step}`), 'R-inspect', 'R-approval'];

describeWorld('the page is reloaded', { terminals: labels, serial: true }, (fixture) => {
  test.each(policySteps)('in the step "%s"', async (step) => {
    const label = `R-${step}`;
    const screen = await fixture.technician();
    await fixture.lockedRun(screen, label, 'drop');
    await momentsByPolicy[step](screen, fixture.world.device(label), async () => {
      await screen.page.reload();
    });
    if (step === 'connect') await screen.press('start');
    await screen.waitForAct('finished');
    await fixture.expectEnd(label, 'NORMAL', ['POSTED']);
  });

  test('in the step "inspect": words and photos are still there', async () => {
    const screen = await fixture.technician();
    await fixture.lockedRun(screen, 'R-inspect', 'case');
    await screen.press('start');
    await screen.fillInspection({ sealFound: registeredSeal, sealNew: '00990004' });
    await screen.page.reload();
    await screen.waitForAct('inspect');
    await expect.poll(() => screen.anchor('inspect-seal-new').locator('input').inputValue()).toBe('00990004');
    await screen.press('inspect');
    await screen.waitForAct('wait-approval');
    const photos = `SELECT count(*)::int AS count FROM photos p JOIN unlock_cases c ON c.id = p.case_id
      JOIN terminals t ON t.id = c.terminal_id WHERE t.label = $1`;
    await expect.poll(() => fixture.world.query(photos, ['R-inspect'])).toEqual([{ count: 2 }]);
  });

  test('in the step "approval": the answer finds the new page', async () => {
    const screen = await fixture.technician();
    const office = await fixture.approver();
    await fixture.lockedRun(screen, 'R-approval', 'case');
    await screen.press('start');
    await screen.inspect({ sealFound: registeredSeal, sealNew: '00990005' });
    await screen.waitForAct('wait-approval');
    await screen.page.reload();
    await screen.waitForAct('wait-approval');
    await office.openRequest('R-approval');
    await office.approve('R-approval', 'Known repair');
    await screen.waitForAct('wait-probation');
    await fixture.expectEnd('R-approval', 'PROBATION', ['POSTED']);
  });
});
