import type { FeeReceipt, QuoteDocument, SignedDocument } from '../../../protocol/fees/documents.ts';
import { layoutFeeBill, layoutFeeReceipt } from '../../../protocol/receipt/fee-layout.ts';
import type { FeePaperSetting } from '../../../protocol/receipt/fee-layout.ts';
import type { ApiFailure } from '../../api/failures.ts';
import type { PrintError } from '../../receipts/printers.ts';
import type { LayLines } from '../print-receipt.ts';
import type { PrintOutcome } from '../printing.svelte.ts';
import type { FeeApi } from './fee-api.ts';
import { readFeeReceipt } from './flow/documents.ts';

/** What printing of fees is wired to. */
export interface FeePrintingTools {
  readonly api: FeeApi;
  print(lay: LayLines): Promise<PrintOutcome>;
  newId(): string;
  language(): 'zh' | 'en';
}

/** A receipt to print. `isNew`: it never came out before. */
interface TakenReceipt {
  readonly receipt: FeeReceipt;
  readonly isNew: boolean;
}

/** Width of the picture on the screen. */
const columns = 32;

/** One paper at a time: a receipt, or a bill to take home. A receipt that was printed before says so. */
export class FeePrinting {
  readonly #tools: FeePrintingTools;
  #visit: string | undefined;
  #isFetching = $state(false);
  #isPrinting = $state(false);
  /** The paper that comes out now. */
  #paper: Promise<unknown> = Promise.resolve();
  /** Counts what was asked for: an answer to an earlier question changes nothing. */
  #asked = 0;

  /** The receipt that is shown or printed. */
  receipt = $state.raw<FeeReceipt>();
  prints = $state(0);
  /** Why it could not be fetched. */
  failure = $state.raw<ApiFailure>();
  /** Why the last paper did not come out. */
  problem = $state<PrintError>();
  /** What came out last. */
  done = $state<'receipt' | 'bill'>();

  constructor(tools: FeePrintingTools) {
    this.#tools = tools;
  }

  get isBusy(): boolean {
    return this.#isFetching || this.#isPrinting;
  }

  /** How the paper is set now. */
  get setting(): FeePaperSetting {
    return { columns, language: this.#tools.language(), duplicate: this.prints > (this.done === 'receipt' ? 1 : 0) };
  }

  /** Forgets the paper of before. */
  clear(): void {
    this.#asked += 1;
    this.#isFetching = false;
    this.receipt = undefined;
    this.#visit = undefined;
    this.prints = 0;
    this.failure = undefined;
    this.problem = undefined;
    this.done = undefined;
  }

  /** Fetches a past receipt to show it. */
  async open(receiptNo: string, visit: string): Promise<void> {
    this.clear();
    const asked = this.#asked;
    this.#visit = visit;
    this.#isFetching = true;
    const answer = await this.#tools.api.receipt(receiptNo, visit);
    if (asked !== this.#asked) return;
    this.#isFetching = false;
    if (answer.ok) {
      this.receipt = readFeeReceipt(answer.value.document);
      this.prints = answer.value.prints;
    } else this.failure = answer;
  }

  /** Takes the receipt of a payment that was just made. */
  async take(signed: SignedDocument): Promise<TakenReceipt | undefined> {
    const receipt = readFeeReceipt(signed);
    if (receipt === undefined) return undefined;
    if (receipt.receiptNo === this.receipt?.receiptNo) return { receipt: this.receipt, isNew: this.prints === 0 };
    this.clear();
    this.receipt = receipt;
    const known = await this.#tools.api.receipt(receipt.receiptNo, undefined);
    const prints = known.ok ? known.value.prints : 0;
    if (this.receipt === receipt) this.prints = prints;
    return { receipt, isNew: prints === 0 };
  }

  /**
   * Prints the receipt that is shown; or one that was taken, also when whoever paid has left the screen by then. False when
   * it did not come out; the picture on the screen stands in for it.
   */
  async print(taken?: TakenReceipt): Promise<boolean> {
    const receipt = taken?.receipt ?? this.receipt;
    // A bill to take home may still be coming out.
    while (this.#isPrinting) await this.#paper;
    const isShown = receipt === this.receipt;
    if (receipt === undefined || (taken === undefined && !isShown)) return false;
    const isNew = isShown ? this.prints === 0 : taken?.isNew === true;
    if (isShown) this.done = undefined;
    const setting = { ...this.setting, duplicate: !isNew };
    const isOut = await this.#put((columns) => layoutFeeReceipt(receipt, { ...setting, columns }), 'receipt');
    // Of no interest to whoever stands at the screen by now.
    if (receipt !== this.receipt) this.done = this.problem = undefined;
    if (isOut) await this.#count(receipt);
    return isOut;
  }

  /** Prints a bill to take home. */
  async printBill(document: QuoteDocument): Promise<boolean> {
    if (this.isBusy) return false;
    this.clear();
    const setting = { language: this.#tools.language(), duplicate: false };
    return this.#put((columns) => layoutFeeBill(document, { ...setting, columns }), 'bill');
  }

  async #put(lay: LayLines, what: 'receipt' | 'bill'): Promise<boolean> {
    this.#isPrinting = true;
    this.problem = undefined;
    const printing = this.#tools.print(lay);
    this.#paper = printing;
    const outcome = await printing;
    this.#isPrinting = false;
    if (outcome.ok) this.done = what;
    else this.problem = outcome.error;
    return outcome.ok;
  }

  /** The next print is a duplicate, also when the server cannot be told now. */
  async #count(receipt: FeeReceipt): Promise<void> {
    const { receiptNo } = receipt;
    const isShown = receipt === this.receipt;
    if (isShown) this.prints += 1;
    const body = { id: this.#tools.newId(), ...(this.#visit === undefined || !isShown ? {} : { visit: this.#visit }) };
    const answer = await this.#tools.api.printed(receiptNo, body);
    if (answer.ok && this.receipt?.receiptNo === receiptNo) this.prints = Math.max(this.prints, answer.value.prints);
  }
}
