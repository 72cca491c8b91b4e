import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { simulatedCards } from '../../mock-server/platforms/bank-card/cards.ts';
import { needlesOf, search } from '../integration/card-leak/needles.ts';
import { chromiumProblem } from '../serial-bench/requirements.ts';
import { Demo } from './support/demo.ts';
import { browserProcesses, memoryOf, memoryProblem } from './support/process-memory.ts';
import { openForTests } from './support/shared.ts';

const serial = 'QT60-2551-00301';
const problem = chromiumProblem() ?? memoryProblem();
const [card] = simulatedCards;

/** A sale by card at the terminal's app, by its keys alone. */
describe.skipIf(problem !== undefined)('a card payment in the page', () => {
  let demo: Demo;
  let page: Page;

  openForTests({
    open: async () => {
      demo = await Demo.open('card');
      page = await demo.browser.newPage({ viewport: { width: 480, height: 800 }, locale: 'zh-CN' });
    },
    close: () => demo.close(),
  });

  /** Does at the bench what a person does there. */
  async function atBench(body: object): Promise<void> {
    const headers = { 'content-type': 'application/json' };
    const options = { method: 'POST', headers, body: JSON.stringify(body) };
    const answer = await fetch(`${demo.stack.terminals.url}control/${serial}`, options);
    if (!answer.ok) throw new Error(await answer.text());
  }

  /** Until the device asks for `prompt`. */
  async function asked(prompt: string): Promise<void> {
    await expect.poll(() => demo.stack.terminals.device(serial).screen?.prompt).toBe(prompt);
  }

  async function screen(name: string): Promise<void> {
    await page.locator(`[data-testid="terminal"][data-screen="${name}"]`).waitFor();
  }

  async function pairApp(): Promise<void> {
    const { services, store } = demo.stack.server.context;
    const { rows } = await store.pool.query<{ id: string }>('select id from terminals where serial = $1', [serial]);
    const made = await services.terminalApps.makeCode(undefined, rows[0]?.id ?? '');
    if (!made.ok) throw new Error(made.error);
    await page.goto(`${demo.stack.url}/terminal`);
    await page.getByTestId(`device-${serial}`).click();
    await page.getByTestId('device-ready').waitFor();
    await page.keyboard.type(made.value.code);
    await page.keyboard.press('Enter');
    await asked('pair');
    await atBench({ action: 'press', key: 'enter' });
    await page.locator('[data-testid="kiosk"]:not([data-phase="pair"])').waitFor();
  }

  test('is paid, and the browser’s memory holds neither number nor PIN', async () => {
    if (card === undefined) throw new Error('no card');
    await pairApp();
    await screen('off');
    await page.keyboard.press('Enter');
    await screen('channels');
    await page.getByTestId('channel-bank-card').click();
    await screen('welcome');
    await page.keyboard.press('Enter');
    await screen('menu');
    await page.keyboard.press('1');
    await screen('amount');
    await page.keyboard.type('12.50');
    await page.keyboard.press('Enter');
    await asked('waiting');
    await atBench({ action: 'card', card: card.id, entry: 'chip' });
    await asked('enter-pin');
    for (const key of card.pin) await atBench({ action: 'press', key });
    await atBench({ action: 'press', key: 'enter' });
    await page.locator('[data-testid="stage"][data-stage="paid"]').waitFor();
    await atBench({ action: 'take-card' });

    // What stands for the number without its tail finds the whole number too; each spelling costs seconds here.
    const needles = needlesOf(card).filter(
      ({ name, bytes }) => bytes !== undefined && bytes.length >= 8 && !name.includes('PAN in ASCII'),
    );
    const orders = await demo.stack.server.context.store.pool.query<{ order_no: string }>(
      'select order_no from payment_orders',
    );
    const known = Buffer.from(orders.rows[0]?.order_no ?? 'none');
    let readBytes = 0;
    let isKnownThere = false;
    const found: string[] = [];
    for (const pid of await browserProcesses(demo.browser)) {
      for (const { bytes } of memoryOf(pid)) {
        readBytes += bytes.length;
        isKnownThere ||= bytes.includes(known);
        found.push(...search([{ name: `process ${String(pid)}`, bytes }], needles, true));
      }
    }
    expect([isKnownThere, readBytes > 50_000_000]).toEqual([true, true]);
    expect(found).toEqual([]);
  });
});
