import type { Locator, Page } from 'playwright-core';
import { officeEn } from '../../../src/i18n/office.en.ts';
import { officeZh } from '../../../src/i18n/office.zh.ts';
import type { Authenticator } from './totp.ts';

const wordsOf = { en: officeEn, zh: officeZh } as const;

/** The office's screen of requests, as an approver uses it. */
export class OfficeScreen {
  readonly page: Page;
  readonly #origin: string;
  readonly #authenticator: Authenticator;
  readonly #words: (typeof wordsOf)['en' | 'zh'];

  /** `language` is the one that the browser context asks for. */
  constructor(page: Page, origin: string, authenticator: Authenticator, language: 'en' | 'zh' = 'en') {
    this.page = page;
    this.#origin = origin;
    this.#authenticator = authenticator;
    this.#words = wordsOf[language];
  }

  /** Signs in as the demo's approver and lands on the requests. */
  async signIn(): Promise<void> {
    await this.page.goto(`${this.#origin}/sign-in`);
    await this.page.getByTestId('demo-approver').first().click();
    await this.page.waitForURL(`${this.#origin}/office/requests`);
  }

  /** Waits until a terminal's request appears by itself, and opens it. */
  async openRequest(label: string): Promise<void> {
    await this.page.getByTestId(`request-${label}`).first().click();
    await this.waitForDecision();
  }

  /** Waits until the case is shown. */
  async waitForDecision(): Promise<void> {
    await this.#decision.waitFor();
  }

  /** Approves the open request with a reason and a fresh code. */
  async approve(label: string, reason: string): Promise<void> {
    await this.#reason(reason);
    await this.#button(this.#words.decision.approve(label)).click();
    await this.#sign();
  }

  /** Approves the open request with a reason and a passkey of this page's authenticator. */
  async approveByPasskey(label: string, reason: string): Promise<void> {
    await this.#reason(reason);
    await this.#button(this.#words.decision.approve(label)).click();
    const dialog = this.page.getByRole('dialog');
    await dialog.getByRole('button', { name: this.#words.factor.passkey, exact: true }).click();
    await dialog.waitFor({ state: 'hidden' });
  }

  /** Refuses the open request with a reason. */
  async refuse(reason: string): Promise<void> {
    await this.#reason(reason);
    await this.#button(this.#words.decision.refuse).click();
    await this.page.getByRole('dialog').getByRole('button', { name: this.#words.decision.refuse, exact: true }).click();
  }

  /** Ends the probation of the open case with a reason and a fresh code. */
  async release(label: string, reason: string): Promise<void> {
    await this.#reason(reason);
    await this.#button(this.#words.probation.release(label)).click();
    await this.#sign(this.#words.probation.release(label));
  }

  get #decision(): Locator {
    return this.page.locator('#decision');
  }

  #button(name: string): Locator {
    return this.#decision.getByRole('button', { name, exact: true });
  }

  async #reason(reason: string): Promise<void> {
    await this.#decision.locator('textarea').fill(reason);
  }

  /** Confirms with a code. `act`: what the dialog's button says. */
  async #sign(act = this.#words.factor.act): Promise<void> {
    const dialog = this.page.getByRole('dialog');
    await dialog.getByLabel(this.#words.factor.code).fill(await this.#authenticator.nextCode());
    await dialog.getByRole('button', { name: act, exact: true }).click();
    await dialog.waitFor({ state: 'hidden' });
  }
}
