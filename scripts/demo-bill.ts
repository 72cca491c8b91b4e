import type { Browser, Page } from 'playwright-core';
import { askForBill, chooseWay, payOnPhone, residentPhone, scanBill } from '../tests/e2e/support/bill-phone.ts';
import type { TerminalPage } from '../tests/e2e/support/terminal-screen.ts';
import type { PictureBook } from './demo-pictures.ts';
import type { Story } from './demo-story.ts';

/** What the resident's bill is shown with. */
export interface BillDemo {
  readonly browser: Browser;
  readonly terminal: TerminalPage;
  readonly pictures: PictureBook;
  readonly story: Story;
}

const languages = ['en', 'zh'] as const;
type Language = (typeof languages)[number];

async function speaks(page: Page, language: Language): Promise<boolean> {
  return ((await page.locator('html').getAttribute('lang')) ?? '').startsWith(language);
}

/** Changes the terminal's language by its own keys: a code that was scanned would not outlive a reload. */
async function speakAtTerminal(terminal: TerminalPage, language: Language): Promise<void> {
  if (await speaks(terminal.page, language)) return;
  await terminal.press('function');
  await terminal.feeScreen('help').waitFor();
  await terminal.press('3');
  await terminal.page.locator(`html[lang^="${language}"]`).waitFor({ state: 'attached' });
  await terminal.press('cancel');
}

async function speakOnPhone(phone: Page, language: Language): Promise<void> {
  if (await speaks(phone, language)) return;
  await phone.getByTestId('language').click();
  await phone.locator(`html[lang^="${language}"]`).waitFor({ state: 'attached' });
}

async function atTerminal({ terminal, pictures }: BillDemo, name: string, stage: string): Promise<void> {
  for (const language of languages) {
    await speakAtTerminal(terminal, language);
    await terminal.feeStage(stage).waitFor();
    if (stage === 'code') await terminal.anchor('qr').waitFor();
    await pictures.snap(terminal.page, name, '480', language);
  }
}

/** As a phone's screen shows it, and the whole page. */
async function onPhone({ pictures }: BillDemo, phone: Page, name: string): Promise<void> {
  for (const language of languages) {
    await speakOnPhone(phone, language);
    await pictures.snap(phone, name, '390', language);
    await pictures.snap(phone, `${name}-whole`, '390', language, true);
  }
}

/** A resident's electricity at a shop's terminal, read and paid on their own phone. The terminal stands at its channels. */
export async function payBill(demo: BillDemo): Promise<void> {
  const { browser, terminal, story } = demo;
  await askForBill(terminal, 'electricity');
  const sum = (await terminal.anchor('fee-sum').textContent())?.replaceAll(/\s+/g, '') ?? '';
  story.tell(`a resident’s electricity, ${sum}: number and digits typed, the code stands on the screen`);
  await atTerminal(demo, 'terminal-bill', 'code');
  const context = await browser.newContext(residentPhone);
  const phone = await context.newPage();
  await phone.goto(await scanBill(terminal, browser));
  await phone.getByTestId('pay').waitFor();
  await terminal.feeStage('digits').waitFor();
  const digits = await phone.locator('.digits b').allTextContents();
  story.tell(`the phone has checked the bill’s signature; both show ${digits.join('')}`);
  await atTerminal(demo, 'terminal-digits', 'digits');
  await phone.locator('input[name="way"][value="wechat-pay"]').check({ force: true });
  await onPhone(demo, phone, 'resident-bill');
  await chooseWay(phone, 'wechat-pay');
  await payOnPhone(phone);
  await phone.getByTestId('paid').waitFor();
  await terminal.feeStage('paid').waitFor();
  await terminal.page.locator('[data-testid="print-state"][data-s="done"]').waitFor();
  const receiptNo = (await terminal.anchor('receipt-no').textContent())?.trim() ?? '';
  story.tell(`paid in the wallet; receipt ${receiptNo} on the phone, and on paper at the terminal`);
  await onPhone(demo, phone, 'resident-receipt');
  await atTerminal(demo, 'terminal-bill-paid', 'paid');
  await context.close();
  await terminal.press('confirm');
  await terminal.screen('channels').waitFor();
}
