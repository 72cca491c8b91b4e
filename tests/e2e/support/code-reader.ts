import type { Locator, Page } from 'playwright-core';
import type { World } from './world.ts';

/** How often a person may read before something must be wrong. */
const roundsMax = 40;

/** What the panel says of a terminal, as far as a reader needs it. */
interface Seen {
  readonly code: { readonly text: string } | null;
}

/** Somebody between the page and a terminal without a cable: holds each before the other's camera. */
export class CodeReader {
  /** How often something was read, by the terminal or by the page. */
  readings = 0;
  /** What `readings` was when the page had read the first answer after the terminal was unlocked. */
  readingsToBlank: number | undefined;
  readonly #page: Page;
  readonly #world: World;
  readonly #label: string;
  #last = '';

  constructor(page: Page, world: World, label: string) {
    this.#page = page;
    this.#world = world;
    this.#label = label;
  }

  /** The question that stands on the page. */
  get question(): Locator {
    return this.#page.getByTestId('codes-ask').getByTestId('code-picture');
  }

  /** Chooses the way by codes on the page. */
  async choose(): Promise<void> {
    await this.#page.getByTestId('offer-codes').filter({ visible: true }).first().click();
    await this.question.waitFor();
  }

  /** Lets the terminal begin by itself, which answers the first question. */
  async begin(): Promise<void> {
    this.#last = await this.#asked();
    await this.show(await this.ofTerminal('show-code'));
  }

  /** Does what the panel's buttons do; the code on the terminal's screen afterwards. */
  async ofTerminal(action: 'show-code' | 'scan', text?: string): Promise<string> {
    const { terminals } = this.#world;
    const answer = await fetch(`${terminals.url}control/${this.#world.device(this.#label).factory.serial}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ action, text }),
    });
    if (!answer.ok) throw new Error(`${action}: ${await answer.text()}`);
    const { code } = (await answer.json()) as Seen;
    if (code === null) throw new Error(`${action}: the terminal shows no code`);
    return code.text;
  }

  /** Lets the terminal read the question; what it shows. */
  async scan(): Promise<string> {
    this.#last = await this.#asked();
    this.readings += 1;
    return this.ofTerminal('scan', this.#last);
  }

  /** Hands a code to the page, which counts it as read. */
  async show(text: string): Promise<void> {
    await this.paste(text);
    this.readings += 1;
    if (this.#world.stateOf(this.#label) === 'BLANK') this.readingsToBlank ??= this.readings;
  }

  /** Hands any text to the page. */
  async paste(text: string): Promise<void> {
    const input = this.#page.getByTestId('codes-answer-input');
    if (!(await input.isVisible())) {
      await this.#page.locator('details').filter({ has: input }).locator('summary').click();
    }
    await input.locator('textarea').fill(text);
    await this.#page.getByTestId('codes-answer-use').getByRole('button').click();
  }

  /** Waits for the next question. */
  async nextQuestion(): Promise<void> {
    await this.#next().waitFor();
  }

  /** Carries codes to and fro until the run has nothing to ask and rests at `act`. */
  async until(act: string): Promise<void> {
    const rest = this.#page.locator(`[data-testid="dock-act"][data-act="${act}"]`);
    for (let round = 0; round < roundsMax; round += 1) {
      await this.#next().or(rest).first().waitFor({ state: 'attached' });
      if ((await this.#next().count()) === 0) return;
      await this.show(await this.scan());
    }
    throw new Error(`After ${String(this.readings)} readings there is no ${act}`);
  }

  #next(): Locator {
    return this.#page.locator(
      `[data-testid="codes-ask"] [data-testid="code-picture"]:not([data-text="${this.#last}"])`,
    );
  }

  async #asked(): Promise<string> {
    return (await this.question.getAttribute('data-text')) ?? '';
  }
}
