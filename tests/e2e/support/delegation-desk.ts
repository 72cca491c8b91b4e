import type { Locator, Page } from 'playwright-core';
import { officeEn } from '../../../src/i18n/office.en.ts';
import type { Authenticator } from './totp.ts';

const words = officeEn.delegations;

/** The office's screen of delegations, as an approver uses it. */
export class DelegationDesk {
  readonly page: Page;
  readonly #origin: string;
  readonly #authenticator: Authenticator;

  /** `page` is signed in as an approver. */
  constructor(page: Page, origin: string, authenticator: Authenticator) {
    this.page = page;
    this.#origin = origin;
    this.#authenticator = authenticator;
  }

  /** Opens the list. */
  async open(): Promise<void> {
    await this.page.goto(`${this.#origin}/office/delegations`);
  }

  /** Waits until a delegation appears by itself, and opens it. */
  async choose(number: string): Promise<void> {
    await this.page.getByTestId(`delegation-${number}`).click();
    await this.heading(number).waitFor();
  }

  /** The heading of an opened delegation. */
  heading(number: string): Locator {
    return this.page.getByRole('heading', { level: 2, name: number, exact: true });
  }

  /** What the opened delegation is now: the words on its plate. */
  state(state: keyof typeof words.state): Locator {
    return this.page.locator('.case .plate').filter({ hasText: words.state[state] });
  }

  /** Approves the opened delegation with a reason and a fresh code. */
  async approve(number: string, reason: string): Promise<void> {
    await this.#reason(reason);
    await this.#decision.getByRole('button', { name: words.approve(number), exact: true }).click();
    const dialog = this.page.getByRole('dialog');
    await dialog.getByLabel(officeEn.factor.code).fill(await this.#authenticator.nextCode());
    await dialog.getByRole('button', { name: officeEn.factor.act, exact: true }).click();
    await dialog.waitFor({ state: 'hidden' });
  }

  /** Refuses the opened delegation with a reason. */
  async refuse(reason: string): Promise<void> {
    await this.#reason(reason);
    await this.#decision.getByRole('button', { name: words.refuse, exact: true }).click();
    await this.page.getByRole('dialog').getByRole('button', { name: words.refuse, exact: true }).click();
  }

  /** Revokes the opened delegation with a reason. */
  async revoke(number: string, reason: string): Promise<void> {
    await this.#reason(reason);
    await this.#decision.getByRole('button', { name: words.revokeThis(number), exact: true }).click();
    await this.page.getByRole('dialog').getByRole('button', { name: words.revoke, exact: true }).click();
  }

  /** Opens a person's screen and revokes the key on a lost laptop; gives the dialog's words of the effect. */
  async revokeLaptop(personId: string, reason: string): Promise<string> {
    await this.page.goto(`${this.#origin}/office/people/${personId}`);
    await this.page.getByRole('button', { name: officeEn.keys.lost.technician, exact: true }).click();
    const dialog = this.page.getByRole('dialog');
    const effect = dialog.locator('form p').filter({ has: this.page.locator('b') });
    const said = await effect.innerText();
    await dialog.locator('textarea').fill(reason);
    await dialog.getByRole('button', { name: officeEn.keys.act, exact: true }).click();
    await dialog.waitFor({ state: 'hidden' });
    return said;
  }

  get #decision(): Locator {
    return this.page.locator('#decision');
  }

  async #reason(reason: string): Promise<void> {
    await this.#decision.locator('textarea').fill(reason);
  }
}
