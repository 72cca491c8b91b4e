import { expect, onTestFinished, test } from 'vitest';
import { describeWorld } from './support/fixture.ts';
import { registeredSeal } from './support/seed.ts';

const seals = { sealFound: registeredSeal, sealNew: '00990010' };
const halfAnHourMs = 1_800_000;
let serverLagMs = 0;
const clock = (): number => Date.now() - serverLagMs;

describeWorld(
  'other outcomes',
  { terminals: ['O-mesh', 'O-no', 'O-old', 'O-late'], serial: true, clock },
  (fixture) => {
    test('the policy refuses: the terminal stays locked and goes to the depot', async () => {
      const screen = await fixture.technician();
      await fixture.lockedRun(screen, 'O-mesh', 'mesh');
      await screen.press('start');
      await screen.waitForRefusal('mesh-broken');
      await fixture.expectEnd('O-mesh', 'LOCKED', []);
      await screen.page.reload();
      await screen.waitForRefusal('mesh-broken');
    });

    test('the approver refuses, the technician asks again, and then it is approved', async () => {
      const screen = await fixture.technician();
      const office = await fixture.approver();
      await fixture.lockedRun(screen, 'O-no', 'case');
      await screen.press('start');
      await screen.inspect(seals);
      await screen.waitForAct('wait-approval');
      await office.openRequest('O-no');
      await office.refuse('Photos unclear');
      await screen.waitForRefusal('refused');
      await screen.page.getByText('Photos unclear').first().waitFor();
      await fixture.expectEnd('O-no', 'LOCKED', []);
      await screen.press('ask-again');
      await screen.waitForAct('inspect');
      await screen.inspect(seals);
      await screen.waitForAct('wait-approval');
      await office.openRequest('O-no');
      await office.approve('O-no', 'Photos and seal agree');
      await screen.waitForAct('wait-probation');
      await fixture.expectEnd('O-no', 'PROBATION', ['POSTED']);
    });

    test('the grant expires before it reaches the terminal: asked again, and it works', async () => {
      const screen = await fixture.technician();
      await fixture.lockedRun(screen, 'O-old', 'drop');
      onTestFinished(() => {
        serverLagMs = 0;
      });
      serverLagMs = halfAnHourMs;
      await screen.press('start');
      await screen.waitForRefusal('expired');
      await fixture.expectEnd('O-old', 'LOCKED', ['PENDING']);
      serverLagMs = 0;
      await expect.poll(() => fixture.world.grantStates('O-old')).toEqual(['EXPIRED']);
      await screen.press('ask-again');
      await screen.waitForAct('finished');
      await fixture.expectEnd('O-old', 'NORMAL', ['EXPIRED', 'POSTED']);
    });

    test('the answer comes after the tab was closed: the next visit offers to go on', async () => {
      const screen = await fixture.technician();
      const office = await fixture.approver();
      await fixture.lockedRun(screen, 'O-late', 'case');
      await screen.press('start');
      await screen.inspect(seals);
      await screen.waitForAct('wait-approval');
      const reopened = await screen.closeAndReopen();
      await office.openRequest('O-late');
      await office.approve('O-late', 'Known repair');
      await reopened.resume('O-late');
      await reopened.waitForAct('wait-probation');
      await fixture.expectEnd('O-late', 'PROBATION', ['POSTED']);
    });
  },
);
