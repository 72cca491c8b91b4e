import type { Locator, Page } from 'playwright-core';

/** The run's acts that a test presses or waits for; the names are those of `dock-act`. */
export type RunAct =
  | 'connect'
  | 'start'
  | 'inspect'
  | 'ask-again'
  | 'wait-approval'
  | 'wait-cable'
  | 'wait-probation'
  | 'stopped'
  | 'finished';

/** What the inspection form takes. */
export interface InspectionInput {
  readonly sealFound: string;
  readonly sealNew: string;
  readonly note?: string;
  /** A JPEG; a picture of the page itself when left out. */
  readonly photo?: Buffer;
}

/** How long anything may take, ms: the terminal's steps on a machine that is busy with other browsers. */
const patienceMs = 60_000;

/** The technician's screens, by the anchors that src/technician/README.md promises. */
export class TechnicianScreen {
  readonly page: Page;
  readonly #origin: string;

  constructor(page: Page, origin: string) {
    this.page = page;
    this.#origin = origin;
  }

  /** Signs in by the demo's button and lands on the list of tickets. */
  async signIn(): Promise<void> {
    await this.page.goto(`${this.#origin}/sign-in`);
    await this.page.getByTestId('demo-technician').first().click();
    await this.page.waitForURL(`${this.#origin}/technician`);
  }

  /** Opens the run of a ticket by its address. */
  async openRun(ticketId: string): Promise<void> {
    await this.page.goto(`${this.#origin}/technician/tickets/${ticketId}`);
  }

  anchor(name: string): Locator {
    return this.page.getByTestId(name);
  }

  /** Waits until the terminal's plate shows `state`. */
  async waitForTerminal(state: string, timeout = patienceMs): Promise<void> {
    await this.page.locator(`[data-testid="state-plate"][data-state="${state}"]`).first().waitFor({ timeout });
  }

  /** Waits until a step of the run stands as `state` (`done`, `now`, `next`, `wait`, `stop` or `skipped`). */
  async waitForStep(name: string, state: string, timeout = patienceMs): Promise<void> {
    await this.page.locator(`[data-testid="step-${name}"][data-s="${state}"]`).first().waitFor({ timeout });
  }

  /** How every step of the run stands now. */
  async stepStates(): Promise<Record<string, string>> {
    const steps = await this.page.locator('[data-testid^="step-"]').all();
    const pairs = steps.map(async (step) => [
      (await step.getAttribute('data-testid'))?.replace('step-', '') ?? '',
      (await step.getAttribute('data-s')) ?? '',
    ]);
    return Object.fromEntries(await Promise.all(pairs)) as Record<string, string>;
  }

  /** Waits until `act` is what can be done now. */
  async waitForAct(act: RunAct, timeout = patienceMs): Promise<Locator> {
    const found = this.page.locator(`[data-testid="dock-act"][data-act="${act}"]`).first();
    await found.waitFor({ timeout, state: 'attached' });
    return found;
  }

  /** Presses the act once it can be done. */
  async press(act: RunAct, timeout = patienceMs): Promise<void> {
    const dock = this.page.locator(`[data-testid="dock-act"][data-act="${act}"]`);
    await dock.getByRole('button').filter({ visible: true }).first().click({ timeout });
  }

  /** Waits for a failure note with `code`. */
  async waitForFailure(code: string, timeout = patienceMs): Promise<void> {
    await this.page.locator(`[data-testid="failure"][data-code="${code}"]`).first().waitFor({ timeout });
  }

  /** Waits until the page knows that the cable is there, or gone. */
  async waitForCable(state: 'ready' | 'gone', timeout = patienceMs): Promise<void> {
    const wanted = state === 'ready' ? '[data-s="ok"]' : ':not([data-s="ok"])';
    await this.page.locator(`[data-testid="cable-state"]${wanted}`).first().waitFor({ timeout, state: 'attached' });
  }

  /** Waits until the page knows that the server is reachable, or not. */
  async waitForNetwork(state: 'up' | 'down', timeout = patienceMs): Promise<void> {
    const wanted = state === 'up' ? '[data-s="ok"]' : ':not([data-s="ok"])';
    await this.page.locator(`[data-testid="network-state"]${wanted}`).first().waitFor({ timeout, state: 'attached' });
  }

  /** Waits until the run says why there is no grant: a refusal's code, or `refused`, `expired`, … */
  async waitForRefusal(code: string, timeout = patienceMs): Promise<void> {
    await this.page.locator(`[data-testid="refusal"][data-code="${code}"]`).first().waitFor({ timeout });
  }

  /** Closes the tab; gives a new one of the same browser profile. */
  async closeAndReopen(): Promise<TechnicianScreen> {
    const context = this.page.context();
    await this.page.close();
    return new TechnicianScreen(await context.newPage(), this.#origin);
  }

  /** Opens the list of tickets and goes on with the run that stopped. */
  async resume(label: string): Promise<void> {
    await this.page.goto(`${this.#origin}/technician`);
    await this.page.locator(`[data-testid="resume-run"][data-label="${label}"]`).click();
  }

  /** Fills the inspection form with two photos and sends it. */
  async inspect(input: InspectionInput): Promise<void> {
    await this.fillInspection(input);
    await this.press('inspect');
  }

  /** Fills the inspection form with two photos. */
  async fillInspection({ sealFound, sealNew, note = '', photo }: InspectionInput): Promise<void> {
    const file = { name: 'photo.jpg', mimeType: 'image/jpeg', buffer: photo ?? (await this.#picture()) };
    await this.anchor('inspect-photo-rear').setInputFiles(file);
    await this.anchor('inspect-photo-seal').setInputFiles(file);
    await this.anchor('inspect-seal-found').locator('input').fill(sealFound);
    await this.anchor('inspect-seal-new').locator('input').fill(sealNew);
    await this.anchor('inspect-number-same').check();
    if (note !== '') await this.anchor('inspect-note').locator('textarea').fill(note);
    // Photos are made smaller first.
    await this.anchor('inspect-missing').waitFor({ state: 'detached' });
  }

  /** A small real JPEG: a picture of the page itself. */
  #picture(): Promise<Buffer> {
    return this.page.screenshot({ type: 'jpeg', quality: 30, clip: { x: 0, y: 0, width: 320, height: 240 } });
  }
}
