import { expect, test } from 'vitest';
import { appEn } from '../../src/i18n/app.en.ts';
import { appZh } from '../../src/i18n/app.zh.ts';
import { describeWorld } from './support/fixture.ts';
import { addAuthenticator, registerPasskey } from './support/passkey.ts';
import { worldPeople } from './support/seed.ts';
import { TechnicianScreen } from './support/technician.ts';
import { Authenticator } from './support/totp.ts';

describeWorld('the app', { terminals: ['A-01'], serial: false }, (fixture) => {
  test('signs in by password and authenticator code', async () => {
    const { origin } = fixture.world;
    const page = await fixture.page();
    const { email, password, totpSecret } = worldPeople.technician;
    await page.goto(`${origin}/sign-in`);
    await page.getByLabel(appEn.signIn.email).fill(email);
    await page.getByLabel(appEn.signIn.password).fill('not this one');
    await page.getByRole('button', { name: appEn.signIn.act, exact: true }).click();
    await page.getByText(appEn.failure['wrong-credentials']).waitFor();
    await page.getByLabel(appEn.signIn.password).fill(password);
    await page.getByRole('button', { name: appEn.signIn.act, exact: true }).click();
    await page.getByLabel(appEn.signIn.code, { exact: true }).fill(await new Authenticator(totpSecret).nextCode());
    await page.getByRole('button', { name: appEn.signIn.codeAct, exact: true }).click();
    await page.waitForURL(`${origin}/technician`);
  });

  test('signs in by a passkey that was added on the account page', async () => {
    const { origin } = fixture.world;
    const page = await fixture.page();
    await addAuthenticator(page);
    await new TechnicianScreen(page, origin).signIn();
    await registerPasskey(page, origin);
    await page.context().clearCookies();
    await page.goto(`${origin}/sign-in`);
    await page.getByRole('button', { name: appEn.signIn.passkey }).click();
    await page.waitForURL(`${origin}/technician`);
  });

  test('speaks the browser’s language, and the one that is chosen', async () => {
    const page = await fixture.page({ locale: 'zh-CN' });
    await page.goto(`${fixture.world.origin}/sign-in`);
    await page.getByRole('heading', { name: appZh.signIn.title, exact: true }).waitFor();
    expect(await page.locator('html').getAttribute('lang')).toMatch(/^zh/);
    await page.getByRole('button', { name: appEn.account.languageNames.en }).click();
    await page.getByRole('heading', { name: appEn.signIn.title, exact: true }).waitFor();
    expect(await page.locator('html').getAttribute('lang')).toMatch(/^en/);
    await page.reload();
    await page.getByRole('heading', { name: appEn.signIn.title, exact: true }).waitFor();
  });

  test('opens without a network once it was there', async () => {
    const screen = await fixture.technician();
    const { page } = screen;
    await page.evaluate(() => navigator.serviceWorker.ready.then(({ active }) => active !== null));
    await page.goto(`${fixture.world.origin}/technician`);
    await page.context().setOffline(true);
    await page.goto(`${fixture.world.origin}/technician`);
    await page.getByRole('link', { name: worldPeople.technician.name }).first().waitFor();
    await page.goto(`${fixture.world.origin}/technician/tickets/no-such-ticket`);
    expect(await page.title()).toContain('Tillkeeper');
    await page.context().setOffline(false);
  });

  test('unlocks over a simulated cable, without any hardware', async () => {
    const { world } = fixture;
    const screen = await fixture.technician();
    world.device('A-01').trip('drop');
    await screen.openRun(await world.ticketFor('A-01'));
    await screen.anchor('connect-simulated').filter({ visible: true }).first().click();
    await screen.waitForTerminal('LOCKED');
    await screen.press('start');
    await screen.waitForAct('finished');
    await fixture.expectEnd('A-01', 'NORMAL', ['POSTED']);
  });
});
