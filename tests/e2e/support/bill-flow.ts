import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import decodeQr from 'qr/decode.js';
import { payPassword } from '../../../mock-server/platforms/stand-in.ts';
import { builtAppFolder, ensureBuilt } from '../../../scripts/build-app.ts';
import { type Stack, startStack } from '../../../scripts/stack.ts';
import { launchChromium } from '../../serial-bench/chromium.ts';
import { type TerminalKey, TerminalPage } from './terminal-screen.ts';

const serial = 'QT60-2551-00301';
/** The household of the demo: number and digits. */
const household = { number: '20260003176', secret: '1203' };

/** What `npm start` starts, with a paired terminal, and phones that scan its code. */
export class BillFlow {
  readonly stack: Stack;
  readonly browser: Browser;
  readonly terminal: TerminalPage;
  readonly #folder: string;

  private constructor(stack: Stack, browser: Browser, terminal: TerminalPage, folder: string) {
    this.stack = stack;
    this.browser = browser;
    this.terminal = terminal;
    this.#folder = folder;
  }

  static async open(): Promise<BillFlow> {
    await ensureBuilt();
    const folder = mkdtempSync(join(tmpdir(), 'tillkeeper-bill-'));
    const ports = { serverPort: 0, terminalsPort: 0, platformsPort: 0 };
    const stack = await startStack({ dataDir: folder, ...ports, staticDir: builtAppFolder, logLevel: 'error' });
    const browser = await launchChromium();
    const page = await browser.newPage({ viewport: { width: 480, height: 800 }, locale: 'zh-CN' });
    // Its time runs by itself, and a test can let five minutes pass.
    await page.clock.install();
    const terminal = new TerminalPage(page, {
      ...{ origin: stack.url, benchUrl: stack.terminals.url, serial },
      activationCode: async () => {
        const { services, store } = stack.server.context;
        const { rows } = await store.pool.query<{ id: string }>('select id from terminals where serial = $1', [serial]);
        const made = await services.terminalApps.makeCode(undefined, rows[0]?.id ?? '');
        if (!made.ok) throw new Error(made.error);
        return made.value.code;
      },
    });
    await terminal.pair();
    await terminal.press('power');
    return new BillFlow(stack, browser, terminal, folder);
  }

  async close(): Promise<void> {
    await this.browser.close();
    await this.stack.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** The terminal while `name` stands in its fees. */
  fees(name: string) {
    return this.terminal.page.locator(`[data-testid="fees"][data-screen="${name}"]`);
  }

  /** The terminal while the bill in hand stands at `stage`. */
  billAt(stage: string) {
    return this.terminal.page.locator(`[data-testid="fees"][data-screen="bill"][data-stage="${stage}"]`);
  }

  /** From the channel list to a code: service, number, digits, the oldest bill. */
  async askForBill(service: string): Promise<void> {
    const { terminal } = this;
    await this.#toChannels();
    await terminal.anchor('channel-fees').click();
    await this.fees('services').waitFor();
    await terminal.anchor(`service-${service}`).click();
    await this.fees('number').waitFor();
    await this.#type(household.number);
    await this.fees('secret').waitFor();
    await this.#type(household.secret);
    await this.fees('household').waitFor();
    await terminal.anchor('fee-pay').click();
    await this.fees('bills').or(this.billAt('code')).first().waitFor();
    if (await this.fees('bills').isVisible()) await terminal.press('confirm');
    await this.billAt('code').waitFor();
    await terminal.anchor('qr').waitFor();
  }

  /** Leaves whatever the test before left on the screen. */
  async #toChannels(): Promise<void> {
    if (await this.terminal.screen('channels').isVisible()) return;
    await this.terminal.open();
    for (let tries = 0; tries < 8 && !(await this.terminal.screen('channels').isVisible()); tries += 1) {
      await this.terminal.page.waitForTimeout(250);
      await this.terminal.press('cancel', 'confirm');
    }
    await this.terminal.screen('channels').waitFor();
  }

  async #type(digits: string): Promise<void> {
    await this.terminal.press(...([...digits] as TerminalKey[]));
    await this.terminal.press('confirm');
  }

  /** Reads the code off the terminal's screen as a camera would. */
  async scan(): Promise<string> {
    // A page of no site: the terminal's own reads no pictures from anywhere.
    const page = await this.browser.newPage();
    const picture = await this.terminal.anchor('qr').screenshot();
    const { data, width, height } = await page.evaluate(async (base64) => {
      const bitmap = await createImageBitmap(await (await fetch(`data:image/png;base64,${base64}`)).blob());
      const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
      const context = canvas.getContext('2d');
      if (context === null) throw new Error('no canvas');
      context.drawImage(bitmap, 0, 0);
      const pixels = context.getImageData(0, 0, bitmap.width, bitmap.height);
      return { data: [...pixels.data], width: pixels.width, height: pixels.height };
    }, picture.toString('base64'));
    await page.close();
    return decodeQr({ data: Uint8ClampedArray.from(data), width, height });
  }

  /** A phone that opens the code. `context` brings a browser of another kind. */
  async phone(code: string, context?: BrowserContext): Promise<Page> {
    const own = context ?? (await this.browser.newContext({ viewport: { width: 390, height: 844 }, locale: 'zh-CN' }));
    const page = await own.newPage();
    await page.goto(code);
    return page;
  }

  /** In the wallet: password, pay, back to the merchant. */
  async payInWallet(phone: Page): Promise<void> {
    const pay = phone.getByRole('button', { name: /^支付 ¥/ });
    await pay.waitFor();
    await phone.keyboard.type(payPassword);
    await pay.click();
    await phone.getByRole('link', { name: '回到商户页面' }).click();
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
    for (let tries = 0; tries < 6 && !(await this.terminal.screen('channels').isVisible()); tries += 1) {
      await this.terminal.press('confirm');
      await this.terminal.page.waitForTimeout(300);
    }
    await this.terminal.screen('channels').waitFor();
  }
}
