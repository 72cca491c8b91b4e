import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { lookAt as look } from './support/accessibility.ts';
import { CodeReader } from './support/code-reader.ts';
import { FieldWork } from './support/field-work.ts';
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
const authenticator = new Authenticator(worldPeople.approver.totpSecret);
const officeScreens = [
  ...['requests', 'delegations', 'terminals', 'board', 'channels'],
  ...['tickets', 'people', 'alarms', 'audit'],
] as const;

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
  await page.getByRole('heading', { level: 1 }).first().waitFor({ state: 'attached' });
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

/** What a technician sees between asking for a delegation and the second person's answer. */
async function lookAtSite(fixture: Fixture, locale: string, folder: string, label: string): Promise<string[]> {
  const { world } = fixture;
  const page = await fixture.page({ locale });
  const screen = new TechnicianScreen(page, world.origin);
  await screen.signIn();
  const work = await FieldWork.prepare(world, screen, authenticator);
  const ticketId = await world.ticketFor(label);
  await page.goto(`${world.origin}/technician/delegations/ask`);
  const listed = page.locator('[data-testid^="ask-terminal-"]').filter({ hasText: label });
  await listed.getByRole('checkbox').first().check();
  await listed.getByRole('group').getByRole('checkbox').first().waitFor();
  const found = await look(page, folder, 'delegation-ask');
  await work.delegate([ticketId]);
  found.push(...(await look(page, folder, 'delegations')));
  await page.goto(`${world.origin}/technician/ready`);
  await page.locator('[data-testid="ready-headline"]:not([data-until="none"])').waitFor();
  found.push(...(await look(page, folder, 'ready')));
  await work.loseNetwork();
  world.device(label).trip('drop');
  await screen.openRun(ticketId);
  const reader = new CodeReader(page, world, label);
  await reader.choose();
  found.push(...(await look(page, folder, 'codes')));
  await reader.begin();
  await screen.press('start');
  await screen.anchor('offer').waitFor();
  found.push(...(await look(page, folder, 'offer')));
  await screen.anchor('offer-later').click();
  await screen.anchor('later-state').waitFor();
  found.push(...(await look(page, folder, 'later')));
  await screen.anchor('later-cancel').getByRole('button').click();
  await work.useOffer();
  await reader.until('site-confirm');
  await work.sign();
  found.push(...(await look(page, folder, 'site-confirm')));
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
  const office = new OfficeScreen(page, origin, authenticator, language);
  await office.signIn();
  await office.openRequest(label);
  const found = await look(page, folder, 'office-request');
  for (const name of officeScreens) {
    await page.goto(`${origin}/office/${name}`);
    await page.locator('main').first().waitFor();
    await page.getByRole('heading', { level: 1 }).first().waitFor({ state: 'attached' });
    found.push(...(await look(page, folder, `office-${name}`)));
  }
  return found;
}

const terminals = ['AX-en', 'AX-zh', 'AS-en', 'AS-zh'];

describeWorld('accessibility', { terminals, serial: false }, (fixture) => {
  test.each(languages)('no screen has a fault that axe-core finds, in $language', async ({ language, locale }) => {
    const folder = await mkdtemp(join(tmpdir(), `tillkeeper-screens-${language}-`));
    const label = `AX-${language}`;
    const found = await lookAtTechnician(fixture, locale, folder, label);
    found.push(...(await lookAtOffice(fixture, language, locale, folder, label)));
    expect(found).toEqual([]);
  });

  test.each(languages)('nor the screens for work on site, in $language', async ({ language, locale }) => {
    const folder = await mkdtemp(join(tmpdir(), `tillkeeper-site-screens-${language}-`));
    expect(await lookAtSite(fixture, locale, folder, `AS-${language}`)).toEqual([]);
  });
});
