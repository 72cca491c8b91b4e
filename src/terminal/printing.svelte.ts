import type { ReceiptDocument, ReceiptView } from '../../protocol/http/receipts.ts';
import type { Printed } from '../../protocol/http/terminal-app.ts';
import type { ApiClient } from '../api/client.ts';
import type { ApiFailure } from '../api/failures.ts';
import type { PrintError } from '../receipts/printers.ts';

/** For whom a copy is. */
export type Copy = Printed['copy'];

/** What became of one print. */
export type PrintOutcome =
  { readonly ok: true; readonly printer: Printed['printer'] } | { readonly ok: false; readonly error: PrintError };

/** Prints one copy of a receipt. */
export type PrintReceipt = (
  document: ReceiptDocument,
  options: { readonly copy: Copy; readonly duplicate: boolean },
) => Promise<PrintOutcome>;

/** What printing is wired to. */
export interface PrintingTools {
  readonly api: Pick<ApiClient, 'call'>;
  readonly print: PrintReceipt;
  newId(): string;
}

/**
 * The receipts of one order, on the screen and on paper. A copy that was printed before is a duplicate and says so. What
 * was asked for comes out, also when the screen has turned to another order meanwhile.
 */
export class Printing {
  readonly #tools: PrintingTools;
  /** Another with every order that is opened. */
  #turn = { orderId: '' };
  /** Ends with the print that is under way. */
  #paper: Promise<void> = Promise.resolve();
  #isBusy = $state(false);
  receipts = $state.raw<readonly ReceiptView[]>([]);
  /** Why the receipts could not be fetched; the next print asks again. */
  failure = $state.raw<ApiFailure>();
  /** Why the last copy did not come out; the picture on the screen stands in for it. */
  problem = $state<PrintError>();
  /** The copy that came out last, or whose picture stands in for it. */
  printed = $state<Copy>();

  constructor(tools: PrintingTools) {
    this.#tools = tools;
  }

  get isBusy(): boolean {
    return this.#isBusy;
  }

  /** Turns to an order and prints the merchant's copy of its receipts, when what is still coming out has come. */
  async open(orderId: string): Promise<void> {
    const turn = { orderId };
    this.#turn = turn;
    this.receipts = [];
    this.printed = undefined;
    this.failure = undefined;
    this.problem = undefined;
    await this.#next('merchant', turn);
  }

  /** Prints `copy` of every receipt of the order. */
  async print(copy: Copy): Promise<void> {
    if (!this.#isBusy) await this.#next(copy, this.#turn);
  }

  async #next(copy: Copy, turn: { readonly orderId: string }): Promise<void> {
    this.#isBusy = true;
    const before = this.#paper;
    this.#paper = before.then(() => this.#print(copy, turn)).catch(() => undefined);
    await this.#paper;
    if (turn === this.#turn) this.#isBusy = false;
  }

  async #print(copy: Copy, turn: { readonly orderId: string }): Promise<void> {
    const isShown = (): boolean => turn === this.#turn;
    if (isShown()) this.problem = undefined;
    const receipts = isShown() && this.receipts.length > 0 ? this.receipts : await this.#fetch(turn);
    for (const receipt of receipts) {
      const outcome = await this.#tools.print(receipt.document, { copy, duplicate: receipt.prints[copy] > 0 });
      if (!outcome.ok && isShown()) this.problem = outcome.error;
      await this.#tell(receipt.document.id, copy, outcome.ok ? outcome.printer : 'picture');
    }
    if (isShown() && receipts.length > 0) this.printed = copy;
  }

  async #fetch(turn: { readonly orderId: string }): Promise<readonly ReceiptView[]> {
    const answer = await this.#tools.api.call('appReceipts', { params: { id: turn.orderId } });
    const receipts = answer.ok ? answer.value.items : [];
    if (turn === this.#turn) {
      this.failure = answer.ok ? undefined : answer;
      this.receipts = receipts;
    }
    return receipts;
  }

  /** The next print of the same copy is a duplicate, also when the server cannot be told now. */
  async #tell(receiptId: string, copy: Copy, printer: Printed['printer']): Promise<void> {
    const body = { id: this.#tools.newId(), copy, printer };
    const answer = await this.#tools.api.call('appPrinted', { params: { id: receiptId }, body });
    this.receipts = this.receipts.map((receipt) => {
      if (receipt.document.id !== receiptId) return receipt;
      if (answer.ok) return { ...receipt, prints: answer.value.prints };
      return { ...receipt, prints: { ...receipt.prints, [copy]: receipt.prints[copy] + 1 } };
    });
  }
}
