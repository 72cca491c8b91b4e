import type { Browser, BrowserContext, Page } from 'playwright-core';
import type { PhoneMessage, TerminalMessage } from '../../../protocol/phone-link/messages.ts';
import type { GuestState, HostState } from '../../../src/phone-link/contract.ts';
import type {} from './page/main.ts';
import type { LinkYard } from './yard.ts';

const quote = { kid: 'k1', bytes: 'QQ'.repeat(700), signature: 'A'.repeat(86) };
/** A bill of about the usual size. */
export const bill: TerminalMessage = { type: 'bill', quote, confirm: false };

/** A page with one end of a link. */
export class LinkPage {
  readonly page: Page;

  constructor(page: Page) {
    this.page = page;
  }

  /** What the screen would show. */
  state(): Promise<HostState & GuestState> {
    return this.page.evaluate(() => globalThis.linkPage.state as HostState & GuestState);
  }

  /** Settles when the state has this part. */
  async until(part: Partial<HostState> | Partial<GuestState>, timeout = 45_000): Promise<void> {
    await this.page.waitForFunction(
      (wanted) => {
        const state = globalThis.linkPage.state as Readonly<Record<string, unknown>> | undefined;
        return state !== undefined && Object.entries(wanted).every(([name, value]) => state[name] === value);
      },
      part as Readonly<Record<string, unknown>>,
      { timeout, polling: 10 },
    );
  }

  /** Types of what was delivered, in order. */
  types(): Promise<readonly string[]> {
    return this.page.evaluate(() => globalThis.linkPage.got.map(({ message }) => message.type));
  }

  /** Settles when so many messages were delivered. */
  async gets(count: number, timeout = 45_000): Promise<void> {
    await this.page.waitForFunction((wanted) => globalThis.linkPage.got.length >= wanted, count, {
      timeout,
      polling: 10,
    });
  }

  send(message: PhoneMessage | TerminalMessage): Promise<boolean> {
    return this.page.evaluate((it) => globalThis.linkPage.send(it), message);
  }
}

/** A terminal that shows a code and holds a bill ready. */
export async function openTerminal(
  browser: Browser,
  yard: LinkYard,
  name = 'terminal',
): Promise<{ terminal: LinkPage; code: string }> {
  const context = await browser.newContext();
  const terminal = new LinkPage(await context.newPage());
  await terminal.page.goto(yard.origin);
  await terminal.page.evaluate(
    ([token, it]) => {
      globalThis.linkPage.host(token);
      globalThis.linkPage.send(it);
    },
    [name, bill] as const,
  );
  await terminal.until({ phase: 'showing' });
  return { terminal, code: (await terminal.state()).code ?? '' };
}

/** A phone that opens the code. */
export async function openPhone(
  browser: Browser,
  code: string,
  prepare: (context: BrowserContext) => Promise<void> = () => Promise.resolve(),
): Promise<LinkPage> {
  const context = await browser.newContext();
  await prepare(context);
  const phone = new LinkPage(await context.newPage());
  await phone.page.goto(code);
  return phone;
}
