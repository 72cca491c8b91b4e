import type { Locator, Page } from 'playwright-core';
import { terminalEn } from '../../../src/i18n/terminal.en.ts';
import { terminalZh } from '../../../src/i18n/terminal.zh.ts';
import type { Stack } from '../../../scripts/stack.ts';
import type { World } from './world.ts';

/** A key of the terminal, by the name that its button carries. */
export type TerminalKey = `${number}` | '00' | 'symbol' | 'delete' | 'cancel' | 'confirm' | 'function' | 'power';

/** Keys of a PC's keyboard that stand for the terminal's own. */
const keyboard: Readonly<Partial<Record<TerminalKey, string>>> = {
  symbol: '.',
  delete: 'Backspace',
  cancel: 'Escape',
  confirm: 'Enter',
  function: 'F1',
  power: 'F9',
  '00': '+',
};

/** Where to find a terminal's page, its code and its device. `World` is one; the demo's stack can be made one. */
export interface TerminalPlace {
  /** Address of the app. */
  readonly origin: string;
  /** Address of the bench, ending in a slash. */
  readonly benchUrl: string;
  readonly serial: string;
  /** A fresh activation code for this terminal. */
  activationCode(): Promise<string>;
}

/** The place of a world's terminal. */
export function placeIn(world: World, label: string): TerminalPlace {
  return {
    origin: world.origin,
    benchUrl: world.terminals.url,
    serial: world.device(label).factory.serial,
    activationCode: async () => {
      const made = await world.server.context.services.terminalApps.makeCode(undefined, world.terminalId(label));
      if (!made.ok) throw new Error(`No activation code: ${made.error}`);
      return made.value.code;
    },
  };
}

/** The place of a terminal of what `npm start` starts. */
export function placeInStack(stack: Stack, serial: string): TerminalPlace {
  return {
    ...{ origin: stack.url, benchUrl: stack.terminals.url, serial },
    activationCode: async () => {
      const { services, store } = stack.server.context;
      const { rows } = await store.pool.query<{ id: string }>('select id from terminals where serial = $1', [serial]);
      const made = await services.terminalApps.makeCode(undefined, rows[0]?.id ?? '');
      if (!made.ok) throw new Error(`No activation code: ${made.error}`);
      return made.value.code;
    },
  };
}

/** The terminal's app as its cashier uses it, and the device under the counter. */
export class TerminalPage {
  readonly page: Page;
  readonly #place: TerminalPlace;

  constructor(page: Page, place: TerminalPlace) {
    this.page = page;
    this.#place = place;
  }

  /** Opens the app. */
  async open(): Promise<void> {
    await this.page.goto(`${this.#place.origin}/terminal`);
  }

  /** Pairs the app with its device: cable, code, confirmation on the device's keypad. Ends switched off. */
  async pair(): Promise<void> {
    await this.open();
    await this.page.getByTestId(`device-${this.#place.serial}`).click();
    await this.page.getByTestId('device-ready').waitFor();
    await this.page.keyboard.type(await this.#place.activationCode());
    await this.page.keyboard.press('Enter');
    await this.page.locator('[data-testid="pair"][data-step="device"]').waitFor();
    // The page says that it asks before the device has heard; a confirmation without a question does nothing.
    for (let tries = 0; tries < 200 && !(await this.screen('off').isVisible()); tries += 1) {
      await this.onDevice('press', { key: 'enter' });
      await this.page.waitForTimeout(200);
    }
    await this.screen('off').waitFor();
  }

  /** The whole terminal while `name` stands on it. */
  screen(name: string): Locator {
    return this.page.locator(`[data-testid="terminal"][data-screen="${name}"]`);
  }

  /** The whole terminal while a payment stands at `name`. */
  stage(name: string): Locator {
    return this.page.locator(`[data-testid="terminal"][data-screen="payment"][data-stage="${name}"]`);
  }

  /** The fee desk while `name` stands on it. */
  feeScreen(name: string): Locator {
    return this.page.locator(`[data-testid="fees"][data-screen="${name}"]`);
  }

  /** The fee desk while the bill in hand stands at `stage`. */
  feeStage(stage: string): Locator {
    return this.page.locator(`[data-testid="fees"][data-screen="bill"][data-stage="${stage}"]`);
  }

  /** From the channel list to a household, by keys alone. */
  async toHousehold(service: string, number: string, secret: string): Promise<void> {
    await this.screen('channels').waitFor();
    await this.press(await this.keyOf('channel-fees'));
    await this.feeScreen('services').waitFor();
    await this.press(await this.keyOf(`service-${service}`));
    await this.feeScreen('number').waitFor();
    await this.press(...([...number] as TerminalKey[]), 'confirm');
    await this.feeScreen('secret').waitFor();
    await this.press(...([...secret] as TerminalKey[]), 'confirm');
  }

  /** The number key that a row shows. */
  async keyOf(row: string): Promise<TerminalKey> {
    return (await this.anchor(row).locator('.n').textContent()) as TerminalKey;
  }

  anchor(name: string): Locator {
    return this.page.getByTestId(name);
  }

  /** Presses keys on a PC's keyboard, each when the last one was taken for a person's and not a scanner's. */
  async press(...keys: readonly TerminalKey[]): Promise<void> {
    for (const key of keys) {
      await this.page.keyboard.press(keyboard[key] ?? key);
      await this.page.waitForTimeout(80);
    }
  }

  /** Touches a key that is drawn on the screen. */
  async touch(key: TerminalKey): Promise<void> {
    await this.page.locator(`.device [data-key="${key}"]`).first().click();
  }

  /** Types an amount such as `128.50`. */
  async amount(text: string): Promise<void> {
    await this.press(...[...text].map((char) => (char === '.' ? 'symbol' : (char as TerminalKey))));
  }

  /** From the channel list into the amount of a channel; `number` is its key. */
  async toAmount(number: TerminalKey): Promise<void> {
    await this.screen('channels').waitFor();
    await this.anchor('channel-wechat-pay').waitFor();
    await this.press(number);
    await this.screen('welcome').waitFor();
    await this.press('confirm');
    await this.screen('menu').waitFor();
    await this.press('confirm');
    await this.screen('amount').waitFor();
  }

  /** The text of the code that is shown, once it is drawn. */
  async codeText(): Promise<string> {
    return (await this.anchor('qr').getAttribute('data-text')) ?? '';
  }

  /**
   * A scanner at the keyboard: digits within milliseconds, then Enter. All keys are handed over at once and carry their
   * own moments, as a device's do: key by key through this process, a busy machine makes a slow typist of a scanner.
   */
  async scan(digits: string): Promise<void> {
    const session = await this.page.context().newCDPSession(this.page);
    const keys = [...digits].map((digit) => ({ key: digit, code: `Digit${digit}`, text: digit }));
    const startS = Date.now() / 1000;
    await Promise.all(
      [...keys, { key: 'Enter', code: 'Enter', text: '\r' }].flatMap((key, index) => {
        const timestamp = startS + index * 0.004;
        return [
          session.send('Input.dispatchKeyEvent', { type: 'keyDown', ...key, timestamp }),
          session.send('Input.dispatchKeyEvent', { type: 'keyUp', key: key.key, code: key.code, timestamp }),
        ];
      }),
    );
    await session.detach();
  }

  /** Holds a card of the bench to the device, and types its PIN on the device's own keypad. */
  async payByCard(card: string, pin: string, entry: 'chip' | 'contactless' | 'magstripe' = 'chip'): Promise<void> {
    await this.page.locator('[data-testid="card"][data-stage="waiting"]').waitFor();
    await this.onDevice('card', { card, entry });
    await this.page.locator('[data-testid="card"][data-stage="enter-pin"]').waitFor();
    for (const digit of pin) await this.onDevice('press', { key: digit });
    await this.onDevice('press', { key: 'enter' });
    await this.page.locator('[data-testid="card"][data-stage="remove-card"]').or(this.stage('paid')).waitFor();
    if (entry === 'chip') await this.onDevice('take-card', {});
  }

  /** From paid over both copies of the receipt back to the channel list. */
  async finish(): Promise<void> {
    await this.stage('paid').waitFor();
    await this.press('confirm');
    await this.#printed('merchant');
    await this.press('confirm');
    await this.#printed('customer');
    await this.press('confirm');
    await this.screen('channels').waitFor();
  }

  /** Does what the bench's buttons do to this terminal's device. */
  async onDevice(action: string, fields: Readonly<Record<string, unknown>>): Promise<void> {
    const answer = await fetch(`${this.#place.benchUrl}control/${this.#place.serial}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ action, ...fields }),
    });
    if (!answer.ok) throw new Error(`${action}: ${await answer.text()}`);
  }

  /** The words of the language that the page is in now. */
  async words(): Promise<typeof terminalEn> {
    const language = await this.page.locator('html').getAttribute('lang');
    return language?.startsWith('zh') === true ? terminalZh : terminalEn;
  }

  /** The copy is out, or its picture stands in for it. */
  async #printed(copy: 'merchant' | 'customer'): Promise<void> {
    await this.page.locator(`[data-testid="print-state"][data-copy="${copy}"]:not([data-s="busy"])`).waitFor();
  }
}
