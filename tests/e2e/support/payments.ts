import type { Page } from 'playwright-core';
import { payPassword } from '../../../mock-server/platforms/stand-in.ts';
import type { StandInPayment } from '../../../mock-server/platforms/stand-in.ts';
import type { Printer } from '../../../mock-server/terminal/printer.ts';
import type { Fixture } from './fixture.ts';
import { placeIn, TerminalPage } from './terminal-screen.ts';
import type { World } from './world.ts';

/** The size of a terminal's screen. */
export const terminalSize = { width: 480, height: 800 } as const;

/** Somebody of the world's merchant who may approve refunds. The secret is made up. */
export const worldStaff = {
  name: 'Chen Manager',
  email: 'manager@world.invalid',
  totpSecret: 'O5XXE3DEFVWWC3TBM5SXELLDNBSW4LLS',
} as const;

/** A terminal's app in a browser profile of its own, paired and switched on. */
export async function openTerminal(fixture: Fixture, label: string, locale = 'zh-CN'): Promise<TerminalPage> {
  const page = await fixture.page({ locale, viewport: terminalSize });
  const screen = new TerminalPage(page, placeIn(fixture.world, label));
  await screen.pair();
  await screen.press('power');
  return screen;
}

/** Id of the world's merchant. */
export async function merchantIdOf(world: World): Promise<string> {
  const [row] = await world.query('select merchant_id from terminals limit 1');
  return String(row?.['merchant_id']);
}

/** Puts `worldStaff` into the world. */
export async function seedStaff(world: World): Promise<void> {
  const merchantId = await merchantIdOf(world);
  await world.server.context.services.people.ensurePerson({
    ...worldStaff,
    role: 'merchant',
    locale: 'en',
    merchantId,
  });
}

/** Signs a page in as somebody of the world and opens `path`. */
export async function openAs(page: Page, world: World, email: string, path: string): Promise<void> {
  await page.request.post(`${world.origin}/api/demo/sign-in`, { data: { email } });
  await page.goto(world.origin + path);
  await page.locator('h1').first().waitFor({ state: 'attached' });
}

/** The slips that hang out of a terminal's printer and name `amount`, oldest first. */
export function slipsWith(amount: string, printer: Printer | undefined): readonly string[] {
  const slips = (printer?.paper ?? []).map(({ text, isLast }) => text + (isLast ? '\f' : '\n'));
  const whole = slips.join('').split('\f').slice(0, -1);
  return whole.filter((slip) => slip.includes(amount));
}

/** The customer scans a code with the simulated wallet that knows it, and pays. Throws when none does. */
export async function payCode(world: World, code: string): Promise<void> {
  for (const standIn of world.platforms.standIns.values()) {
    const { result } = await standIn.wallet({ code, act: 'pay', password: payPassword });
    if (result === 'not-mine') continue;
    if (result !== 'paid') throw new Error(`The wallet says ${result}`);
    return;
  }
  throw new Error(`No wallet knows ${code}`);
}

/** The payment that a platform heard of last. */
export function newest(world: World, channel: string): StandInPayment | undefined {
  return world.platforms.standIns.get(channel)?.payments()[0];
}
