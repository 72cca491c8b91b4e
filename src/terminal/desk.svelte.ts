import type { AppHome } from '../../protocol/http/terminal-app.ts';
import { failure } from '../api/failures.ts';
import type { ApiFailure } from '../api/failures.ts';
import { i18n } from '../i18n/i18n.svelte.ts';
import type { Language } from '../i18n/languages.ts';
import { channelOfCode, isCustomerCode } from './flow/customer-code.ts';
import { fenOf } from './flow/amount.ts';
import type { Key } from './flow/keys.ts';
import { pressOn, routesOf } from './flow/press.ts';
import type { Facts, Intent, Notice } from './flow/press.ts';
import { isHarmless } from './flow/screens.ts';
import type { Screen, Way } from './flow/screens.ts';
import { isFinal, standsStill, takesCard } from './flow/stage.ts';
import type { BackOffice } from './back-office.ts';
import { BoardReport } from './board-report.ts';
import type { TerminalDevice, CardProblem } from './link/device.svelte.ts';
import type { KeptStore, Settings } from './link/kept.ts';
import type { TerminalLink } from './link/link.svelte.ts';
import { isEndSeen, takeNamed } from './named-order.ts';
import { Payment } from './payment.svelte.ts';
import type { FeeDesk } from './fees/fee-desk.svelte.ts';
import type { PrinterDesk } from './printer-desk.svelte.ts';
import type { Printing } from './printing.svelte.ts';

/** Harmless screens that nobody touches go back to the channel list after this time, ms. */
export const idleMs = 90_000;
/** How often the channel list and the board's report are renewed, ms. */
const renewMs = 60_000;

/** What the desk is wired to. */
export interface DeskTools {
  readonly link: Pick<TerminalLink, 'api' | 'events' | 'network' | 'fetch'>;
  readonly kept: KeptStore;
  readonly device: TerminalDevice;
  readonly printing: Printing;
  /** Epoch ms of this device; reactive where a screen counts down. */
  now(): number;
  newId(): string;
  pause(ms: number, signal: AbortSignal): Promise<void>;
  /** Names the build of the app. */
  version(): Promise<string>;
  chooseLanguage(language: Language): Promise<boolean>;
  /** Nobody needs the screen now. */
  rest(): void;
}

const defaultSettings: Settings = { isOn: false, isLarge: false, isVoice: false };

/**
 * The terminal's desk: which screen stands, and what a key leads to. What a key means is decided by `pressOn` (pure);
 * this class does it.
 */
export class TerminalDesk {
  readonly tools: DeskTools;
  readonly payment: Payment;
  #back: BackOffice | undefined;
  #lastTouchMs = 0;
  /** Server's time minus this device's, ms. */
  #offsetMs = 0;
  #lastRenewMs = 0;
  readonly #board: BoardReport;
  /** The way by card whose reading came to nothing. */
  #cardWay = $state.raw<Way>();

  screen = $state.raw<Screen>({ at: 'off' });
  notice = $state<Notice>();
  home = $state.raw<AppHome>();
  /** Why the channel list could not be fetched. */
  homeFailure = $state.raw<ApiFailure>();
  settings = $state.raw<Settings>(defaultSettings);
  cardProblem = $state<CardProblem>();
  /** Why the last act after a payment failed. */
  failure = $state.raw<ApiFailure>();
  /** A payment that never reached the server, fen: nothing was charged. */
  lostFen = $state<number>();
  isCameraOpen = $state(false);
  /** The desk for fees; absent until it is opened. */
  fees = $state.raw<FeeDesk>();
  /** The printer's settings; absent until they are opened. */
  printers = $state.raw<PrinterDesk>();

  constructor(tools: DeskTools) {
    this.tools = tools;
    this.#lastTouchMs = tools.now();
    this.#board = new BoardReport(tools);
    this.payment = new Payment({
      api: tools.link.api,
      kept: tools.kept,
      serverNow: () => this.serverNow(),
      newId: tools.newId,
      pause: tools.pause,
      pollMs: () => (tools.link.events.state === 'open' ? 5_000 : 1_000),
    });
  }

  /** The server's time, epoch ms; reactive. */
  serverNow(): number {
    return this.tools.now() + this.#offsetMs;
  }

  get facts(): Facts {
    const { stage, order } = this.payment;
    const isFailed = this.cardProblem !== undefined && standsStill(stage);
    const card = this.tools.device.stage !== undefined ? 'reading' : isFailed ? 'failed' : undefined;
    const printer = this.settings.printer?.kind;
    return {
      ...{ home: this.home, stage, paidFen: order?.paidFen ?? 0 },
      ...(card === undefined ? {} : { card }),
      ...(printer === undefined ? {} : { printer }),
    };
  }

  /** A channel's name in the reader's language. */
  channelName(channel: string): string {
    return routesOf(this.facts).find((route) => route.channel === channel)?.name[i18n.language] ?? channel;
  }

  /** The channel and the amount that a card is read for. */
  get cardName(): string {
    return this.#cardWay === undefined ? '' : this.channelName(this.#cardWay.channel);
  }
  get cardFen(): number {
    return this.#cardWay?.amountFen ?? this.payment.leftFen;
  }

  /** Takes up what was left, and follows the server; gives the way to stop. */
  start(): () => void {
    const { events } = this.tools.link;
    const stops = [
      events.on('payments', (id) => void this.#heard(id)),
      events.on('control', () => void this.renew()),
      events.onReconnect(() => void this.#reconnected()),
    ];
    const timer = setInterval(() => void this.#tick(), 1_000);
    stops.push(() => clearInterval(timer));
    events.start();
    void this.#takeUp();
    return () => {
      for (const stop of stops) stop();
      events.stop();
      // Another tab may be the terminal now: it takes up what is kept, and nobody else goes on with it.
      this.payment.stop();
      this.fees?.stop();
    };
  }

  /** A key was pressed, on whatever keypad. */
  press(key: Key): void {
    this.#lastTouchMs = this.tools.now();
    this.notice = undefined;
    this.failure = undefined;
    if (this.screen.at === 'fees') return this.fees?.press(key);
    const intent = pressOn(this.screen, key, this.facts);
    if (intent !== undefined) void this.#do(intent);
  }

  /** Changes a setting by its button. */
  choose(setting: 'voice' | 'large' | 'language'): void {
    this.#lastTouchMs = this.tools.now();
    void this.#do({ do: setting });
  }

  /** A scanner, a camera or a person gave a customer's code. */
  takeCode(code: string): void {
    this.isCameraOpen = false;
    const { screen } = this;
    if (!isCustomerCode(code)) this.notice = 'no-code';
    else if (screen.at === 'amount' && fenOf(screen.text) !== undefined)
      void this.#takeCode(code, fenOf(screen.text) ?? 0);
    else if (screen.at === 'ways' || screen.at === 'scan' || screen.at === 'split')
      void this.#takeCode(code, screen.amountFen);
    else if (screen.at === 'payment') {
      if (this.payment.stage?.at === 'qr' || this.payment.stage?.at === 'open') void this.#takeCode(code, 0);
    } else if (isHarmless(screen)) this.#askAmount(code);
  }

  /** Fetches the channel list anew. */
  async renew(): Promise<void> {
    const answer = await this.tools.link.api.call('appHome');
    this.homeFailure = answer.ok ? undefined : answer;
    if (!answer.ok) return;
    this.home = answer.value;
    this.#offsetMs = Date.parse(answer.value.now) - this.tools.now();
    await takeNamed(this, answer.value.currentOrderId);
  }

  /** Brings the card reader a key when it has none. */
  async fetchCardKey(): Promise<void> {
    const { device, link } = this.tools;
    await device.ensureCardKey(async () => {
      const answer = await link.api.call('appCardKey');
      return answer.ok ? answer.value.keyBlock : undefined;
    });
  }

  /** Shows a screen; what was said on the one before is gone. */
  show(screen: Screen): void {
    this.isCameraOpen = false;
    this.screen = screen;
  }

  /** Changes a setting and keeps it. */
  async set(change: Partial<Settings>): Promise<void> {
    this.settings = { ...this.settings, ...change };
    await this.tools.kept.write('settings', this.settings);
  }

  /** Ends with what is shown: back to the channel list, or on with the order that came meanwhile. */
  async finish(): Promise<void> {
    await this.putDown();
    await this.renew();
  }

  /** Puts the order in hand down: its end was seen. */
  async putDown(): Promise<void> {
    const { orderId } = this.payment.job ?? {};
    if (orderId !== undefined) await this.set({ doneOrderId: orderId });
    await this.payment.done();
    this.cardProblem = undefined;
    this.lostFen = undefined;
    this.show({ at: 'channels' });
  }

  async #do(intent: Intent): Promise<void> {
    switch (intent.do) {
      case 'show':
        return this.show(intent.screen);
      case 'say':
        this.notice = intent.notice;
        return;
      case 'pay':
        return this.#pay(intent.amountFen, intent.way);
      case 'offer':
        return this.#offer(intent);
      case 'take-code':
        return this.#takeCode(intent.code, intent.amountFen);
      case 'cancel':
        this.cardProblem = undefined;
        this.show({ at: 'payment' });
        return this.payment.cancel();
      case 'cancel-card':
        return this.tools.device.cancelCard();
      case 'again':
        return this.#cardWay && this.#readCard(this.#cardWay);
      case 'done':
        return this.finish();
      case 'wake':
        this.show({ at: 'channels' });
        await this.set({ isOn: true });
        return this.renew();
      case 'sleep':
        this.show({ at: 'off' });
        await this.set({ isOn: false });
        return this.tools.rest();
      case 'printer':
        return this.printers?.do(intent.act);
      case 'camera':
        this.isCameraOpen = !this.isCameraOpen;
        return;
      case 'voice':
        return this.set({ isVoice: !this.settings.isVoice });
      case 'large':
        return this.set({ isLarge: !this.settings.isLarge });
      case 'language':
        await this.tools.chooseLanguage(i18n.language === 'zh' ? 'en' : 'zh');
        return;
      default:
        return this.#doBehind(intent);
    }
  }

  /** What is done after a payment: its code is fetched behind the first screen. */
  async #doBehind(intent: Intent): Promise<void> {
    this.failure = undefined;
    try {
      const module = await import('./back-office.ts');
      this.#back ??= new module.BackOffice(this);
    } catch {
      this.failure = failure('offline');
      return;
    }
    await this.#back.do(intent);
  }

  async #takeUp(): Promise<void> {
    this.settings = (await this.tools.kept.read('settings')) ?? defaultSettings;
    const job = await this.tools.kept.read('job');
    if (job !== undefined) this.show({ at: 'payment' });
    else if (this.settings.isOn) this.show({ at: 'channels' });
    const renewed = this.renew();
    if (job === undefined && (await this.tools.kept.read('fee')) !== undefined) await this.#doBehind({ do: 'fees' });
    if (job === undefined) return renewed;
    const { lost } = await this.payment.recover();
    if (lost === undefined) return;
    this.lostFen = lost;
    this.show({ at: 'channels' });
  }

  async #reconnected(): Promise<void> {
    this.payment.retryNow();
    await Promise.all([this.payment.heard(this.payment.job?.orderId ?? ''), this.renew()]);
  }

  async #heard(orderId: string): Promise<void> {
    if (orderId === this.payment.job?.orderId) await this.payment.heard(orderId);
    else await this.renew();
  }

  async #tick(): Promise<void> {
    const nowMs = this.tools.now();
    const isIdle = nowMs - this.#lastTouchMs >= idleMs;
    if (isIdle && isHarmless(this.screen) && this.screen.at !== 'channels') this.show({ at: 'channels' });
    const { stage } = this.payment;
    // What it would give back is no part any more.
    if (this.screen.at === 'ask-cancel' && stage !== undefined && isFinal(stage)) this.show({ at: 'payment' });
    void this.#board.tell(stage?.at ?? this.screen.at);
    if (nowMs - this.#lastRenewMs < renewMs) return;
    this.#lastRenewMs = nowMs;
    if (this.payment.job === undefined || isEndSeen(this)) await this.renew();
  }

  #askAmount(code: string): void {
    const route = channelOfCode(routesOf(this.facts), code);
    if (route === undefined) this.notice = 'unknown-code';
    else this.show({ at: 'amount', channel: route.channel, text: '', authCode: code });
  }

  async #pay(amountFen: number, way: Way): Promise<void> {
    this.show({ at: 'payment' });
    this.cardProblem = undefined;
    if (way.kind === 'card') return this.#payByCard(amountFen, way);
    if (this.payment.job === undefined) await this.payment.begin(amountFen, way);
    else await this.payment.pay(way);
  }

  /** The order comes first: its number stands on the device's screen while the card is read. */
  async #payByCard(amountFen: number, way: Way): Promise<void> {
    if (this.payment.job === undefined) await this.payment.begin(amountFen);
    await this.#readCard(way);
  }

  async #readCard(way: Way): Promise<void> {
    const { order } = this.payment;
    if (order === undefined || this.payment.refusal !== undefined || !takesCard(this.payment.stage)) return;
    this.cardProblem = undefined;
    this.#cardWay = way;
    const amountFen = way.amountFen ?? order.leftFen;
    const { language } = i18n;
    await this.fetchCardKey();
    // Cancelled meanwhile, or ended by somebody else: the customer is not asked for a card any more.
    if (this.payment.order?.id !== order.id || !takesCard(this.payment.stage)) return;
    const card = await this.tools.device.readCard({ amountFen, orderNo: order.orderNo, language });
    if (this.payment.order?.id !== order.id) return;
    if (card.ok) return this.payment.pay(way, card.value);
    this.cardProblem = card.error;
  }

  async #offer({ amountFen: asked, why }: Extract<Intent, { do: 'offer' }>): Promise<void> {
    const amountFen = asked === 0 ? this.payment.leftFen : asked;
    this.show({ at: 'ways', why, amountFen, back: this.screen });
    const answer = await this.tools.link.api.call('appRoutes', { query: { amountFen: String(amountFen) } });
    const { screen } = this;
    if (screen.at !== 'ways' || screen.amountFen !== amountFen || screen.view !== undefined) return;
    if (answer.ok) this.screen = { ...screen, view: answer.value };
    else this.homeFailure = answer;
  }

  async #takeCode(code: string, asked: number): Promise<void> {
    if (!isCustomerCode(code)) {
      this.notice = 'no-code';
      return;
    }
    const amountFen = asked === 0 ? this.payment.leftFen : asked;
    const guess = channelOfCode(routesOf(this.facts), code);
    const { screen } = this;
    const answer = await this.tools.link.api.call('appAuthCode', { body: { authCode: code } });
    // Whoever went back or on meanwhile, or scanned twice, does not want it charged any more.
    if (this.screen !== screen) return;
    const channel = answer.ok ? answer.value.channel : guess?.channel;
    if (channel === undefined) this.notice = 'unknown-code';
    else await this.#pay(amountFen, { channel, kind: 'scan', authCode: code });
  }
}
