import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { lookAt as look } from './support/accessibility.ts';
import { describeWorld } from './support/fixture.ts';
import type { Fixture } from './support/fixture.ts';
import { registeredSeal, worldPeople } from './support/seed.ts';
import { TechnicianScreen } from './support/technician.ts';
import { OfficeScreen } from './support/office.ts';
import { Authenticator } from './support/totp.ts';

const languages = [
  { language: 'en', locale: 'en-GB' },
  { language: 'zh', locale: 'zh-CN' },
] as const;
const officeScreens = ['requests', 'delegations', 'terminals', 'tickets', 'people', 'alarms', 'audit'] as const;

async function lookAtTechnician(fixture: Fixture, locale: string, folder: string, label: string): Promise<string[]> {
  const { world } = fixture;
  const page = await fixture.page({ locale });
  const screen = new TechnicianScreen(page, world.origin);
  await page.goto(`${world.origin}/sign-in`);
  await page.getByTestId('demo-technician').waitFor();
  const found = await look(page, folder, 'sign-in');
  await screen.signIn();
  await page.getByRole('heading', { level: 1 }).first().waitFor({ state: 'attached' });
  found.push(...(await look(page, folder, 'technician-home')));
  await page.goto(`${world.origin}/account`);
  found.push(...(await look(page, folder, 'account')));
  world.device(label).trip('case');
  await screen.openRun(await world.ticketFor(label));
  await screen.anchor('connect-simulated').filter({ visible: true }).first().click();
  await screen.waitForAct('start');
  found.push(...(await look(page, folder, 'run-start')));
  await screen.press('start');
  await screen.waitForAct('inspect');
  found.push(...(await look(page, folder, 'run-inspect')));
  await screen.inspect({ sealFound: registeredSeal, sealNew: '00990020' });
  await screen.waitForAct('wait-approval');
  found.push(...(await look(page, folder, 'run-approval')));
  await screen.anchor('log-toggle').filter({ visible: true }).first().click();
  found.push(...(await look(page, folder, 'run-log')));
  return found;
}

async function lookAtOffice(
  fixture: Fixture,
  language: 'en' | 'zh',
  locale: string,
  folder: string,
  label: string,
): Promise<string[]> {
  const page = await fixture.page({ locale });
  const { origin } = fixture.world;
  const office = new OfficeScreen(page, origin, new Authenticator(worldPeople.approver.totpSecret), language);
  await office.signIn();
  await office.openRequest(label);
  const found = await look(page, folder, 'office-request');
  for (const name of officeScreens) {
    await page.goto(`${origin}/office/${name}`);
    await page.locator('main').first().waitFor();
    found.push(...(await look(page, folder, `office-${name}`)));
  }
  return found;
}

describeWorld('accessibility', { terminals: ['AX-en', 'AX-zh'], serial: false }, (fixture) => {
  test.each(languages)('no screen has a fault that axe-core finds, in $language', async ({ language, locale }) => {
    const folder = await mkdtemp(join(tmpdir(), `tillkeeper-screens-${language}-`));
    const label = `AX-${language}`;
    const found = await lookAtTechnician(fixture, locale, folder, label);
    found.push(...(await lookAtOffice(fixture, language, locale, folder, label)));
    expect(found).toEqual([]);
  });
});
