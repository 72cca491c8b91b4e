import { expect, test } from 'vitest';
import { ok } from '../../../domain/result.ts';
import type { FeeReceiptView } from '../../../protocol/http/fees-terminal.ts';
import { lineText } from '../../../protocol/receipt/layout.ts';
import type { ApiResult } from '../../../src/api/failures.ts';
import { FeePrinting } from '../../../src/terminal/fees/fee-printing.svelte.ts';
import type { PrintOutcome } from '../../../src/terminal/printing.svelte.ts';
import { settle } from '../terminal-app/bench.ts';
import { FakeFees } from './fake-fees.ts';
import { bill, id, quoteDocument, receiptOf, sign } from './make.ts';

const quote = quoteDocument(id(1), [bill(1)]);
const viewOf = (receiptNo: string): ApiResult<FeeReceiptView> =>
  ok({ document: sign(receiptOf(quote, { receiptNo })), prints: 0 });

/** A printer and a server that answer when the test says so. */
class Slow {
  readonly papers: string[] = [];
  readonly printing: FeePrinting;
  #papers: ((outcome: PrintOutcome) => void)[] = [];
  readonly #answers = new Map<string, (view: ApiResult<FeeReceiptView>) => void>();

  constructor(isSlowServer: boolean) {
    const server = new FakeFees();
    if (isSlowServer)
      server.receipt = (receiptNo) => new Promise((answer) => void this.#answers.set(receiptNo, answer));
    this.printing = new FeePrinting({
      api: server,
      print: (lay) => {
        this.papers.push(
          lay(32)
            .map((line) => lineText(line, 32))
            .join('\n'),
        );
        return new Promise((done) => void this.#papers.push(done));
      },
      newId: () => id(9),
      language: () => 'en',
    });
  }

  async answer(receiptNo: string): Promise<void> {
    this.#answers.get(receiptNo)?.(viewOf(receiptNo));
    await settle();
  }

  async paperIsOut(): Promise<void> {
    for (const done of this.#papers.splice(0)) done({ ok: true, printer: 'serial' });
    await settle();
  }
}

test('a receipt that is fetched late is not shown in place of the one asked for after it, nor after leaving', async () => {
  const slow = new Slow(true);
  const { printing } = slow;
  void printing.open('F-1', 'visit');
  void printing.open('F-2', 'visit');
  await slow.answer('F-1');
  expect([printing.receipt, printing.isBusy]).toEqual([undefined, true]);
  await slow.answer('F-2');
  expect([printing.receipt?.receiptNo, printing.isBusy]).toEqual(['F-2', false]);
  void printing.open('F-3', 'visit');
  printing.clear();
  await slow.answer('F-3');
  expect([printing.receipt, printing.isBusy]).toEqual([undefined, false]);
});

test('a receipt waits for the bill that is still coming out, and is then printed', async () => {
  const slow = new Slow(false);
  const { printing } = slow;
  void printing.printBill(quote);
  await settle();
  const taken = await printing.take(sign(receiptOf(quote)));
  expect(taken?.isNew).toBe(true);
  const printed = printing.print(taken);
  await settle();
  expect(slow.papers).toHaveLength(1);
  await slow.paperIsOut();
  expect(slow.papers).toHaveLength(2);
  expect(slow.papers[1]).not.toContain('DUPLICATE');
  await slow.paperIsOut();
  expect(await printed).toBe(true);
  expect(printing.done).toBe('receipt');
});

test('the receipt of who paid comes out also when they press on at once, and nothing of it stays on the screen', async () => {
  const slow = new Slow(true);
  const { printing } = slow;
  const taking = printing.take(sign(receiptOf(quote, { receiptNo: 'F-7' })));
  printing.clear();
  await slow.answer('F-7');
  const taken = await taking;
  void printing.print(taken);
  await settle();
  expect(slow.papers).toHaveLength(1);
  expect(slow.papers[0]).toContain('F-7');
  expect(slow.papers[0]).not.toContain('DUPLICATE');
  await slow.paperIsOut();
  expect([printing.receipt, printing.prints, printing.done]).toEqual([undefined, 0, undefined]);
});
