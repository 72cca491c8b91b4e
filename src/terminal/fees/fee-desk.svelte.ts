import type { FeeMenu, HouseholdView, QuoteView } from '../../../protocol/http/fees-terminal.ts';
import { failure } from '../../api/failures.ts';
import type { ApiFailure, ApiResult } from '../../api/failures.ts';
import type { HostOptions, LinkHost } from '../../phone-link/contract.ts';
import type { Key } from '../flow/keys.ts';
import type { KeptStore } from '../link/kept.ts';
import type { LayLines } from '../print-receipt.ts';
import type { PrintOutcome } from '../printing.svelte.ts';
import type { FeeApi } from './fee-api.ts';
import { FeePayment } from './fee-payment.svelte.ts';
import { PhoneScan } from './phone-scan.svelte.ts';
import type { PhoneScanTools } from './phone-scan.svelte.ts';
import { FeePrinting } from './fee-printing.svelte.ts';
import { patiently } from './patience.svelte.ts';
import { offerOf } from './flow/fee-screens.ts';
import type { Entry, FeeScreen, ServiceOffer } from './flow/fee-screens.ts';
import { isUnderWay, mayPayHere } from './flow/fee-stage.ts';
import { idleAt, idlePlan } from './flow/idle.ts';
import type { Idle } from './flow/idle.ts';
import { pressOnFee } from './flow/press-fee.ts';
import type { FeeIntent, FeeNotice, PressFacts } from './flow/press-fee.ts';

/** What the fee desk is wired to. */
export interface FeeDeskTools extends Pick<PhoneScanTools, 'answerPhone'> {
  readonly api: FeeApi;
  readonly kept: KeptStore;
  host(options: Pick<HostOptions, 'onState' | 'onMessage'>): LinkHost;
  print(lay: LayLines): Promise<PrintOutcome>;
  /** Epoch ms of this device; reactive where a screen counts down. */
  now(): number;
  /** The server's time, epoch ms. */
  serverNow(): number;
  newId(): string;
  pause(ms: number, signal: AbortSignal): Promise<void>;
  pollMs(): number;
  language(): 'zh' | 'en';
  /** The person reads slowly: read aloud, or in large letters. */
  isSlow(): boolean;
  /** Says a text in place of what is being said. */
  say(text: string): void;
  /** Changes how the terminal speaks and looks. */
  choose(setting: 'voice' | 'large' | 'language'): void;
  /** Back to the channel list; `off`: and then dark. */
  leave(isOff: boolean): void;
}

/** What a quote is for: bills, or a payment in advance. */
interface Asked {
  readonly billIds?: readonly string[];
  readonly topUpFen?: number;
}

/**
 * The desk for fees: which screen stands and what a key leads to. What a key means is decided by `pressOnFee` (pure);
 * this class does it. Number and secret are forgotten as soon as the household is known, everything else when it is left.
 */
export class FeeDesk {
  readonly tools: FeeDeskTools;
  readonly payment: FeePayment;
  readonly printing: FeePrinting;
  readonly scan: PhoneScan;
  #touchedMs: number;
  /** Of the visit: what its quotes are for, so that they can be made anew. */
  #asked: Asked = {};
  #spoken = '';

  screen = $state.raw<FeeScreen>({ at: 'services' });
  menu = $state.raw<FeeMenu>();
  household = $state.raw<HouseholdView>();
  /** The service of the household. */
  entry = $state.raw<Omit<Entry, 'secret' | 'number'>>();
  notice = $state<FeeNotice>();
  /** Why the last call came to nothing; the screen that it belongs to says it. */
  failure = $state.raw<ApiFailure>();
  /** A payment that never reached the server before the power went, fen. */
  lostFen = $state<number>();
  idle = $state.raw<Idle>({ at: 'active' });
  /** Counts presses of the key that scrolls. */
  scrolls = $state(0);

  constructor(tools: FeeDeskTools) {
    this.tools = tools;
    this.#touchedMs = tools.now();
    this.printing = new FeePrinting(tools);
    this.payment = new FeePayment({
      ...tools,
      requote: () => this.#makeQuote(),
      hasVisit: () => this.household !== undefined,
      onAlive: () => this.touch(),
      onPaid: () => void this.#printPaid(),
    });
    this.scan = new PhoneScan(tools, this.payment.link);
  }

  get offer(): ServiceOffer | undefined {
    return this.entry && offerOf(this.menu, this.entry);
  }

  get facts(): PressFacts {
    const { menu, household, offer } = this;
    const { stage, view, job } = this.payment;
    const here = view?.here ?? [];
    const triedHere = job?.kind === 'qr' ? job.channel : undefined;
    return { menu, household, offer, stage, here, triedHere, isPrinting: this.printing.isBusy };
  }

  /** Another tab is the terminal now: it takes up what is kept. */
  stop(): void {
    this.payment.stop();
    this.printing.clear();
  }

  /** Begins with the list of services. */
  async open(): Promise<void> {
    this.touch();
    this.#forget();
    this.show({ at: 'services' });
    await this.#fetchMenu();
  }

  /** What became of the payment that was in hand when the power went; false when there was none. */
  async recover(): Promise<boolean> {
    const job = await this.tools.kept.read('fee');
    if (job === undefined) return false;
    this.touch();
    this.show({ at: 'bill' });
    const { lost } = await this.payment.recover(job);
    if (lost !== undefined) {
      this.lostFen = lost;
      this.show({ at: 'services' });
      await this.#fetchMenu();
    }
    return true;
  }

  /** A key was pressed. While the screen asks whether somebody is there, any key only says yes. */
  press(key: Key): void {
    const wasAsking = this.idle.at === 'asking';
    this.touch();
    if (wasAsking) return;
    this.notice = undefined;
    if (key === 'power') return this.#off();
    const intent = pressOnFee(this.screen, key, this.facts);
    if (intent !== undefined) void this.#do(intent);
  }

  /** A hand or a phone is there. */
  touch(): void {
    this.#touchedMs = this.tools.now();
    this.idle = { at: 'active' };
  }

  /** Once a second: whether somebody is there, whether the quote is still true. */
  tick(): void {
    const { stage } = this.payment;
    const paying = stage !== undefined && isUnderWay(stage);
    const plan = idlePlan({ onPhone: stage === 'on-phone', paying, slow: this.tools.isSlow() });
    const idle = idleAt(plan, this.#touchedMs, this.tools.now());
    if (idle.at !== 'active' || this.idle.at !== 'active') this.idle = idle;
    if (idle.at === 'over') void this.leave('idle');
    else if (['bill', 'ways', 'scan-phone'].includes(this.screen.at)) void this.payment.checkTime();
  }

  /** The server says that something changed, or is there again. */
  heard(): void {
    this.payment.retryNow();
    void this.payment.heard();
  }

  /** What the screen says when it is read aloud. */
  speaks(text: string): void {
    this.#spoken = text;
  }

  /** Ends everything: nothing of the household stays. A payment under way goes on at the platform and on the phone. */
  async leave(reason: 'done' | 'cancelled' | 'idle' | 'off'): Promise<void> {
    this.#forget();
    this.touch();
    this.show({ at: 'services' });
    this.tools.leave(reason === 'off');
    await this.payment.end(reason);
  }

  show(screen: FeeScreen): void {
    const isSame = screen.at === this.screen.at || screen.at === 'help' || this.screen.at === 'help';
    if (!isSame) this.failure = undefined;
    this.screen = screen;
  }

  async #do(intent: FeeIntent): Promise<void> {
    switch (intent.do) {
      case 'show':
        if (intent.screen.at === 'services') this.#forget();
        if (intent.screen.at === 'household') void this.#refreshHousehold();
        return this.show(intent.screen);
      case 'say':
        this.notice = intent.notice;
        return;
      case 'look':
        return this.#look(intent.entry);
      case 'menu':
        return this.#fetchMenu();
      case 'leave':
        return this.leave('done');
      case 'read':
        return this.tools.say(this.#spoken);
      case 'scroll':
        this.scrolls += 1;
        return;
      case 'voice':
      case 'large':
      case 'language':
        return this.tools.choose(intent.do);
      case 'quote':
        return this.#quote({ billIds: intent.billIds });
      case 'top-up':
        return this.#quote({ topUpFen: intent.topUpFen });
      default:
        return this.#doOnQuote(intent);
    }
  }

  async #doOnQuote(intent: FeeIntent): Promise<void> {
    const { payment, printing } = this;
    switch (intent.do) {
      case 'same':
        return payment.link.same();
      case 'not-same':
        return payment.link.notSame();
      case 'new-code':
        return payment.link.renew();
      case 'camera':
        return this.scan.toggleCamera();
      case 'accept-change':
        return payment.acceptChange();
      case 'pay-here':
        this.show({ at: 'bill' });
        return payment.payHere(intent.channel);
      case 'cancel':
        this.show({ at: 'bill' });
        return payment.cancel();
      case 'other-way':
        return this.#otherWay();
      case 'again':
        return payment.again();
      case 'drop-quote':
        return this.#dropQuote();
      case 'put-down':
        return this.#putDown();
      case 'print':
        return this.screen.at === 'receipt' ? void (await printing.print()) : this.#printPaid(true);
      case 'print-bill':
        return payment.document && void (await printing.printBill(payment.document));
      case 'open-receipt':
        this.show({ at: 'receipt', receiptNo: intent.receiptNo });
        return this.household && printing.open(intent.receiptNo, this.household.visit);
      default:
        return undefined;
    }
  }

  #off(): void {
    const { stage } = this.payment;
    if (stage !== undefined && isUnderWay(stage)) this.notice = 'busy';
    else void this.leave('off');
  }

  #forget(): void {
    this.household = undefined;
    this.entry = undefined;
    this.notice = undefined;
    this.failure = undefined;
    this.lostFen = undefined;
    this.#asked = {};
    this.printing.clear();
  }

  async #fetchMenu(): Promise<void> {
    this.failure = undefined;
    const answer = await patiently(this.tools, () => this.tools.api.menu());
    if (answer.ok) this.menu = answer.value;
    else this.failure = answer;
  }

  async #look(entry: Entry): Promise<void> {
    const { menu } = this;
    if (menu === undefined) return;
    this.failure = undefined;
    this.show({ at: 'looking', entry });
    const answer = await this.#lookup(entry, menu);
    const { screen } = this;
    // The person may have gone back meanwhile.
    if (screen.at !== 'looking' || screen.entry !== entry) return;
    if (answer.ok) {
      const { service, payeeId } = entry;
      this.entry = { service, payeeId };
      this.household = answer.value;
      return this.show({ at: 'household' });
    }
    // Which of the two was wrong is not said, so both are typed anew only where that helps.
    this.show({
      at: 'number',
      entry: { ...entry, secret: '', number: answer.error === 'not-found' ? '' : entry.number },
    });
    this.failure = answer;
  }

  /** The key of the menu may have been changed since it was fetched: then it is fetched and the number sealed once more. */
  async #lookup(entry: Entry, menu: FeeMenu): Promise<ApiResult<HouseholdView>> {
    const answer = await this.tools.api.lookup(entry, menu.lookupKey);
    if (answer.ok || answer.field !== 'sealed') return answer;
    const again = await this.tools.api.menu();
    if (!again.ok) return again;
    this.menu = again.value;
    return this.tools.api.lookup(entry, again.value.lookupKey);
  }

  async #refreshHousehold(): Promise<void> {
    const { household } = this;
    if (household === undefined) return;
    const answer = await this.tools.api.household(household.visit);
    if (this.household !== household) return;
    if (answer.ok) this.household = answer.value;
  }

  async #quote(asked: Asked): Promise<void> {
    this.#asked = asked;
    const before = this.screen;
    this.failure = undefined;
    this.show({ at: 'quoting' });
    const answer = await patiently(this.tools, () => this.#makeQuote());
    // The person may have gone back, and asked for other bills since.
    if (this.screen.at !== 'quoting' || this.#asked !== asked) return;
    if (answer.ok && this.payment.begin(answer.value)) return this.show({ at: 'bill' });
    const trouble = answer.ok ? failure('unreadable') : answer;
    if (isVisitOver(trouble)) return this.#visitOver(trouble);
    this.show(before);
    this.failure = trouble;
    void this.#refreshHousehold();
  }

  #makeQuote(): Promise<ApiResult<QuoteView>> {
    const { household } = this;
    const { billIds, topUpFen } = this.#asked;
    if (household === undefined) return Promise.resolve(failure('expired'));
    return this.tools.api.makeQuote({
      ...{ id: this.tools.newId(), visit: household.visit },
      ...(billIds === undefined ? {} : { billIds: [...billIds] }),
      ...(topUpFen === undefined ? {} : { topUpFen }),
    });
  }

  /** The number must be typed again; the service is still known. */
  #visitOver(trouble: ApiFailure): void {
    const { entry } = this;
    this.#forget();
    this.show(entry === undefined ? { at: 'services' } : { at: 'number', entry: { ...entry, number: '', secret: '' } });
    this.failure = trouble;
  }

  /** The code that is shown is ended at its platform first. Paid by then, it is paid. */
  async #otherWay(): Promise<void> {
    await this.payment.cancel();
    if (this.screen.at === 'bill' && mayPayHere(this.payment.stage)) this.show({ at: 'ways' });
  }

  async #dropQuote(): Promise<void> {
    this.show({ at: this.household === undefined ? 'services' : 'household' });
    await this.payment.end('cancelled');
    await this.#refreshHousehold();
  }

  /** Its end was seen: back to the household where more is owed, otherwise to the channel list. */
  async #putDown(): Promise<void> {
    const isPaid = this.payment.stage === 'paid';
    if (isPaid || this.household === undefined) return this.leave('done');
    await this.#dropQuote();
  }

  /** Prints the receipt of what was just paid; the phone is told how that goes. */
  async #printPaid(isAsked = false): Promise<void> {
    const { payment, printing } = this;
    const { receipt } = payment.view ?? {};
    if (receipt === undefined) return;
    // After a power cut it may have come out before: then a key prints it again, marked as a duplicate.
    const taken = await printing.take(receipt);
    if (taken === undefined || !(taken.isNew || isAsked)) return;
    payment.tellPrint('printing');
    const isOut = await printing.print(taken);
    payment.tellPrint(isOut ? 'printed' : 'no-paper');
  }
}

/** The server no longer knows who this is; a bill that is not to be had says `not-in-state`. */
function isVisitOver({ error, field }: ApiFailure): boolean {
  return error === 'expired' || (error === 'not-found' && (field === undefined || field === 'visit'));
}
