import type { Locator, Page } from 'playwright-core';
import { codesEn } from '../../../src/i18n/codes.en.ts';
import { codesZh } from '../../../src/i18n/codes.zh.ts';
import { onSiteEn } from '../../../src/i18n/on-site.en.ts';
import { onSiteZh } from '../../../src/i18n/on-site.zh.ts';
import { addAuthenticator } from './passkey.ts';

const words = { en: { onSite: onSiteEn, codes: codesEn }, zh: { onSite: onSiteZh, codes: codesZh } } as const;

/** The text of the code that is shown. */
export async function codeTextOf(picture: Locator): Promise<string> {
  return (await picture.first().getAttribute('data-text')) ?? '';
}

/** The words of the language that the page is in now. */
async function wordsOn(page: Page): Promise<(typeof words)['en' | 'zh']> {
  const language = await page.locator('html').getAttribute('lang');
  return language?.startsWith('zh') === true ? words.zh : words.en;
}

/** Sets the field key of whoever is signed in up, with a passkey of this browser. */
export async function setUpFieldKey(page: Page, origin: string): Promise<void> {
  await addAuthenticator(page, { prf: true });
  await page.goto(`${origin}/account`);
  const button = (language: 'en' | 'zh'): Locator =>
    page.getByRole('button', { name: words[language].onSite.key.setUp, exact: true });
  await button('en').or(button('zh')).click();
  const { key } = (await wordsOn(page)).onSite;
  await page.getByTestId('field-key-state').getByText(key.ready, { exact: true }).waitFor();
}

/** The second person's phone in the demo, in whichever language its page is. */
export class ShopPhone {
  readonly page: Page;
  readonly #origin: string;
  readonly #name: string;

  /** `name`: part of the person's name; the demo knows several merchants' people. */
  constructor(page: Page, origin: string, name: string) {
    this.page = page;
    this.#origin = origin;
    this.#name = name;
  }

  /** Signs in and makes a key. */
  async prepare(): Promise<void> {
    await this.page.goto(`${this.#origin}/sign-in`);
    await this.page.getByTestId('demo-merchant').filter({ hasText: this.#name }).click();
    await this.page.waitForURL((url) => url.pathname !== '/sign-in');
    await setUpFieldKey(this.page, this.#origin);
    await this.page.evaluate(async () => navigator.serviceWorker.ready);
  }

  /** Reads keys and delegations while there is a network, and then has none. */
  async loseNetwork(): Promise<void> {
    await this.page.goto(`${this.#origin}/confirm`);
    await this.page.getByText((await wordsOn(this.page)).onSite.confirm.offline).waitFor();
    await this.page.context().setOffline(true);
  }

  /** Takes the technician's code, as text instead of by camera, and ticks what was compared. */
  async read(code: string): Promise<void> {
    await this.page.getByTestId('scanner').waitFor();
    const { scan } = (await wordsOn(this.page)).codes;
    await this.page.getByText(scan.type).click();
    await this.page.getByLabel(scan.text).fill(code);
    await this.#button(scan.read).click();
    await this.page.getByTestId('confirm-same').check();
    await this.page.getByTestId('confirm-person').check();
    await this.page.evaluate(() => scrollTo(0, 0));
  }

  /** Signs; the answer as text. */
  async sign(): Promise<string> {
    await this.#button((await wordsOn(this.page)).onSite.confirm.confirm).click();
    return codeTextOf(this.page.getByTestId('code-picture'));
  }

  #button(name: string): Locator {
    return this.page.getByRole('button', { name, exact: true });
  }
}
