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

/** The receipts of one order, on the screen and on paper. A copy that was printed before is a duplicate and says so. */
export class Printing {
  readonly #tools: PrintingTools;
  #isBusy = $state(false);
  receipts = $state.raw<readonly ReceiptView[]>([]);
  /** Why the receipts could not be fetched. */
  failure = $state.raw<ApiFailure>();
  /** Why the last copy did not come out; the picture on the screen stands in for it. */
  problem = $state<PrintError>();
  /** The copy that came out last. */
  printed = $state<Copy>();

  constructor(tools: PrintingTools) {
    this.#tools = tools;
  }

  get isBusy(): boolean {
    return this.#isBusy;
  }

  /** Fetches the receipts of an order. */
  async open(orderId: string): Promise<void> {
    this.receipts = [];
    this.printed = undefined;
    this.problem = undefined;
    this.#isBusy = true;
    const answer = await this.#tools.api.call('appReceipts', { params: { id: orderId } });
    this.#isBusy = false;
    this.failure = answer.ok ? undefined : answer;
    if (answer.ok) this.receipts = answer.value.items;
  }

  /** Prints `copy` of every receipt of the order. */
  async print(copy: Copy): Promise<void> {
    if (this.#isBusy) return;
    this.#isBusy = true;
    this.problem = undefined;
    for (const receipt of this.receipts) {
      const outcome = await this.#tools.print(receipt.document, { copy, duplicate: receipt.prints[copy] > 0 });
      if (!outcome.ok) this.problem = outcome.error;
      await this.#tell(receipt.document.id, copy, outcome.ok ? outcome.printer : 'picture');
    }
    this.printed = copy;
    this.#isBusy = false;
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
