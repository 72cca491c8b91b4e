import { expect, test } from 'vitest';
import { describeWorld } from './support/fixture.ts';
import { addAuthenticator, registerPasskey } from './support/passkey.ts';
import { registeredSeal } from './support/seed.ts';

describeWorld('the main job over a serial cable', { terminals: ['P-01', 'C-01', 'K-01'], serial: true }, (fixture) => {
  test('the policy decides: one press, and a dropped terminal takes payments again', async () => {
    const screen = await fixture.technician();
    await fixture.lockedRun(screen, 'P-01', 'drop');
    await screen.press('start');
    await screen.waitForAct('finished');
    await expect
      .poll(() => screen.stepStates())
      .toEqual({
        connect: 'done',
        request: 'done',
        approval: 'done',
        unlock: 'done',
        keys: 'done',
        parameters: 'done',
        'self-test': 'done',
        'test-payment': 'done',
        probation: 'done',
      });
    await fixture.expectEnd('P-01', 'NORMAL', ['POSTED']);
  });

  test('a person decides: inspection, approval with a code, probation, release', async () => {
    const screen = await fixture.technician();
    const office = await fixture.approver();
    await fixture.lockedRun(screen, 'C-01', 'case');
    await screen.press('start');
    await screen.inspect({ sealFound: registeredSeal, sealNew: '00990001', note: 'Screw turned, nothing inside' });
    await screen.waitForAct('wait-approval');
    await office.openRequest('C-01');
    await office.approve('C-01', 'Photos and seal agree');
    await screen.waitForAct('wait-probation');
    await fixture.expectEnd('C-01', 'PROBATION', ['POSTED']);
    await office.release('C-01', 'Known shop, watched for a day');
    await screen.waitForAct('finished');
    await fixture.expectEnd('C-01', 'NORMAL', ['POSTED']);
  });

  test('a person decides: approval with a passkey', async () => {
    const screen = await fixture.technician();
    const office = await fixture.approver();
    await addAuthenticator(office.page);
    await registerPasskey(office.page, fixture.world.origin);
    await fixture.lockedRun(screen, 'K-01', 'case');
    await screen.press('start');
    await screen.inspect({ sealFound: registeredSeal, sealNew: '00990002', note: 'Screw turned, nothing inside' });
    await screen.waitForAct('wait-approval');
    await office.page.goto(`${fixture.world.origin}/office/requests`);
    await office.openRequest('K-01');
    await office.approveByPasskey('K-01', 'Photos and seal agree');
    await screen.waitForAct('wait-probation');
    await fixture.expectEnd('K-01', 'PROBATION', ['POSTED']);
  });
});
