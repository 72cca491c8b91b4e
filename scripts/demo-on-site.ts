import type { BrowserContext, Locator, Page } from 'playwright-core';
import { DelegationDesk } from '../tests/e2e/support/delegation-desk.ts';
import { codeTextOf, setUpFieldKey, ShopPhone } from '../tests/e2e/support/shop-phone.ts';
import type { TechnicianScreen } from '../tests/e2e/support/technician.ts';
import type { Authenticator } from '../tests/e2e/support/totp.ts';
import { demoTerminals } from './demo-data.ts';
import type { PictureBook } from './demo-pictures.ts';
import type { Story } from './demo-story.ts';
import type { Stack } from './stack.ts';

/** What the part on site works with. */
export interface OnSiteDemo {
  readonly stack: Stack;
  /** The technician's screen, signed in, in a browser profile of its own. */
  readonly technician: TechnicianScreen;
  /** The office's page, signed in as an approver. */
  readonly office: Page;
  readonly authenticator: Authenticator;
  /** A browser profile for the second person's phone. */
  readonly phone: BrowserContext;
  /** Plugs another terminal into the technician's laptop. */
  plugIn(serial: string): Promise<void>;
  readonly pictures: PictureBook;
  readonly story: Story;
}

const handedInMs = 60_000;

/** The demo's terminal in a place without signal. */
function garageTerminal(): (typeof demoTerminals)[number] {
  const terminal = demoTerminals.find(({ label }) => label === 'G3-05');
  if (terminal === undefined) throw new Error('The demo data have no terminal without signal');
  return terminal;
}

/** Leaves the garage's terminal alone on the list, and names who may confirm there. */
async function chooseTerminal(page: Page): Promise<void> {
  const rows = page.locator('[data-testid^="ask-terminal-"]');
  const wanted = rows.filter({ hasText: garageTerminal().label });
  await wanted.waitFor();
  for (const row of await rows.all()) await row.getByRole('checkbox').first().uncheck();
  await wanted.getByRole('checkbox').first().check();
  await wanted.locator('fieldset input:not(:disabled)').first().check();
}

/** Both make their keys, the technician asks, the office signs, and laptop and phone keep what they need. */
async function prepare(demo: OnSiteDemo, phone: ShopPhone): Promise<string> {
  const { stack, technician, office, authenticator, pictures, story } = demo;
  const { page } = technician;
  await setUpFieldKey(page, stack.url);
  await phone.prepare();
  story.tell('technician and second person have a key each, guarded by a passkey');
  await page.goto(`${stack.url}/technician/delegations/ask`);
  await chooseTerminal(page);
  await page.getByTestId('ask-send').getByRole('button').click();
  const card = page.locator('[data-testid^="delegation-D-"]').first();
  await card.waitFor();
  const number = (await card.getAttribute('data-testid'))?.replace('delegation-', '') ?? '';
  story.tell(`${number} is asked for`);
  const desk = new DelegationDesk(office, stack.url, authenticator);
  await desk.open();
  await desk.choose(number);
  await pictures.take(office, 'office-delegation', () => desk.heading(number).waitFor());
  await desk.approve(number, 'The garage has no signal');
  await page.locator(`[data-testid="delegation-${number}"][data-kept="true"]`).waitFor();
  story.tell(`${number} is signed by issuer and approver, and lies on the laptop`);
  await page.goto(`${stack.url}/technician/ready`);
  await page.getByTestId('ready-try-key').getByRole('button').first().click();
  await page.locator('[data-testid="ready-key"][data-s="ok"]').waitFor();
  await pictures.take(page, 'technician-ready', () => page.locator('[data-testid="ready-app"][data-s="ok"]').waitFor());
  return number;
}

/** The page shows `part`, with the cable open and the terminal's state read. */
async function shown(technician: TechnicianScreen, part: Locator): Promise<void> {
  await technician.waitForCable('ready');
  await technician.waitForStep('request', 'done');
  await part.waitFor();
}

async function ended(technician: TechnicianScreen): Promise<void> {
  await technician.waitForAct('wait-probation');
  await technician.waitForCable('ready');
}

/** Both sign, and the terminal takes it. */
async function unlock(demo: OnSiteDemo, phone: ShopPhone): Promise<void> {
  const { technician, pictures, story } = demo;
  const { page } = technician;
  await technician.waitForTerminal('LOCKED');
  await technician.press('start');
  const offer = page.getByTestId('offer-delegation');
  await offer.waitFor();
  story.tell('the run says that there is no network, and offers the delegation');
  await pictures.take(page, 'technician-offer', () => shown(technician, offer));
  await offer.getByRole('button').first().click();
  await page.getByTestId('site-use').getByRole('button').first().click();
  const ask = page.getByTestId('site-ask-code').getByTestId('code-picture');
  await ask.waitFor();
  await pictures.take(page, 'technician-code', () => shown(technician, ask));
  const code = await codeTextOf(ask);
  await phone.read(code);
  story.tell('the technician has signed; the second person reads the code with a phone');
  await pictures.take(phone.page, 'second-confirm', () => phone.read(code), '390');
  const answer = await phone.sign();
  story.tell('the second person has signed');
  await page
    .locator('details')
    .filter({ has: page.getByTestId('site-answer-input') })
    .locator('summary')
    .click();
  await page.getByTestId('site-answer-input').locator('textarea').fill(answer);
  await page.getByTestId('site-answer-use').getByRole('button').click();
  await technician.waitForAct('wait-probation', 60_000);
}

/** The case that the server made of the unlock, once everything was handed in. */
async function caseOf(stack: Stack, label: string): Promise<string> {
  const { db } = stack.server.context.core;
  const endMs = performance.now() + handedInMs;
  for (;;) {
    const found = await db
      .selectFrom('unlock_cases as c')
      .innerJoin('terminals as t', 't.id', 'c.terminal_id')
      .innerJoin('orders as o', 'o.case_id', 'c.id')
      .select('c.id')
      .where('t.label', '=', label)
      .where('o.step', '=', 'probation')
      .where('o.state', '=', 'done')
      .executeTakeFirst();
    if (found !== undefined) return found.id;
    if (performance.now() > endMs) throw new Error('The unlock on site was not handed in');
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** The second part of the demo: a terminal in a basement, unlocked by two persons without a network. */
export async function workOnSite(demo: OnSiteDemo): Promise<string> {
  const { stack, technician, office, pictures, story } = demo;
  const { page } = technician;
  const { label, serial } = garageTerminal();
  const device = stack.terminals.device(serial);
  const phone = new ShopPhone(await demo.phone.newPage(), stack.url, 'Chen');
  const number = await prepare(demo, phone);
  await phone.loseNetwork();
  device.setNetwork(false);
  await page.context().setOffline(true);
  await demo.plugIn(serial);
  story.tell(`the network is off for laptop, phone and terminal; ${label} is plugged in`);
  await page.goto(`${stack.url}/technician`);
  await page.locator('[data-testid^="listed-"]').filter({ hasText: label }).click();
  await unlock(demo, phone);
  story.tell(`${label} is ${device.firmware?.core.state ?? 'off'} by ${number}, and no server was asked`);
  await pictures.take(page, 'technician-on-site', () => ended(technician));
  await page.context().setOffline(false);
  device.setNetwork(true);
  const caseId = await caseOf(stack, label);
  story.tell('the network is back: the record and the reports were handed in');
  await office.goto(`${stack.url}/office/cases/${caseId}`);
  const proof = office.locator('#decision h3').first();
  await proof.waitFor();
  await pictures.take(office, 'office-story', () => proof.waitFor());
  await pictures.take(page, 'technician-handed-in', () => ended(technician));
  return device.firmware?.core.state ?? 'off';
}
