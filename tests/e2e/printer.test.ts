import { existsSync } from 'node:fs';
import { afterEach, expect, test } from 'vitest';
import { openBench } from '../serial-bench/bench.ts';
import type { SerialBench } from '../serial-bench/bench.ts';
import { openPty } from '../serial-bench/pty.ts';
import type { Pty } from '../serial-bench/pty.ts';
import { unplugProblem } from '../serial-bench/requirements.ts';
import { describeWorld } from './support/fixture.ts';
import { payCode, terminalSize } from './support/payments.ts';
import { placeIn, TerminalPage } from './support/terminal-screen.ts';

/** A common USB-serial adapter, which is not the secure device's own. */
const adapter = { vendorId: 0x1a86, productId: 0x7523, serialNumber: 'PRINTER-1' };
const askPaper = Buffer.from([0x10, 0x04, 0x04]);

/** The printer at the other end of the line: keeps what comes, and answers what it is asked about its paper. */
class PtyPrinter {
  readonly pty: Pty;
  printed = Buffer.alloc(0);
  hasPaper = true;

  constructor(pty: Pty) {
    this.pty = pty;
    pty.socket.on('data', (bytes) => {
      this.printed = Buffer.concat([this.printed, bytes]);
      if (bytes.includes(askPaper)) pty.socket.write(Buffer.from([this.hasPaper ? 0x12 : 0x72]));
    });
  }

  /** Cuts (GS V) that came so far: one a slip. */
  get slips(): number {
    return this.printed.toString('latin1').split('\x1dV').length - 1;
  }
}

let opened: { close(): Promise<void> }[] = [];

describeWorld('a printer of the shop’s own', { terminals: ['P-01'], serial: false, payments: true }, (fixture) => {
  afterEach(async () => {
    for (const one of opened.reverse()) await one.close();
    opened = [];
  });

  async function plugIn(): Promise<{ printer: PtyPrinter; bench: SerialBench }> {
    const pty = await openPty();
    opened.push(pty);
    const bench = await openBench({ ...adapter, origin: fixture.world.origin, ptyPath: pty.path });
    opened.push(bench);
    return { printer: new PtyPrinter(pty), bench };
  }

  test('over real Web Serial: chosen once, printed on, named when it cannot, found after a reload', async ({
    skip,
  }) => {
    skip(unplugProblem() !== undefined, unplugProblem());
    const { printer, bench } = await plugIn();
    const page = await bench.browser.newPage({ locale: 'en-GB', viewport: terminalSize });
    const screen = new TerminalPage(page, placeIn(fixture.world, 'P-01'));
    const state = (s: string): Promise<void> => page.locator(`[data-testid="printer-state"][data-s="${s}"]`).waitFor();
    await screen.pair();
    await screen.press('power', 'function', '4');
    await screen.anchor('printer-test').waitFor();
    await screen.press('2');
    await page.locator('[data-testid="printer-serial"][aria-current="true"]').waitFor();
    await screen.press('4');
    await state('printed');
    await expect.poll(() => printer.slips).toBe(1);
    printer.hasPaper = false;
    await screen.press('4');
    await state('out-of-paper');
    expect(printer.slips).toBe(1);
    printer.hasPaper = true;

    await page.reload();
    await screen.toAmount('2');
    // The cable looked for the secure device again: the printer was not greeted.
    const before = printer.printed.length;
    await screen.amount('6.50');
    await screen.press('confirm');
    await payCode(fixture.world, await screen.codeText());
    await screen.stage('paid').waitFor();
    expect(printer.printed.length).toBe(before);
    await screen.press('confirm');
    await page.locator('[data-testid="print-state"][data-s="done"]').waitFor();
    await expect.poll(() => printer.slips).toBe(2);
    expect(printer.printed.toString('latin1')).toContain('6.50');

    await printer.pty.close();
    await bench.unplug();
    expect(existsSync(printer.pty.path)).toBe(false);
    await screen.press('1');
    await page.locator('[data-testid="print-state"][data-s="unreachable"]').waitFor();
    await expect.poll(() => screen.anchor('receipt').innerText()).toContain('6.50');
    await page.getByText((await screen.words()).receipt.problem.unreachable).waitFor();
  });
});
