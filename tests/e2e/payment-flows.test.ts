import { expect, test } from 'vitest';
import { describeWorld } from './support/fixture.ts';
import {
  merchantIdOf,
  newest,
  openTerminal,
  payCode,
  seedStaff,
  terminalSize,
  worldStaff,
} from './support/payments.ts';
import { placeIn, TerminalPage } from './support/terminal-screen.ts';
import { Authenticator } from './support/totp.ts';
import type { World } from './support/world.ts';
import { worldDayLimitFen } from './support/world-platforms.ts';

const labels = ['F-01', 'F-02', 'F-03', 'F-04'] as const;
const authenticator = new Authenticator(worldStaff.totpSecret);
/** What every channel but WeChat Pay takes at once: less than the split's amount. */
const onceFen = 30_000;

/** From the channel list to the refund of the payment that was made last. */
async function toRefundOfLast(screen: TerminalPage, channelKey: '1' | '2' | '3'): Promise<void> {
  await screen.screen('channels').waitFor();
  await screen.anchor('channel-wechat-pay').waitFor();
  await screen.press(channelKey);
  await screen.screen('welcome').waitFor();
  await screen.press('confirm', '2', 'confirm');
  await screen.screen('found').waitFor();
  await screen.page.locator('[data-testid^="found-"]').first().waitFor();
  await screen.press('1');
  await screen.screen('refund').waitFor();
}

async function typeFactor(screen: TerminalPage, code: string): Promise<void> {
  await screen.anchor('typed').waitFor({ state: 'attached' });
  for (const digit of code) await screen.press(digit as '0');
  await screen.press('confirm');
}

async function prepare(world: World): Promise<void> {
  await seedStaff(world);
  const merchantId = await merchantIdOf(world);
  for (const channel of ['alipay', 'bank-card', 'unionpay-qr'])
    await world.server.context.services.channels.ensureLimit({
      ...{ merchantId, channel, window: 'transaction', maxFen: onceFen },
    });
}

const options = { terminals: labels, serial: false, payments: true, prepare } as const;

describeWorld('payments at the terminal', options, (fixture) => {
  test('over the day’s limit: split over two channels, and the whole given back with an approver', async () => {
    const { world } = fixture;
    const screen = await openTerminal(fixture, 'F-01');
    await screen.toAmount('1');
    await screen.amount('700');
    await screen.press('confirm');
    await screen.anchor('way-split').waitFor();
    expect(await screen.anchor('channel-wechat-pay').getAttribute('data-s')).toBe('off');
    expect(await screen.anchor('way-split').getAttribute('aria-current')).toBe('true');
    await screen.press('confirm');
    await screen.screen('split').waitFor();
    await expect.poll(() => screen.anchor('split').locator('li').count()).toBe(3);
    await screen.press('confirm');
    await payCode(world, await screen.codeText());
    await screen.stage('part').waitFor();
    await screen.press('confirm');
    await screen.anchor('channel-alipay').waitFor();
    await screen.press('confirm');
    await payCode(world, await screen.codeText());
    await screen.finish();
    expect(newest(world, 'wechat-pay')).toMatchObject({ amountFen: worldDayLimitFen, state: 'paid' });
    expect(newest(world, 'alipay')).toMatchObject({ amountFen: 70_000 - worldDayLimitFen, state: 'paid' });

    await toRefundOfLast(screen, '1');
    await screen.press('confirm');
    await screen.anchor('reason-twice').waitFor();
    await screen.press('3');
    await screen.anchor(`approver-${worldStaff.email}`).waitFor();
    await screen.press('1');
    await typeFactor(screen, '000000');
    await screen.page.getByRole('alert').filter({ hasText: /\S/ }).first().waitFor();
    await typeFactor(screen, await authenticator.nextCode());
    await screen.page.locator('[data-testid="refund"][data-state="done"]').waitFor();
    expect(newest(world, 'wechat-pay')).toMatchObject({ refundedFen: worldDayLimitFen });
    expect(newest(world, 'alipay')).toMatchObject({ refundedFen: 70_000 - worldDayLimitFen });
    await screen.press('confirm');
    await screen.screen('receipt').waitFor();
  });

  test('a scanned code finds its channel by the prefix; a card; the batch settles', async () => {
    const { world } = fixture;
    const screen = await openTerminal(fixture, 'F-02', 'en-GB');
    await screen.anchor('channel-alipay').waitFor();
    await screen.scan('1234567890123456');
    await screen.page.locator('[data-testid="notice"][data-code="unknown-code"]').waitFor();
    const code = world.platforms.standIns.get('alipay')?.authCode?.() ?? '';
    await screen.scan(code);
    await screen.screen('amount').waitFor();
    await screen.amount('23.40');
    await screen.press('confirm');
    await screen.finish();
    expect(newest(world, 'alipay')).toMatchObject({ amountFen: 2_340, state: 'paid' });

    await screen.toAmount('3');
    await screen.amount('36');
    await screen.press('confirm');
    await screen.payByCard('debit', '246810');
    await screen.finish();
    await screen.press('3');
    await screen.screen('welcome').waitFor();
    await screen.press('confirm', '5');
    await screen.screen('settle').waitFor();
    await screen.press('confirm');
    await screen.screen('settled').waitFor();
    const { settled } = (await screen.words()).settle.kind;
    await expect
      .poll(() => screen.anchor('settled').locator('li').allTextContents())
      .toEqual([expect.stringContaining(settled)]);
  });

  test('the network goes before the code is there, and again while the customer pays', async () => {
    const { world } = fixture;
    const screen = await openTerminal(fixture, 'F-03');
    const context = screen.page.context();
    await screen.toAmount('2');
    await screen.amount('51.20');
    await context.setOffline(true);
    await screen.press('confirm');
    await screen.anchor('offline').waitFor();
    await screen.stage('sending').waitFor();
    await context.setOffline(false);
    const code = await screen.codeText();
    await screen.anchor('offline').waitFor({ state: 'hidden' });
    await context.setOffline(true);
    await screen.anchor('offline').waitFor();
    await payCode(world, code);
    await screen.stage('qr').waitFor();
    await context.setOffline(false);
    await screen.stage('paid').waitFor();
    await screen.anchor('offline').waitFor({ state: 'hidden' });
    const orders = await world.query('select count(*)::int as n from payment_orders where terminal_id = $1', [
      world.terminalId('F-03'),
    ]);
    expect(orders).toEqual([{ n: 1 }]);
    await screen.finish();
  });

  test('of two tabs one is the terminal; the other takes over in the middle of a payment', async () => {
    const first = await openTerminal(fixture, 'F-04', 'en-GB');
    await first.toAmount('2');
    await first.amount('8');
    await first.press('confirm');
    const code = await first.codeText();
    const page = await first.page.context().newPage();
    await page.setViewportSize(terminalSize);
    const second = new TerminalPage(page, placeIn(fixture.world, 'F-04'));
    await second.open();
    await second.anchor('other-tab').waitFor();
    await second.anchor('take-over').click();
    expect(await second.codeText()).toBe(code);
    await first.anchor('other-tab').waitFor();
    await payCode(fixture.world, code);
    await second.stage('paid').waitFor();
    await second.finish();
    await first.anchor('take-over').click();
    await first.screen('channels').waitFor();
    await second.anchor('other-tab').waitFor();
  });
});
