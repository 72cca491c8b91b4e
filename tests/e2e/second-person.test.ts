import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Locator, Page } from 'playwright-core';
import { afterEach, expect, test } from 'vitest';
import { codePictures, codeText } from '../../protocol/codes/code.ts';
import { encodeSiteAsk } from '../../protocol/codes/site.ts';
import type { SiteAnswer, SiteAsk } from '../../protocol/codes/site.ts';
import { groupDigits } from '../../src/i18n/format.ts';
import { appEn } from '../../src/i18n/app.en.ts';
import { appZh } from '../../src/i18n/app.zh.ts';
import { codesEn } from '../../src/i18n/codes.en.ts';
import { codesZh } from '../../src/i18n/codes.zh.ts';
import { onSiteEn } from '../../src/i18n/on-site.en.ts';
import { onSiteZh } from '../../src/i18n/on-site.zh.ts';
import { screenNumber } from '../../protocol/unlock/v1/screen-number.ts';
import { launchForPages } from '../serial-bench/chromium.ts';
import { lookAt } from './support/accessibility.ts';
import { fakeCameraArgs, writeFilm } from './support/fake-camera.ts';
import { describeWorld } from './support/fixture.ts';
import { addAuthenticator } from './support/passkey.ts';
import { answerOn, seedShopPerson, TechnicianSide } from './support/second-person.ts';
import { worldPeople } from './support/seed.ts';
import { Authenticator } from './support/totp.ts';
import type { World } from './support/world.ts';

const words = {
  en: { locale: 'en-GB', app: appEn, codes: codesEn, onSite: onSiteEn },
  zh: { locale: 'zh-CN', app: appZh, codes: codesZh, onSite: onSiteZh },
} as const;
type Language = keyof typeof words;

const viewport = { width: 390, height: 844 };
const authenticator = new Authenticator(worldPeople.approver.totpSecret);

/** The second person's phone: what is pressed there and what must be seen. */
class ShopPhone {
  readonly page: Page;
  readonly #world: World;
  readonly #t: (typeof words)[Language];

  constructor(page: Page, world: World, language: Language) {
    this.page = page;
    this.#world = world;
    this.#t = words[language];
  }

  /** Signs the shop's person in and opens their account; the authenticator's passkeys have secrets of their own or not. */
  async signIn(prf: boolean): Promise<void> {
    await seedShopPerson(this.#world);
    await addAuthenticator(this.page, { prf });
    await this.page.goto(`${this.#world.origin}/sign-in`);
    await this.page.getByTestId('demo-merchant').click();
    await this.page.waitForURL(/\/merchant/);
    await this.page.goto(`${this.#world.origin}/account`);
    await this.page.getByRole('button', { name: this.#t.onSite.key.setUp }).waitFor();
  }

  /** Sets the field key up; how it is guarded. */
  async setUp(): Promise<string | null> {
    await this.page.getByRole('button', { name: this.#t.onSite.key.setUp }).click();
    await this.page.getByTestId('field-key-state').getByText(this.#t.onSite.key.ready, { exact: true }).waitFor();
    return this.page.getByTestId('field-key-protection').getAttribute('data-value');
  }

  /** Opens the screen once with a network, then takes the network away and opens it again. */
  async openOffline(): Promise<void> {
    await this.page.goto(`${this.#world.origin}/confirm`);
    await this.page.getByTestId('scanner').waitFor();
    await this.page.evaluate(async () => navigator.serviceWorker.ready);
    await this.page.reload();
    await this.page.getByText(this.#t.onSite.confirm.offline).waitFor();
    await this.page.context().setOffline(true);
    await this.page.reload();
    await this.page.getByTestId('scanner').waitFor();
  }

  async scan(): Promise<void> {
    await this.#button(this.#t.codes.scan.open).click();
    await this.page.getByTestId('confirm-digits').waitFor();
  }

  async paste(ask: SiteAsk): Promise<void> {
    await this.page.getByText(this.#t.codes.scan.type).click();
    const text = codeText({ kind: 'siteAsk', bytes: encodeSiteAsk(ask) });
    await this.page.getByLabel(this.#t.codes.scan.text).fill(text);
    await this.#button(this.#t.codes.scan.read).click();
  }

  /** The refusal that is shown instead of a question. */
  async refusal(): Promise<string | null> {
    return this.page.getByTestId('confirm-refusal').getAttribute('data-reason');
  }

  async again(): Promise<void> {
    await this.#button(this.#t.onSite.confirm.again).click();
  }

  async decline(): Promise<void> {
    await this.#button(this.#t.onSite.confirm.decline).click();
    await this.page.getByRole('heading', { name: this.#t.onSite.confirm.declined }).waitFor();
  }

  async isAskedFor(label: string): Promise<void> {
    await this.page.getByRole('heading', { name: this.#t.onSite.confirm.question(label) }).waitFor();
  }

  /** Compares the number, ticks, signs; the answer in the code that is shown. */
  async sign(ask: SiteAsk): Promise<SiteAnswer> {
    const shown = await this.page.getByTestId('confirm-digits').textContent();
    expect(shown).toBe(groupDigits(screenNumber(ask.request)));
    const act = this.#button(this.#t.onSite.confirm.confirm);
    expect(await act.getAttribute('aria-disabled')).toBe('true');
    await this.page.getByTestId('confirm-same').check();
    await this.page.getByTestId('confirm-person').check();
    await act.click();
    await this.page.getByTestId('code-picture').waitFor();
    return answerOn(this.page);
  }

  /** The dry run on the account page; what it says of the last try. */
  async tryKey(): Promise<string | null> {
    await this.page.goto(`${this.#world.origin}/account`);
    await this.#button(this.#t.onSite.key.tryIt).click();
    await this.page.getByText(this.#t.onSite.key.worked).waitFor();
    return this.page.getByTestId('field-key-tried').textContent();
  }

  #button(name: string): Locator {
    return this.page.getByRole('button', { name, exact: true });
  }
}

/** The same delegation with one bit of a signature turned. */
function forge(ask: SiteAsk): SiteAsk {
  const delegation = Uint8Array.from(ask.delegation);
  delegation[delegation.length - 3] = (delegation.at(-3) ?? 0) ^ 1;
  return { ...ask, delegation };
}

describeWorld('the second person', { terminals: ['SP-01', 'SP-02'], serial: false }, (fixture) => {
  test.each([
    { prf: true, label: 'SP-01', language: 'en', protection: 'passkey-prf' },
    { prf: false, label: 'SP-02', language: 'zh', protection: 'passkey-gate' },
  ] as const)('signs without a network, and the terminal opens ($language, $protection)', async (row) => {
    const { prf, label, language, protection } = row;
    const { world } = fixture;
    const folder = await mkdtemp(join(tmpdir(), `tillkeeper-second-${language}-`));
    const page = await fixture.page({ viewport, locale: words[language].locale });
    const phone = new ShopPhone(page, world, language);
    await phone.signIn(prf);
    const faults = await lookAt(page, folder, 'key-none');
    expect(await phone.setUp()).toBe(protection);
    await page.getByTestId('field-key').scrollIntoViewIfNeeded();
    faults.push(...(await lookAt(page, folder, 'key-ready')));
    const technician = await TechnicianSide.enter(world);
    const ask = await technician.ask(label, authenticator);
    await phone.openOffline();
    faults.push(...(await lookAt(page, folder, 'confirm-empty')));
    await phone.paste(forge(ask));
    expect(await phone.refusal()).toBe('not-genuine');
    faults.push(...(await lookAt(page, folder, 'confirm-refused')));
    await phone.again();
    await phone.paste({ ...ask, useIndex: 16 });
    expect(await phone.refusal()).toBe('used-up');
    await phone.again();
    await phone.paste(ask);
    await phone.decline();
    expect(world.stateOf(label)).toBe('LOCKED');
    await phone.again();
    await phone.paste(ask);
    await phone.isAskedFor(label);
    faults.push(...(await lookAt(page, folder, 'confirm-asked')));
    const answer = await phone.sign(ask);
    faults.push(...(await lookAt(page, folder, 'confirm-answered')));
    expect(technician.use(label, ask, answer)).toBe('');
    expect(world.stateOf(label)).toBe('BLANK');
    expect(await phone.tryKey()).toMatch(/without a network|无网络/);
    expect(faults).toEqual([]);
  });
});

describeWorld('the second person’s camera', { terminals: ['SC-01'], serial: false }, (fixture) => {
  let browser: Browser | undefined;
  let folder: string | undefined;

  afterEach(async () => {
    await browser?.close();
    if (folder !== undefined) await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  });

  test('reads the technician’s code off a screen', async () => {
    const { world } = fixture;
    folder = await mkdtemp(join(tmpdir(), 'tillkeeper-film-'));
    const film = join(folder, 'screen.y4m');
    browser = await launchForPages({ args: [...fakeCameraArgs(film)] });
    const context = await browser.newContext({ viewport, locale: words.en.locale, permissions: ['camera'] });
    const phone = new ShopPhone(await context.newPage(), world, 'en');
    await phone.signIn(true);
    await phone.setUp();
    const technician = await TechnicianSide.enter(world);
    const ask = await technician.ask('SC-01', authenticator);
    await writeFilm(film, codePictures({ kind: 'siteAsk', bytes: encodeSiteAsk(ask) }));
    await phone.openOffline();
    await phone.scan();
    expect(technician.use('SC-01', ask, await phone.sign(ask))).toBe('');
  });
});
