import { expect, test } from 'vitest';
import { describeWorld } from './support/fixture.ts';
import { momentsByPolicy, policySteps } from './support/moments.ts';
import { registeredSeal } from './support/seed.ts';

const labels = [...policySteps.map((step) => `U-${step}`), 'U-inspect', 'U-approval'];

describeWorld('the cable is pulled and plugged in again', { terminals: labels, serial: true }, (fixture) => {
  test.each(policySteps)('in the step "%s"', async (step) => {
    const label = `U-${step}`;
    const screen = await fixture.technician();
    await fixture.lockedRun(screen, label, 'drop');
    await momentsByPolicy[step](screen, fixture.world.device(label), () => fixture.world.unplug());
    await screen.waitForCable('gone');
    await fixture.world.plugIn(label);
    if (step === 'connect') await screen.press('start');
    await screen.waitForAct('finished');
    await fixture.expectEnd(label, 'NORMAL', ['POSTED']);
  });

  test('in the step "inspect": the form keeps what was written', async () => {
    const screen = await fixture.technician();
    await fixture.lockedRun(screen, 'U-inspect', 'case');
    await screen.press('start');
    await screen.waitForAct('inspect');
    await screen.anchor('inspect-seal-found').locator('input').fill(registeredSeal);
    const photoInput = screen.anchor('inspect-photo-rear');
    await photoInput.evaluate((input) => input.setAttribute('data-same', 'yes'));
    await fixture.world.unplug();
    await screen.waitForCable('gone');
    await fixture.world.plugIn('U-inspect');
    await screen.waitForCable('ready');
    await screen.waitForAct('inspect');
    // The very same field: a file that is chosen while the cable comes back must not go into one that is gone.
    expect(await photoInput.getAttribute('data-same')).toBe('yes');
    expect(await screen.anchor('inspect-seal-found').locator('input').inputValue()).toBe(registeredSeal);
    await screen.inspect({ sealFound: registeredSeal, sealNew: '00990002' });
    await screen.waitForAct('wait-approval');
    await fixture.expectEnd('U-inspect', 'LOCKED', []);
  });

  test('in the step "approval": the answer comes while the terminal is away, and waits for it', async () => {
    const screen = await fixture.technician();
    const office = await fixture.approver();
    await fixture.lockedRun(screen, 'U-approval', 'case');
    await screen.press('start');
    await screen.inspect({ sealFound: registeredSeal, sealNew: '00990003' });
    await screen.waitForAct('wait-approval');
    await fixture.world.unplug();
    await office.openRequest('U-approval');
    await office.approve('U-approval', 'Known repair');
    await screen.waitForAct('wait-cable');
    await fixture.expectEnd('U-approval', 'LOCKED', ['PENDING']);
    await fixture.world.plugIn('U-approval');
    await screen.waitForAct('wait-probation');
    await fixture.expectEnd('U-approval', 'PROBATION', ['POSTED']);
  });
});
