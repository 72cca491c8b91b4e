import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { payPassword } from '../../mock-server/platforms/stand-in.ts';
import { demoPayee } from '../../scripts/demo-fees.ts';
import { officeFeesEn } from '../../src/i18n/office-fees.en.ts';
import { officeFeesZh } from '../../src/i18n/office-fees.zh.ts';
import { chromiumProblem } from '../serial-bench/requirements.ts';
import { accessibilityProblems, lookAt } from './support/accessibility.ts';
import { Demo } from './support/demo.ts';
import { bringFileIn, payOut, tryAndEnd } from './support/fees/office-steps.ts';
import { openForTests } from './support/shared.ts';
import { placeInStack, type TerminalKey, TerminalPage } from './support/terminal-screen.ts';

let demo: Demo;

/** Rent of the demo shares a lift from now on. */
async function shareLift(): Promise<void> {
  const { feeOffice, registry } = demo.stack.server.context.services;
  const payee = (await registry.listMerchants()).items.find(({ name }) => name === demoPayee);
  const merchantId = payee?.id ?? '';
  const known = await feeOffice.payee(merchantId);
  const housing = known.ok ? known.value.services.find(({ service }) => service === 'housing') : undefined;
  const tariffId = crypto.randomUUID();
  const lift = { id: 'lift', label: { zh: '电梯公摊', en: 'Lift' }, kind: 'share', of: 'amount', key: 'units' };
  const input = {
    account: {},
    period: { from: '2027-01-01', to: '2027-02-01' },
    asOf: '2027-02-01T00:00:00+08:00',
    common: { lift: { total: '10', members: [{ id: 'a', key: '1' }], self: 'a' } },
  };
  const version = {
    ...{ id: '2026', effectiveFrom: '2026-01-01', components: [{ ...lift, remainder: 'largest-remainder' }] },
    examples: [{ name: 'alone', input, expect: { total: '10.00' } }],
  };
  const tariff = {
    ...{ id: 'lift', service: 'housing', name: { zh: '公摊', en: 'Shares' }, unit: { zh: '户', en: 'home' } },
    ...{ currency: 'CNY', timeZone: '+08:00', versionSplit: 'day-share' },
    sources: [{ title: 'Made up for a test', standing: 'example' }],
    versions: [version],
  };
  const made = await feeOffice.createTariff(undefined, merchantId, { id: tariffId, tariff });
  const versionId = made.ok ? (made.value.versions[0]?.id ?? '') : '';
  const active = await feeOffice.activate(undefined, { merchantId, tariffId, versionId });
  if (!active.ok || !active.value.isActive || housing === undefined) throw new Error(JSON.stringify([made, active]));
  const { households: _count, withSecret: _some, ...body } = housing;
  const set = await feeOffice.setService(undefined, merchantId, { ...body, tariffId });
  if (!set.ok) throw new Error(set.error);
}

async function openOffice(locale: string): Promise<Page> {
  const context = await demo.browser.newContext({ viewport: { width: 1440, height: 900 }, locale });
  const page = await context.newPage();
  await page.request.post(`${demo.stack.url}/api/demo/sign-in`, { data: { email: 'lin@demo.invalid' } });
  await page.goto(`${demo.stack.url}/office/fees`);
  await page.locator('td a').first().waitFor();
  return page;
}

const languages = [
  { locale: 'zh-CN', t: officeFeesZh, language: 'zh', number: '20269900001' },
  { locale: 'en-GB', t: officeFeesEn, language: 'en', number: '20269900002' },
] as const;

/** A merchant of the demo that has channels and is no payee. */
const merchant = '桂园物业 Guiyuan Property';
/** A terminal of another place than the payee's shop would be: it may ask because it is chosen. */
const serial = 'QT60-2551-00301';
const newcomer = { number: '20269900003', secret: '4711', label: '9-103' } as const;

/** One clerk at the fees of the demo's payee. */
class FeesClerk {
  readonly page: Page;
  readonly t: (typeof languages)[number]['t'];
  readonly found: string[] = [];
  readonly #language: string;

  constructor(page: Page, { t, language }: (typeof languages)[number]) {
    [this.page, this.t, this.#language] = [page, t, language];
  }
  get dialog() {
    return this.page.locator('dialog[open]');
  }
  async look(name: string): Promise<void> {
    this.found.push(...(await lookAt(this.page, demo.folder, `${this.#language}-${name}`)));
  }
  press(name: string): Promise<void> {
    return this.page.getByRole('button', { name, exact: true }).first().click();
  }
  async send(): Promise<void> {
    await this.dialog.locator('button[type="submit"]').click();
  }
  async done(): Promise<void> {
    await this.send();
    await this.dialog.waitFor({ state: 'detached' });
  }
  async tab(name: keyof typeof officeFeesEn.tabs, isSamePayee = false): Promise<void> {
    if (!isSamePayee) await this.page.goto(`${demo.stack.url}/office/fees`);
    await this.page.getByRole('link', { name: this.t.tabs[name], exact: true }).click();
  }

  /** On a phone every tab is in sight, and every place of the office is reached by keys. */
  async onPhone(): Promise<void> {
    const { page } = this;
    const before = page.viewportSize();
    await page.setViewportSize({ width: 390, height: 844 });
    const rights = await page
      .getByRole('navigation', { name: this.t.tabs.label })
      .getByRole('link')
      .evaluateAll((links) => links.map((link) => link.getBoundingClientRect().right));
    expect(rights.length).toBe(5);
    expect(Math.max(...rights)).toBeLessThanOrEqual(390);
    await page.getByTestId('more-places').focus();
    await page.keyboard.press('Enter');
    expect(await this.dialog.getByRole('link').count()).toBe(6);
    this.found.push(...(await accessibilityProblems(page)));
    await page.keyboard.press('Escape');
    await this.dialog.waitFor({ state: 'detached' });
    await page.getByTestId('more-places').click();
    await this.dialog.locator('a[href="/office/audit"]').click();
    await page.waitForURL(/\/office\/audit$/);
    await page.goBack();
    await page.locator('td a').first().waitFor();
    if (before !== null) await page.setViewportSize(before);
  }

  /** A wrong number is said at its field and keeps everything typed; the right one opens the household. */
  async register(number: string): Promise<void> {
    const { household } = this.t.forms;
    await this.press(household.add);
    await this.dialog.locator('select').first().selectOption('water');
    await this.dialog.getByLabel(household.label).fill('9 号楼 101 室');
    await this.dialog.locator('input[inputmode="numeric"]').first().fill('1234');
    await this.dialog.getByLabel(household.movedIn).fill('2026-01-01');
    await this.send();
    await this.dialog.locator('input[aria-invalid="true"]').waitFor();
    expect(await this.dialog.locator('.error').textContent()).toContain(this.t.forms.fault['number']);
    await this.look('register');
    await this.dialog.locator('input[inputmode="numeric"]').first().fill(number);
    await this.page.keyboard.press('Enter');
    await this.page.getByRole('heading', { name: '9 号楼 101 室' }).waitFor();
  }

  /** A meter goes up, another in its place, and that comes down; a value that cannot be changes nothing. */
  async meters(): Promise<void> {
    const { meter } = this.t.forms;
    await this.press(meter.add);
    await this.dialog.getByLabel(meter.on, { exact: true }).fill('2026-01-01');
    await this.dialog.getByLabel(meter.serial).fill('W-1');
    await this.dialog.getByLabel(meter.first).fill('100');
    await this.done();
    await this.press(meter.replaceTitle('W-1'));
    await this.dialog.getByLabel(meter.on, { exact: true }).fill('2026-02-01');
    await this.dialog.getByLabel(meter.serial).fill('W-2');
    await this.dialog.getByLabel(meter.final).fill('99');
    await this.send();
    await this.dialog.getByText(meter.falls).waitFor();
    await this.look('replace');
    await this.dialog.getByLabel(meter.final).fill('112');
    await this.done();
    await this.press(meter.removeTitle('W-2'));
    await this.dialog.getByLabel(meter.on, { exact: true }).fill('2026-03-01');
    await this.dialog.getByLabel(meter.final).fill('9');
    await this.done();
    await this.page.getByText(this.t.meters.until('2026-03-01')).waitFor();
    await this.look('household');
  }

  /** Out, back in by the undo, and ended for good. */
  async end(): Promise<void> {
    const { ending } = this.t.forms;
    await this.press(ending.open);
    await this.dialog.getByLabel(ending.last).fill('2025-12-31');
    await this.send();
    await this.dialog.locator('input[aria-invalid="true"]').waitFor();
    await this.dialog.getByLabel(ending.last).fill('2026-03-01');
    await this.done();
    await this.press(ending.open);
    await this.press(ending.undo);
    await this.dialog.waitFor({ state: 'detached' });
    await this.press(ending.open);
    await this.dialog.getByLabel(ending.close).check();
    await this.send();
    await this.dialog.getByText('2026-01-01 – ').waitFor();
    await this.look('ending');
    await this.dialog.getByLabel(ending.giveUp).check();
    await this.done();
    await this.page.getByText(this.t.households.closed, { exact: true }).waitFor();
  }

  /** What is typed can be taken back; a service's fault is said at its field. */
  async setUp(): Promise<void> {
    const { payee, service } = this.t.forms;
    await this.tab('setup');
    const title = this.page.getByLabel(payee.receiptTitle);
    const before = await title.inputValue();
    await title.fill('Another');
    await this.press(payee.undo);
    expect(await title.inputValue()).toBe(before);
    await this.look('setup');
    await this.press(this.t.service.water);
    await this.dialog.getByLabel(service.numberMin).fill('13');
    await this.send();
    await this.dialog.getByText(this.t.forms.fault['numberMax'] ?? '').waitFor();
    await this.look('service');
    await this.dialog.getByLabel(service.numberMin).fill('8');
    await this.done();
  }

  /** A price list that comes with the program becomes a draft, is put into force and ended. */
  async shipped(): Promise<void> {
    await this.tab('tariffs');
    await this.press(this.t.tariffs.add);
    await this.dialog.locator('li').nth(1).waitFor();
    await this.look('shipped');
    await this.dialog
      .locator('li', { hasText: this.#language === 'zh' ? '峰谷' : 'valley' })
      .getByRole('button')
      .click();
    await tryAndEnd(this);
  }

  /** A merchant that was no payee bills, its own services at chosen terminals. */
  async newPayee(): Promise<void> {
    const { payee, service } = this.t.forms;
    await this.tab('setup');
    await this.press(payee.add);
    await this.dialog.locator('select').selectOption({ label: merchant });
    await this.look('new-payee');
    await this.done();
    await this.page.getByText(payee.noServices).waitFor();
    await this.press(payee.all);
    await this.press(payee.save);
    await this.page.getByText(payee.saved).first().waitFor();
    await this.press(payee.addService);
    await this.dialog.locator('select').first().selectOption('property');
    await this.done();
    await this.tab('tariffs', true);
    await this.press(this.t.tariffs.add);
    await this.dialog.locator('li', { hasText: this.t.service.property }).first().getByRole('button').click();
    await this.press(this.t.tariffs.check);
    await this.page.getByText(this.t.tariffs.right).first().waitFor();
    await this.press(this.t.tariffs.activate);
    await this.page.getByText(this.t.tariffs.activated).waitFor();
    await this.tab('setup', true);
    await this.press(this.t.service.property);
    await this.dialog.getByLabel(service.tariff).selectOption({ index: 1 });
    await this.done();
  }

  /** The new payee's first household and its bill of last month. */
  async firstBill(): Promise<void> {
    const { household } = this.t.forms;
    await this.tab('households', true);
    await this.press(household.add);
    await this.dialog.getByLabel(household.label).fill(newcomer.label);
    await this.dialog.locator('input[inputmode="numeric"]').first().fill(newcomer.number);
    await this.dialog.getByLabel(household.secret).fill(newcomer.secret);
    await this.dialog.getByLabel(household.area, { exact: true }).fill('80');
    await this.dialog.getByLabel(household.movedIn).fill('2026-01-01');
    await this.page.keyboard.press('Enter');
    await this.page.getByRole('heading', { name: newcomer.label }).waitFor();
    await this.tab('runs', true);
    await this.page.locator('form button[type="submit"]').click();
    await this.page.locator('td a').first().click();
    await this.page.getByText('200.00').first().waitFor();
  }

  /** A run asks for the building's total and tells what became of it. */
  async share(month: string, last: string): Promise<void> {
    const { common } = this.t.forms;
    await this.tab('runs');
    await this.page.locator('form select').first().selectOption('housing');
    await this.page.getByLabel(this.t.runs.from).fill(`${month}-01`);
    await this.page.getByLabel(this.t.runs.to).fill(last);
    const total = this.page.getByLabel(common.amount(this.#language === 'zh' ? '电梯公摊' : 'Lift'));
    await total.fill('123.45');
    await this.look('runs');
    await this.page.keyboard.press('Enter');
    await this.page.getByRole('link', { name: this.t.bills.period(`${month}-01`, last) }).click();
    await this.page.getByText('123.45').first().waitFor();
    await this.look('run');
    await this.correctTotal(this.#language === 'zh' ? '电梯公摊' : 'Lift');
  }

  /** The total was wrong: what changes is looked at first, and the correction is a run of its own. */
  async correctTotal(label: string): Promise<void> {
    const { corrections } = this.t;
    await this.press(corrections.totalTitle(label));
    await this.dialog.getByLabel(corrections.rightAmount(label)).fill('100.01');
    await this.dialog.getByRole('button', { name: corrections.look }).click();
    await this.dialog.getByText(corrections.whole('¥123.45', '¥100.01')).waitFor();
    await this.look('total');
    await this.dialog.getByLabel(corrections.reason).fill('the notice of the lift company was read wrongly');
    await this.done();
    await this.page.getByText(corrections.noRefusals).waitFor();
    await this.page.getByRole('heading', { name: corrections.kind }).waitFor();
    await this.look('correction');
  }
}

/** At a terminal that the payee chose: service, payee, number, digits, bill, the channel's code, and the wallet. */
async function payAtTerminal(terminal: TerminalPage): Promise<void> {
  await terminal.press(await terminal.keyOf('channel-fees'));
  await terminal.feeScreen('services').waitFor();
  await terminal.press(await terminal.keyOf('service-property'));
  await terminal.feeScreen('payees').waitFor();
  const row = terminal.page.locator('[data-testid^="payee-"]', { hasText: merchant });
  await terminal.press(((await row.locator('.n').textContent()) ?? '') as TerminalKey);
  await terminal.feeScreen('number').waitFor();
  await terminal.press(...([...newcomer.number] as TerminalKey[]), 'confirm');
  await terminal.feeScreen('secret').waitFor();
  await terminal.press(...([...newcomer.secret] as TerminalKey[]), 'confirm');
  await terminal.feeScreen('household').waitFor();
  // There is one bill, so nothing to choose.
  await terminal.press('confirm');
  await terminal.feeStage('code').waitFor();
  await terminal.anchor('qr').waitFor();
  await terminal.press('1');
  await terminal.feeScreen('ways').waitFor();
  await terminal.press(await terminal.keyOf('fee-way-wechat-pay'));
  await terminal.feeStage('qr').waitFor();
  await terminal.anchor('qr').waitFor();
  const wallet = demo.stack.platforms.standIns.get('wechat-pay');
  const paid = await wallet?.wallet({ code: await terminal.codeText(), act: 'pay', password: payPassword });
  expect(paid?.result).toBe('paid');
  await terminal.feeStage('paid').waitFor();
}

describe('the office’s fees', () => {
  openForTests({
    problem: chromiumProblem(),
    open: async () => {
      demo = await Demo.open('office-fees');
      await shareLift();
    },
    close: () => demo.close(),
    tidy: () => demo.closePages(),
  });

  test.each(languages)('are set up, registered and billed by forms alone, in $locale', async (language) => {
    const clerk = new FeesClerk(await openOffice(language.locale), language);
    await clerk.look('households');
    await clerk.register(language.number);
    await clerk.meters();
    await payOut(clerk);
    await clerk.end();
    await bringFileIn(clerk, language.number.replace('99', '98'));
    await clerk.setUp();
    await clerk.shipped();
    await (language.language === 'zh' ? clerk.share('2027-01', '2027-01-31') : clerk.share('2027-02', '2027-02-28'));
    expect(clerk.found).toEqual([]);
  });

  test('a merchant becomes a payee, and its first bill is paid at a terminal', async () => {
    const clerk = new FeesClerk(await openOffice('en-GB'), languages[1]);
    await clerk.onPhone();
    await clerk.newPayee();
    await clerk.firstBill();
    const context = await demo.browser.newContext({ viewport: { width: 480, height: 800 }, locale: 'zh-CN' });
    const terminal = new TerminalPage(await context.newPage(), placeInStack(demo.stack, serial));
    await terminal.pair();
    await terminal.press('power');
    await terminal.screen('channels').waitFor();
    await payAtTerminal(terminal);
    const { rows } = await demo.stack.server.context.store.pool.query(
      `select r.total_fen::text as fen, m.name from fee_receipts r join merchants m on m.id = r.merchant_id
       where r.receipt_no = $1`,
      [await terminal.anchor('receipt-no').textContent()],
    );
    expect(rows).toEqual([{ fen: '20000', name: merchant }]);
    expect(clerk.found).toEqual([]);
  });
});
