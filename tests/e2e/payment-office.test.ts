import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { merchantConnectionsEn } from '../../src/i18n/merchant-connections.en.ts';
import { merchantConnectionsZh } from '../../src/i18n/merchant-connections.zh.ts';
import { merchantMoreEn } from '../../src/i18n/merchant-more.en.ts';
import { officeEn } from '../../src/i18n/office.en.ts';
import { officeMoneyEn } from '../../src/i18n/office-money.en.ts';
import { reviewEn } from '../../src/i18n/review.en.ts';
import { sharedEn } from '../../src/i18n/shared.en.ts';
import { accessibilityProblems, lookAt } from './support/accessibility.ts';
import { describeWorld } from './support/fixture.ts';
import type { Fixture } from './support/fixture.ts';
import { openAs, openTerminal, payCode, seedStaff, terminalSize, worldStaff } from './support/payments.ts';
import { worldPeople } from './support/seed.ts';
import { freePort, SmallTill } from './support/small-till.ts';
import { placeIn, TerminalPage } from './support/terminal-screen.ts';
import { Authenticator } from './support/totp.ts';
import type { World } from './support/world.ts';

const labels = ['O-01', 'O-02', 'O-03', 'O-04', 'O-05', 'O-06'] as const;
/** An operator with a second factor; the secret is made up. */
const reviewer = {
  name: 'Qian Operator',
  email: 'reviewer@world.invalid',
  role: 'operator',
  locale: 'en',
  totpSecret: 'O5XXE3DEFVZGK5TJMV3WK4RNNNSXSLJS',
} as const;
const { control, code: codeWords, terminal: terminalWords, state: stateWords } = officeMoneyEn;

async function openOffice(fixture: Fixture, path: string, email: string = worldPeople.operator.email): Promise<Page> {
  const page = await fixture.page();
  await openAs(page, fixture.world, email, path);
  return page;
}

/** Looks through all messages of a merchant's only webhook, more than one page of them, and removes it. */
async function removeWebhook(world: World, page: Page, host: string): Promise<void> {
  const t = merchantConnectionsEn.connections;
  const dialog = page.getByRole('dialog');
  await world.query(
    `insert into webhook_deliveries (merchant_id, id, webhook_id, order_id, event, state, made_at)
     select merchant_id, gen_random_uuid(), id, gen_random_uuid(), 'payment.paid', 'given-up', made_at
     from webhooks, generate_series(1, 60) where url like '%' || $1 || '%'`,
    [host],
  );
  await page.getByRole('button', { name: t.messages }).click();
  const messages = dialog.getByRole('listitem');
  await expect.poll(() => messages.count()).toBe(50);
  await dialog.getByRole('button', { name: sharedEn.more }).click();
  await expect.poll(() => messages.count()).toBeGreaterThan(60);
  expect(await dialog.getByRole('button', { name: sharedEn.more }).count()).toBe(0);
  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'hidden' });
  await page.getByRole('button', { name: t.removeQuestion(host) }).click();
  await dialog.getByRole('button', { name: t.removeAct }).click();
  await page.getByText(t.noHooks).waitFor();
}

/** Makes a key and a webhook in the merchant's app; what the till is configured with. */
async function connectTill(page: Page, webhookUrl: string): Promise<{ key: string; secret: string }> {
  const t = merchantConnectionsEn.connections;
  const dialog = page.getByRole('dialog');
  await page.getByRole('button', { name: t.makeKey }).click();
  await dialog.getByLabel(t.keyName).fill('Till at the entrance');
  for (const scope of Object.values(t.scope))
    await dialog.getByText(scope, { exact: true }).locator('..').locator('input').check();
  await dialog.getByRole('button', { name: t.makeKey }).click();
  // A key that may refund is made by somebody who shows that it is them.
  await dialog.getByLabel(merchantMoreEn.factor.code).fill(await new Authenticator(worldStaff.totpSecret).nextCode());
  await dialog.locator('button[type="submit"]').click();
  const key = (await page.getByTestId('secret').textContent()) ?? '';
  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'hidden' });
  await page.getByRole('button', { name: t.makeHook }).click();
  await dialog.getByLabel(t.url).fill(webhookUrl);
  await dialog.getByRole('button', { name: t.makeHook }).click();
  const secret = (await page.getByTestId('secret').textContent()) ?? '';
  await page.keyboard.press('Escape');
  return { key, secret };
}

describeWorld(
  'payments in the office and at the till',
  { terminals: labels, serial: false, payments: true, prepare: seedStaff },
  (fixture) => {
    test('a payment in review is decided by a person, with reason and second factor, and written down', async () => {
      const { world } = fixture;
      await world.server.context.services.people.ensurePerson(reviewer);
      const folder = await mkdtemp(join(tmpdir(), 'tillkeeper-reviews-'));
      const screen = await openTerminal(fixture, 'O-06', 'en-GB');
      await screen.anchor('channel-wechat-pay').waitFor();
      await screen.toAmount(await screen.keyOf('channel-wechat-pay'));
      await screen.amount('3');
      world.platforms.standIns.get('wechat-pay')?.plan({ kind: 'wrong-amount', amountFen: 250 });
      await screen.press('confirm');
      await payCode(world, await screen.codeText());
      await screen.stage('review').waitFor();
      const office = await openOffice(fixture, '/office/reviews', reviewer.email);
      await office.locator('td a').first().waitFor();
      const found = await lookAt(office, folder, 'list');
      await office.locator('td a').first().click();
      await office.getByText('¥2.50').first().waitFor();
      found.push(...(await lookAt(office, folder, 'payment')));
      let calls = 0;
      office.on('request', (request) => (calls += request.url().includes('/api/reviews/') ? 1 : 0));
      const decide = office.locator('form button[type="submit"]').first();
      await office.locator('input[value^="accept "]').check();
      await office.locator('form textarea').fill('ok');
      await decide.click();
      await office.getByText(reviewEn.reasonShort).waitFor();
      await office.locator('form textarea').fill('The customer showed the bill');
      await decide.click();
      const dialog = office.getByRole('dialog');
      await dialog.getByLabel(officeEn.factor.code).fill('000000');
      await dialog.locator('button[type="submit"]').click();
      await dialog.getByText(sharedEn.failure['factor-wrong'][0] ?? '').waitFor();
      found.push(...(await lookAt(office, folder, 'factor')));
      await dialog.getByLabel(officeEn.factor.code).fill(await new Authenticator(reviewer.totpSecret).nextCode());
      await dialog.locator('button[type="submit"]').click();
      await office.getByText(reviewEn.done).waitFor();
      await office.getByText(reviewEn.over).waitFor();
      // A page that asks because it has asked never stops.
      expect(calls).toBeLessThan(20);
      await screen.stage('paid').waitFor();
      const written = await world.query(
        `select a.facts, p.email from audit a join "user" p on p.id = a.actor_id where a.act = 'payment.reviewed'`,
      );
      expect(written).toMatchObject([
        { email: reviewer.email, facts: { act: 'accept', takenFen: 250, reason: 'The customer showed the bill' } },
      ]);
      await office.goto(`${world.origin}/office/reviews`);
      await office.getByText(reviewEn.empty).waitFor();
      expect(found).toEqual([]);
    });

    test('the live board pauses and stops a terminal, and its screen says why', async () => {
      const screen = await openTerminal(fixture, 'O-01', 'en-GB');
      const office = await openOffice(fixture, '/office/board');
      const row = office.getByTestId('board-O-01');
      await row.getByText(stateWords.ready, { exact: true }).waitFor();
      await screen.toAmount('2');
      await row
        .locator('td.wide')
        .getByText(officeMoneyEn.screen['amount'] ?? '')
        .waitFor();
      for (const wanted of ['pause', 'stop'] as const) {
        await row.getByRole('button', { name: control.changeOf('O-01') }).click();
        const dialog = office.getByRole('dialog');
        await dialog.locator(`input[value="${wanted === 'pause' ? 'paused' : 'stopped'}"]`).check();
        await dialog.getByRole('button', { name: control.quick[0] ?? '' }).click();
        await dialog.locator('button[type="submit"]').click();
        await dialog.waitFor({ state: 'hidden' });
        const state = wanted === 'pause' ? 'paused' : 'stopped';
        await row.getByText(stateWords[state], { exact: true }).waitFor();
        const banner = screen.page.locator(`[data-testid="control"][data-state="${state}"]`);
        await banner.getByText(control.quick[0] ?? '').waitFor();
        if (wanted === 'stop') {
          await screen.press('cancel', 'cancel');
          await screen.screen('channels').waitFor();
          await screen.press('2');
          await screen.page.locator('[data-testid="notice"][data-code="stopped"]').waitFor();
        }
        await row.getByRole('button', { name: control.resumeOf('O-01') }).click();
        await screen.anchor('control').waitFor({ state: 'hidden' });
      }
    });

    test('an activation code is read from the office’s dialog, used, and seen to be used', async () => {
      const office = await openOffice(fixture, `/office/terminals/${fixture.world.terminalId('O-02')}`);
      const page = await fixture.page({ locale: 'zh-CN', viewport: terminalSize });
      const dialog = office.getByRole('dialog');
      const screen = new TerminalPage(page, {
        ...placeIn(fixture.world, 'O-02'),
        activationCode: async () => {
          await office.getByRole('button', { name: terminalWords.make }).click();
          const shown = dialog.locator('output');
          await shown.waitFor();
          return (await shown.innerText()).replace(/\s/g, '');
        },
      });
      await screen.pair();
      await dialog.getByText(codeWords.used).waitFor();
      expect(await accessibilityProblems(office)).toEqual([]);
    });

    test('a shop’s till sells, the terminal is paid, and the till hears of it by a signed webhook', async () => {
      const { world } = fixture;
      const screen = await openTerminal(fixture, 'O-03', 'en-GB');
      await screen.anchor('channel-wechat-pay').waitFor();
      const merchant = await fixture.page();
      await openAs(merchant, world, worldStaff.email, '/merchant/connections');
      const port = await freePort();
      const { key, secret } = await connectTill(merchant, `http://127.0.0.1:${String(port)}/webhook`);
      const till = await SmallTill.start({ url: world.origin, port, key, webhookSecret: secret });
      try {
        const page = await fixture.page();
        await page.goto(till.url);
        await page.locator('#terminal option').first().waitFor({ state: 'attached' });
        await page.locator('#terminal').selectOption(world.terminalId('O-03'));
        await page.getByRole('button', { name: 'Bread' }).click();
        await page.getByRole('button', { name: 'Milk' }).click();
        await page.locator('#pay').click();
        await screen.stage('open').waitFor();
        // The till's own page follows by asking; without it only the webhook can tell.
        await page.close();
        await screen.press('confirm');
        await screen.anchor('channel-alipay').waitFor();
        await screen.press('2');
        await payCode(world, await screen.codeText());
        await screen.finish();
        await expect.poll(async () => (await till.sales())[0]?.payment?.state).toBe('paid');
        const forged = await fetch(`${till.url}/webhook`, {
          method: 'POST',
          headers: {
            'webhook-id': 'x',
            'webhook-timestamp': String(Math.floor(Date.now() / 1_000)),
            'webhook-signature': 'v1,AAAA',
          },
          body: '{}',
        });
        expect(forged.status).toBe(401);
        // The till hears it before the server has written down that it did, and the list is fetched once.
        const waiting = `select id from webhook_deliveries where state <> 'done'`;
        await expect.poll(() => world.query(waiting)).toEqual([]);
        await merchant.getByRole('button', { name: merchantConnectionsEn.connections.messages }).click();
        const dialog = merchant.getByRole('dialog');
        await dialog.getByText(merchantConnectionsEn.connections.delivery.done).first().waitFor();
        await merchant.keyboard.press('Escape');
        await dialog.waitFor({ state: 'hidden' });
        await removeWebhook(world, merchant, `127.0.0.1:${String(port)}`);
      } finally {
        await till.close();
      }
    });

    test.each([
      ['zh', 'zh-CN', 'O-04'],
      ['en', 'en-GB', 'O-05'],
    ] as const)('no screen of these flows has a fault that axe-core finds, in %s', async (language, locale, label) => {
      const folder = await mkdtemp(join(tmpdir(), `tillkeeper-payment-screens-${language}-`));
      const found: string[] = [];
      const screen = await openTerminal(fixture, label, locale);
      const look = async (name: string): Promise<void> => {
        found.push(...(await accessibilityProblems(screen.page)).map((problem) => `${name}: ${problem}`));
      };
      await screen.toAmount('2');
      await screen.amount('3');
      await screen.press('function');
      await screen.screen('scan').waitFor();
      await look('scan');
      await screen.press('cancel', 'confirm');
      await payCode(fixture.world, await screen.codeText());
      await screen.stage('paid').waitFor();
      await look('paid');
      await screen.press('confirm');
      await screen.page.locator('[data-testid="print-state"][data-s="done"]').waitFor();
      await look('receipt');
      await screen.press('cancel', 'function', '4');
      await screen.anchor('printer-test').waitFor();
      await screen.press('4');
      await screen.page.locator('[data-testid="printer-state"][data-s="printed"]').waitFor();
      await look('printer');
      await screen.press('function', '2', 'confirm', '2');
      await screen.screen('find').waitFor();
      await look('find');
      await screen.press('confirm');
      await screen.page.locator('[data-testid^="found-"]').first().waitFor();
      await look('found');
      await screen.press('1');
      await screen.screen('refund').waitFor();
      await look('refund-amount');
      await screen.press('confirm');
      await screen.anchor('reason-twice').waitFor();
      await look('refund-reason');
      await screen.press('1', 'confirm');
      await screen.page.locator('[data-testid="refund"][data-state="done"]').waitFor();
      await look('refund-done');
      await screen.press('confirm');
      await screen.screen('receipt').waitFor();
      await screen.page.locator('[data-testid="print-state"][data-s="done"]').waitFor();
      await screen.press('cancel', '2', 'confirm', '5');
      await screen.screen('settle').waitFor();
      await look('settle');
      await screen.page.context().setOffline(true);
      await screen.press('confirm');
      await screen.anchor('offline').waitFor();
      await look('offline');
      await screen.page.context().setOffline(false);
      const merchant = await fixture.page({ locale });
      await openAs(merchant, fixture.world, worldStaff.email, '/merchant/connections');
      const t = (language === 'zh' ? merchantConnectionsZh : merchantConnectionsEn).connections;
      await merchant.locator('.loading').first().waitFor({ state: 'detached' });
      found.push(...(await lookAt(merchant, folder, 'connections')));
      for (const act of [t.makeKey, t.makeHook]) {
        await merchant.getByRole('button', { name: act }).first().click();
        await merchant.getByRole('dialog').locator('button[type="submit"]').click();
        found.push(...(await lookAt(merchant, folder, act === t.makeKey ? 'make-key' : 'make-hook')));
        await merchant.keyboard.press('Escape');
        await merchant.getByRole('dialog').waitFor({ state: 'hidden' });
      }
      expect(found).toEqual([]);
    });
  },
);
