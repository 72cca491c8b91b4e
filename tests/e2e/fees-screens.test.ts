import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { launchForPages } from '../serial-bench/chromium.ts';
import { chromiumProblem } from '../serial-bench/requirements.ts';
import { accessibilityProblems } from './support/accessibility.ts';
import type { PageSite } from './support/built-page.ts';
import { fakeTerminalSite } from './support/fees/fake-site.ts';
import type { FakeTerminalBench } from './support/fees/fake-terminal.svelte.ts';
import { listen, outOfOrder, readerFaults, readLines, tabTo, takeHeard } from './support/screen-reader.ts';

declare const bench: FakeTerminalBench;

const problem = chromiumProblem();
let site: PageSite;
let browser: Browser;

/** How somebody presses what is on the screen. */
interface Hands {
  /** Chooses a row by what it is anchored as. */
  row(page: Page, name: string): Promise<void>;
  /** Presses a key of the terminal by its name. */
  key(page: Page, name: 'confirm' | 'cancel' | '1' | '2'): Promise<void>;
  /** Types digits. */
  type(page: Page, digits: string): Promise<void>;
}

const keys = { confirm: 'Enter', cancel: 'Escape' } as const;
const scannerGapMs = 80;

const byKeypad: Hands = {
  row: async (page, name) => byKeypad.type(page, (await page.getByTestId(name).locator('.n').textContent()) ?? ''),
  key: async (page, name) => byKeypad.type(page, name),
  async type(page, text) {
    for (const key of text in keys ? [keys[text as keyof typeof keys]] : text) {
      await page.keyboard.press(key);
      await page.waitForTimeout(scannerGapMs);
    }
  },
};

const byTab: Hands = {
  row: (page, name) => enterOn(page, `[data-testid="${name}"]`),
  key: (page, name) => enterOn(page, `[data-key="${name}"]`),
  async type(page, digits) {
    for (const digit of digits) await enterOn(page, `[data-key="${digit}"]`);
  },
};

async function enterOn(page: Page, target: string): Promise<void> {
  await tabTo(page, target);
  await page.keyboard.press('Enter');
}

async function open(locale: string): Promise<Page> {
  const context = await browser.newContext({ locale, viewport: { width: 480, height: 800 } });
  const page = await context.newPage();
  await page.goto(`${site.origin}/terminal`);
  await screen(page, 'services');
  await page.getByTestId('service-electricity').waitFor();
  return page;
}

const screen = (page: Page, name: string): Promise<void> =>
  page.locator(`[data-testid="fees"][data-screen="${name}"]`).waitFor();
const stage = (page: Page, name: string): Promise<void> =>
  page.locator(`[data-testid="fees"][data-screen="bill"][data-stage="${name}"]`).waitFor();

/** From the services to the household: service, payee, number, digits. */
async function toHousehold(page: Page, hands: Hands, secret = '4321'): Promise<void> {
  await hands.row(page, 'service-electricity');
  await screen(page, 'payees');
  await hands.row(page, 'payee-1');
  await screen(page, 'number');
  await hands.type(page, '10023176');
  await hands.key(page, 'confirm');
  await screen(page, 'secret');
  await hands.type(page, secret);
  await hands.key(page, 'confirm');
}

/** The phone that joined chooses WeChat. */
const choose = (page: Page): Promise<void> =>
  page.evaluate(() => {
    const { view, document } = bench.fees.payment;
    const quoteId = view?.quoteId ?? '';
    const totalFen = document?.totalFen ?? 0;
    bench.host.say({ type: 'choose', payId: bench.payId, quoteId, channel: 'wechat-pay', totalFen });
  });

/** The whole way from the list of services to the receipt, with `look` on every screen. */
async function walk(page: Page, hands: Hands, look: (name: string) => Promise<void>): Promise<void> {
  await page.evaluate(() => bench.owe(3));
  await look('services');
  await toHousehold(page, hands);
  await screen(page, 'household');
  await look('household');
  for (const name of ['months', 'receipts'] as const) {
    await hands.row(page, `fee-${name}`);
    await screen(page, name);
    await look(name);
    await hands.key(page, 'cancel');
    await screen(page, 'household');
  }
  await hands.row(page, 'fee-pay');
  await screen(page, 'bills');
  await look('bills');
  await hands.row(page, 'bill-2');
  await hands.key(page, 'confirm');
  await stage(page, 'code');
  await page.evaluate(() => bench.host.show());
  await page.getByTestId('qr').waitFor();
  await look('code');
  await page.evaluate(() => bench.host.join());
  await stage(page, 'digits');
  await look('digits');
  await hands.key(page, 'confirm');
  await stage(page, 'on-phone');
  await look('on-phone');
  await choose(page);
  await stage(page, 'paying');
  await look('paying');
  await page.evaluate(() => bench.settle());
  await stage(page, 'paid');
  await page.locator('[data-testid="print-state"][data-s="done"]').waitFor();
  await look('paid');
}

describe.skipIf(problem !== undefined)('the screens for bills, for who hears them', () => {
  beforeAll(async () => {
    [site, browser] = await Promise.all([fakeTerminalSite(), launchForPages()]);
  });
  afterEach(async () => {
    for (const context of browser.contexts()) await context.close();
  });
  afterAll(async () => {
    await browser.close();
    await site.close();
  });

  test.each([
    { locale: 'zh-CN', hands: byKeypad, how: 'the keypad' },
    { locale: 'en-GB', hands: byTab, how: 'Tab and Enter' },
  ])(
    'begin with a heading, hide no words, have no fault that axe finds, and are walked by $how alone: $locale',
    async ({ locale, hands }) => {
      const page = await open(locale);
      const found: string[] = [];
      await walk(page, hands, async (name) => {
        found.push(...(await readerFaults(page, name)));
        found.push(...(await accessibilityProblems(page)).map((fault) => `${name}: ${fault}`));
      });
      expect(found).toEqual([]);
    },
  );

  test('say in order: what it is, what is owed, then what can be pressed, each with its key', async () => {
    const page = await open('zh-CN');
    const orders: Record<string, readonly (string | RegExp)[]> = {
      services: ['heading 缴哪一种费？', 'button 1 电费', 'button 2 物业费', 'button 离开 [Escape]', 'button F 帮助'],
      household: [
        'heading 3 号楼 12** 室',
        '尾号 3176',
        '3 张账单待缴',
        /470/,
        'button 1 缴费',
        'button 返回 [Escape]',
      ],
      months: ['heading 最近十二个月', '最高是 8 月', '2025 年 11 月', 'button 返回 [Escape]'],
      bills: [
        ...['heading 缴哪几张？', 'checkbox 1: 8 月电费 ¥156.68', 'checkbox 2:', 'checkbox 3:'],
        ...['已选 1 张，一共', 'button 返回 [Escape]', 'button 缴 ¥156.68 [Enter]'],
      ],
      code: [
        ...['heading 电费，2 张账单', '尾号 3176', '¥', '313.36', '24:00 前有效', 'button 朗读 [.]'],
        ...['要在您自己的手机上看吗？', 'image 手机看账单的二维码', '等待扫码', 'button 3 扫手机的码'],
        ...[/^button 1 .*付/, 'button 返回 [Escape]'],
      ],
      digits: [
        'heading 手机上也是这两个数吗？',
        '313.36',
        '4，7',
        '一样，',
        'button 一样，继续 [Enter]',
        '不一样 [Escape]',
      ],
      paid: ['heading 缴费成功', '313.36', 'F-', '请取走凭证', 'button 1 再打一张', 'button 完成 [Enter]'],
    };
    const wrong: (string | undefined)[] = [];
    await walk(page, byKeypad, async (name) => {
      const order = orders[name];
      if (order !== undefined) wrong.push(outOfOrder(await readLines(page), order));
    });
    expect(wrong.filter((one) => one !== undefined)).toEqual([]);
    expect(wrong).toHaveLength(Object.keys(orders).length);
  });

  test('say by themselves what changes: wrong digits, sums, the phone, the payment; a countdown only once', async () => {
    const page = await open('zh-CN');
    await listen(page);
    const heard = async (): Promise<string> => (await takeHeard(page)).join('|');
    /** Until all of it was said: a digit is held back as long as a scanner's next one could be late. */
    const hears = async (wanted: RegExp): Promise<string> => {
      let said = '';
      await expect.poll(async () => (said += await heard())).toMatch(wanted);
      return said;
    };
    await toHousehold(page, byKeypad, '9999');
    await page.getByTestId('fee-failure').getByText('对不上').waitFor();
    await hears(/号码与验证数字对不上.*请两项都重新输入/);
    await page.evaluate(() => bench.owe(6));
    await byKeypad.type(page, '10023176');
    await hears(/已输 8 位: 1，0，0，2，3，1，7，6/);
    await byKeypad.key(page, 'confirm');
    await byKeypad.type(page, '4321');
    const typed = await hears(/已输 4 位，共 4 位/);
    expect(typed).not.toContain('4，3');
    await byKeypad.key(page, 'confirm');
    await screen(page, 'household');
    await hears(/3 号楼 12\*\* 室.*尾号 3176.*6 张账单待缴 ?¥940\.08/);
    await byKeypad.key(page, 'confirm');
    await screen(page, 'bills');
    await heard();
    await byKeypad.key(page, '2');
    await hears(/^已选 2 张，一共 ?¥313\.36$/);
    await byKeypad.type(page, '0');
    await hears(/第 2 页，共 2 页/);
    await byKeypad.key(page, 'confirm');
    await stage(page, 'code');
    await page.evaluate(() => bench.host.show());
    await hears(/电费，2 张账单.*尾号 3176.*¥313\.36/);
    await page.evaluate(() => bench.host.fail('expired'));
    await page.evaluate(() => bench.host.show());
    expect(await heard()).toBe('');
    await page.evaluate(() => bench.host.fail('two-phones'));
    await hears(/有两部手机扫了同一个码，已作废/);
    await page.evaluate(() => bench.host.join());
    await stage(page, 'digits');
    await hears(/手机上也是这两个数吗？ 4，7.*一样.*在这里确认以后，手机才能付款/);
    await byKeypad.key(page, 'confirm');
    await choose(page);
    await stage(page, 'paying');
    await hears(/请在手机上继续.*请在手机上付款 付好以后，凭证会自动打印/);
    await page.evaluate(() => bench.settle());
    await page.locator('[data-testid="print-state"][data-s="done"]').waitFor();
    await hears(/缴费成功 ¥313\.36.*请取走凭证/);
    await page.evaluate(() => bench.pass(121_000));
    await page.getByTestId('idle').waitFor();
    await hears(/您还在吗/);
    for (let second = 0; second < 5; second += 1) await page.evaluate(() => bench.pass(1_000));
    expect(await heard()).toBe('');
  });
});
