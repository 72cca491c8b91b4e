import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeQR } from 'qr/decode.js';
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { accessibilityProblems, lookAt } from './support/accessibility.ts';
import { describeWorld } from './support/fixture.ts';
import { newest, openTerminal, payCode, slipsWith, terminalSize } from './support/payments.ts';
import { placeIn, TerminalPage } from './support/terminal-screen.ts';

const labels = ['T-01', 'T-02', 'T-03', 'T-04', 'T-05'] as const;

/** The code as a camera two metres away sees it: the whole code is so many pixels wide. */
async function readSmall(page: Page, side: number): Promise<string> {
  const shot = (await page.getByTestId('qr').screenshot()).toString('base64');
  const pixels = await page.evaluate(
    async ([base64, width]) => {
      const bytes = Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
      const bitmap = await createImageBitmap(new Blob([bytes], { type: 'image/png' }), {
        ...{ resizeWidth: width, resizeHeight: width, resizeQuality: 'medium' },
      });
      const canvas = new OffscreenCanvas(width, width);
      const context = canvas.getContext('2d');
      context?.drawImage(bitmap, 0, 0);
      return [...(context?.getImageData(0, 0, width, width).data ?? [])];
    },
    [shot, side] as const,
  );
  return decodeQR({ width: side, height: side, data: Uint8ClampedArray.from(pixels) });
}

describeWorld('the terminal’s app', { terminals: labels, serial: false, payments: true }, (fixture) => {
  test('takes a code’s payment from the power key to the channel list', async () => {
    const screen = await openTerminal(fixture, 'T-01');
    await screen.toAmount('1');
    await screen.amount('128.50');
    await screen.press('confirm');
    await screen.anchor('qr').waitFor();
    const code = await screen.codeText();
    expect(await readSmall(screen.page, 120)).toBe(code);
    await payCode(fixture.world, code);
    await screen.stage('paid').waitFor();
    await screen.finish();
    expect(newest(fixture.world, 'wechat-pay')).toMatchObject({ amountFen: 12_850, state: 'paid' });
    expect(slipsWith('128.50', fixture.world.device('T-01').firmware?.printer)).toHaveLength(2);
  });

  test('reads a card, whose PIN is typed on the device', async () => {
    const screen = await openTerminal(fixture, 'T-02', 'en-GB');
    await screen.toAmount('3');
    await screen.amount('36');
    await screen.press('confirm');
    await screen.payByCard('debit', '246810');
    await screen.finish();
    expect(newest(fixture.world, 'bank-card')).toMatchObject({ amountFen: 3_600, state: 'paid' });
  });

  test('stands where it stood after a reload, and switches to another channel without a second payment', async () => {
    const screen = await openTerminal(fixture, 'T-03');
    await screen.toAmount('2');
    await screen.amount('20');
    await screen.press('confirm');
    const first = await screen.codeText();
    await screen.page.reload();
    expect(await screen.codeText()).toBe(first);
    await screen.press('1');
    await screen.screen('ways').waitFor();
    await screen.anchor('way-scan').waitFor();
    await screen.press('4');
    await screen.page.locator(`[data-testid="qr"]:not([data-text="${first}"])`).waitFor();
    await payCode(fixture.world, await screen.codeText());
    await screen.stage('paid').waitFor();
    await screen.page.reload();
    await screen.finish();
    expect(newest(fixture.world, 'unionpay-qr')).toMatchObject({ amountFen: 2_000, state: 'paid' });
    await expect.poll(() => newest(fixture.world, 'alipay')?.state).toBe('closed');
  });

  test('says which channel cannot take an amount, and goes on with the one that can', async () => {
    const screen = await openTerminal(fixture, 'T-04');
    await screen.toAmount('1');
    await screen.amount('600');
    await screen.press('confirm');
    await screen.screen('ways').waitFor();
    await screen.anchor('channel-wechat-pay').waitFor();
    expect(await screen.anchor('channel-wechat-pay').getAttribute('data-s')).toBe('off');
    expect(await screen.anchor('channel-alipay').getAttribute('aria-current')).toBe('true');
    await screen.press('confirm');
    await payCode(fixture.world, await screen.codeText());
    await screen.finish();
    expect(newest(fixture.world, 'alipay')).toMatchObject({ amountFen: 60_000, state: 'paid' });
  });

  test('says that the browser cannot read what it has kept, and goes on once it can', async () => {
    const page = await fixture.page({ locale: 'zh-CN', viewport: terminalSize });
    await page.addInitScript(() => {
      const { open } = IDBFactory.prototype;
      IDBFactory.prototype.open = () => {
        throw new DOMException('the disk is full of holes', 'UnknownError');
      };
      addEventListener('heal', () => (IDBFactory.prototype.open = open));
    });
    const screen = new TerminalPage(page, placeIn(fixture.world, 'T-05'));
    await screen.open();
    await screen.anchor('no-store').waitFor();
    expect(await accessibilityProblems(page)).toEqual([]);
    await page.evaluate(() => dispatchEvent(new Event('heal')));
    await screen.anchor('take-over').click();
    await screen.anchor('pair').waitFor();
    await page.close();
  });

  test.each(['zh-CN', 'en-GB'] as const)('has no fault that axe-core finds, in %s', async (locale) => {
    const folder = await mkdtemp(join(tmpdir(), `tillkeeper-terminal-${locale}-`));
    const page = await fixture.page({ locale, viewport: terminalSize });
    const screen = new TerminalPage(page, placeIn(fixture.world, 'T-05'));
    await screen.open();
    await screen.anchor('pair').waitFor();
    const found = await lookAt(page, folder, 'pair');
    await screen.pair();
    found.push(...(await accessibilityProblems(page)));
    await screen.press('power');
    await screen.anchor('channel-wechat-pay').waitFor();
    found.push(...(await lookAt(page, folder, 'channels')));
    await screen.toAmount('2');
    await screen.amount('5');
    found.push(...(await lookAt(page, folder, 'amount')));
    await screen.press('confirm');
    await screen.anchor('qr').waitFor();
    found.push(...(await lookAt(page, folder, 'qr')));
    expect((await page.screenshot()).length).toBeGreaterThan(5_000);
    await screen.press('cancel');
    await screen.stage('cancelled').waitFor();
    found.push(...(await lookAt(page, folder, 'cancelled')));
    await screen.press('confirm');
    await screen.screen('channels').waitFor();
    expect(found).toEqual([]);
  });
});
