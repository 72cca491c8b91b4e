import type { Browser, BrowserContext, Page } from 'playwright-core';
import { payPassword } from '../../../mock-server/platforms/stand-in.ts';
import type { Stack } from '../../../scripts/stack.ts';
import { askForBill, type Household, payOnPhone, residentPhone, scanBill } from './bill-phone.ts';
import { Demo } from './demo.ts';
import { placeInStack, TerminalPage } from './terminal-screen.ts';

const serial = 'QT60-2551-00301';

/** What `npm start` starts, with a paired terminal, and phones that scan its code. */
export class BillFlow {
  readonly stack: Stack;
  readonly browser: Browser;
  readonly terminal: TerminalPage;
  readonly #demo: Demo;

  private constructor(demo: Demo, terminal: TerminalPage) {
    this.#demo = demo;
    this.stack = demo.stack;
    this.browser = demo.browser;
    this.terminal = terminal;
  }

  static async open(): Promise<BillFlow> {
    const demo = await Demo.open('bill');
    const page = await demo.browser.newPage({ viewport: { width: 480, height: 800 }, locale: 'zh-CN' });
    // Its time runs by itself, and a test can let five minutes pass.
    await page.clock.install();
    const terminal = new TerminalPage(page, placeInStack(demo.stack, serial));
    await terminal.pair();
    await terminal.press('power');
    return new BillFlow(demo, terminal);
  }

  close(): Promise<void> {
    return this.#demo.close();
  }

  /** Closes every page but the terminal's. */
  async closePhones(): Promise<void> {
    for (const context of this.browser.contexts().slice(1)) await context.close();
  }

  /** The terminal while the bill in hand stands at `stage`. */
  billAt(stage: string) {
    return this.terminal.feeStage(stage);
  }

  /** From whatever is on the screen to a code: service, number, digits, the oldest bill. */
  async askForBill(service: string, household?: Household): Promise<void> {
    await this.toChannels();
    await askForBill(this.terminal, service, household);
  }

  /** Leaves whatever the test before left on the screen. */
  async toChannels(): Promise<void> {
    const channels = this.terminal.screen('channels');
    if (await channels.isVisible()) return;
    await this.terminal.open();
    await this.terminal.anchor('terminal').waitFor();
    // Looked at after every key: on the list itself Confirm would lead away again.
    for (let tries = 0; tries < 60 && !(await channels.isVisible()); tries += 1) {
      await this.terminal.press(tries % 2 === 0 ? 'cancel' : 'confirm');
      await this.terminal.page.waitForTimeout(250);
    }
    await channels.waitFor();
  }

  /** Reads the code off the terminal's screen as a camera would. */
  scan(): Promise<string> {
    return scanBill(this.terminal, this.browser);
  }

  /** A phone that opens the code. `context` brings a browser of another kind. */
  async phone(code: string, context?: BrowserContext): Promise<Page> {
    const own = context ?? (await this.browser.newContext(residentPhone));
    const page = await own.newPage();
    await page.goto(code);
    return page;
  }

  /** In the wallet: password, pay, back to the merchant. */
  payInWallet(phone: Page): Promise<void> {
    return payOnPhone(phone);
  }

  /** Whoever stands at the terminal scans the code of a platform with their wallet, and pays. */
  async payCode(code: string): Promise<void> {
    for (const standIn of this.stack.platforms.standIns.values()) {
      const { result } = await standIn.wallet({ code, act: 'pay', password: payPassword });
      if (result === 'paid') return;
      if (result !== 'not-mine') throw new Error(`the wallet says ${result}`);
    }
    throw new Error(`no wallet knows ${code}`);
  }

  /** One value of the database. */
  async one<T>(query: string, values: readonly unknown[] = []): Promise<T> {
    const { rows } = await this.stack.server.context.store.pool.query<{ value: T }>(query, [...values]);
    const [row] = rows;
    if (row === undefined) throw new Error(`nothing found: ${query}`);
    return row.value;
  }

  /** Takes the receipt and goes back to the channel list. */
  async finish(): Promise<void> {
    const channels = this.terminal.screen('channels');
    for (let tries = 0; tries < 6 && !(await channels.isVisible()); tries += 1) {
      await this.terminal.press('confirm');
      await this.terminal.page.waitForTimeout(300);
    }
    await channels.waitFor();
  }
}
