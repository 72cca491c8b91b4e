import type { RoutesView, RouteView } from '../../../protocol/http/payments.ts';
import type { AppHome } from '../../../protocol/http/terminal-app.ts';
import { amountProblem, fenOf, typeAmount } from './amount.ts';
import { isDigit, placeOf } from './keys.ts';
import type { Key } from './keys.ts';
import { pressOnPayment } from './press-payment.ts';
import { pressOnRefund } from './press-refund.ts';
import { firstKind, isHarmless, menuActs, printerActs } from './screens.ts';
import type { MenuAct, PrinterAct, Purpose, Screen, ScreenOf, Way } from './screens.ts';
import type { Stage } from './stage.ts';

/** Why a key did nothing, or what else needs to be known; the screen says it in words. */
export type Notice =
  'amount-first' | 'not-available' | 'busy' | 'no-code' | 'unknown-code' | 'not-found' | 'not-printed' | 'stopped';

/** What a key asks for. `show` only changes the screen; everything else is done by the desk. */
export type Intent =
  | { readonly do: 'show'; readonly screen: Screen }
  | { readonly do: 'say'; readonly notice: Notice }
  | { readonly do: 'pay'; readonly amountFen: number; readonly way: Way }
  | { readonly do: 'offer'; readonly amountFen: number; readonly why: 'over' | 'change' | 'rest' }
  | { readonly do: 'take-code'; readonly code: string; readonly amountFen: number }
  | { readonly do: 'search'; readonly purpose: Purpose; readonly channel: string; readonly text: string }
  | { readonly do: 'open-order'; readonly purpose: Purpose; readonly channel: string; readonly place: number }
  | { readonly do: 'printer'; readonly act: PrinterAct }
  | { readonly do: 'refund'; readonly order: ScreenOf<'order'>['order']; readonly back: Screen }
  | {
      readonly do:
        | 'wake'
        | 'sleep'
        | 'cancel'
        | 'cancel-card'
        | 'again'
        | 'receipt'
        | 'next-copy'
        | 'print-again'
        | 'done'
        | 'settle'
        | 'send-refund'
        | 'camera'
        | 'voice'
        | 'large'
        | 'language'
        | 'reprint'
        | 'fees';
    };

/** What a key may depend on besides the screen. */
export interface Facts {
  readonly home: AppHome | undefined;
  /** Where the payment in hand stands; undefined when there is none. */
  readonly stage: Stage | undefined;
  /** What of that payment is paid already. */
  readonly paidFen: number;
  /** A card is being read, or the last reading came to nothing; absent otherwise. */
  readonly card?: 'reading' | 'failed';
  /** The kind of printer that was chosen; absent until one was. */
  readonly printer?: 'secure-device' | 'serial' | 'usb';
}

/** What a key does on a screen; undefined when nothing. */
export function pressOn(screen: Screen, key: Key, facts: Facts): Intent | undefined {
  if (screen.at === 'off') return { do: 'wake' };
  if (key === 'power') return isHarmless(screen) ? { do: 'sleep' } : { do: 'say', notice: 'busy' };
  switch (screen.at) {
    case 'channels':
      return onChannels(key, facts);
    case 'settings':
      return onSettings(key);
    case 'printer':
      return onPrinter(key, facts);
    case 'welcome':
      return forward(key, { at: 'menu', channel: screen.channel }, { at: 'channels' });
    case 'menu':
      return onMenu(screen, key);
    case 'amount':
      return onAmount(screen, key, facts);
    case 'ways':
      return onWays(screen, key);
    case 'split':
      return onSplit(screen, key, facts);
    case 'scan':
      return onScan(screen, key);
    case 'payment':
    case 'ask-cancel':
    case 'receipt':
      return pressOnPayment(screen, key, facts);
    case 'find':
    case 'found':
    case 'order':
    case 'refund':
      return pressOnRefund(screen, key, facts);
    case 'settle':
    case 'settled':
      return onSettle(screen, key);
    case 'fees':
      // The fee desk has keys of its own (fees/flow/press-fee.ts).
      return undefined;
  }
}

/** Confirm goes forward, cancel goes back. */
export function forward(key: Key, next: Screen, back: Screen): Intent | undefined {
  if (key === 'confirm') return { do: 'show', screen: next };
  return key === 'cancel' ? { do: 'show', screen: back } : undefined;
}

/** The channels as the last answer listed them. */
export function routesOf(facts: Facts): readonly RouteView[] {
  return facts.home?.routes.routes ?? [];
}

function onChannels(key: Key, facts: Facts): Intent | undefined {
  if (key === 'function') return { do: 'show', screen: { at: 'settings' } };
  const routes = routesOf(facts);
  const preselected = routes.find(({ channel }) => channel === facts.home?.routes.preselected);
  if (facts.home !== undefined && placeOf(key, routes.length + 1) === routes.length)
    return facts.home.control.state === 'stopped' ? { do: 'say', notice: 'stopped' } : { do: 'fees' };
  const route = key === 'confirm' ? preselected : routes[placeOf(key, routes.length) ?? -1];
  if (route === undefined) return undefined;
  if (facts.home?.control.state === 'stopped') return { do: 'say', notice: 'stopped' };
  // Also one that takes nothing now: the welcome says why, and its menu still refunds and reprints.
  return { do: 'show', screen: { at: 'welcome', channel: route.channel } };
}

function onSettings(key: Key): Intent | undefined {
  if (key === 'cancel' || key === 'confirm' || key === 'function') return { do: 'show', screen: { at: 'channels' } };
  const act = (['voice', 'large', 'language'] as const)[placeOf(key, 3) ?? -1];
  return key === '4' ? { do: 'show', screen: { at: 'printer' } } : act && { do: act };
}

function onPrinter(key: Key, { printer = 'secure-device' }: Facts): Intent | undefined {
  if (key === 'cancel' || key === 'confirm') return { do: 'show', screen: { at: 'settings' } };
  if (key === 'function') return { do: 'show', screen: { at: 'channels' } };
  const acts = printerActs(printer);
  const act = acts[placeOf(key, acts.length) ?? -1];
  return act && { do: 'printer', act };
}

function onMenu({ channel }: ScreenOf<'menu'>, key: Key): Intent | undefined {
  if (key === 'cancel') return { do: 'show', screen: { at: 'channels' } };
  const act = key === 'confirm' ? 'pay' : menuActs[placeOf(key, menuActs.length) ?? -1];
  return act && { do: 'show', screen: screenOfAct(act, channel) };
}

function screenOfAct(act: MenuAct, channel: string): Screen {
  if (act === 'pay') return { at: 'amount', channel, text: '' };
  if (act === 'settle') return { at: 'settle', channel, step: 'ask' };
  return { at: 'find', purpose: act, channel, text: '' };
}

function onAmount(screen: ScreenOf<'amount'>, key: Key, facts: Facts): Intent | undefined {
  const amountFen = fenOf(screen.text);
  const menu: Screen = { at: 'menu', channel: screen.channel };
  if (key === 'cancel') return { do: 'show', screen: screen.text === '' ? menu : { ...screen, text: '' } };
  if (key === 'function') {
    if (amountFen === undefined) return { do: 'say', notice: 'amount-first' };
    return { do: 'show', screen: { at: 'scan', amountFen, text: '', back: screen } };
  }
  if (key !== 'confirm') return { do: 'show', screen: { ...screen, text: typeAmount(screen.text, key) } };
  if (amountFen === undefined) return { do: 'say', notice: 'amount-first' };
  if (screen.authCode !== undefined) return { do: 'take-code', code: screen.authCode, amountFen };
  const route = routesOf(facts).find(({ channel }) => channel === screen.channel);
  if (route === undefined || amountProblem(route, amountFen) !== undefined)
    return { do: 'offer', amountFen, why: 'over' };
  return { do: 'pay', amountFen, way: { channel: route.channel, kind: firstKind(route) } };
}

/** What stands in the numbered list of ways: the channels, then a split where one is proposed, then the customer's code. */
export type WayRow =
  | { readonly kind: 'route'; readonly route: RouteView }
  | { readonly kind: 'split'; readonly parts: NonNullable<RoutesView['split']> }
  | { readonly kind: 'scan' };

/** The numbered list of ways. */
export function wayRows(view: RoutesView): readonly WayRow[] {
  const routes = view.routes.map((route) => ({ kind: 'route', route }) as const);
  const split = view.split === undefined ? [] : [{ kind: 'split', parts: view.split } as const];
  const canScan = view.routes.some(({ isAvailable, kinds }) => isAvailable && kinds.includes('scan'));
  return [...routes, ...split, ...(canScan ? [{ kind: 'scan' } as const] : [])];
}

/** The row that confirm chooses. */
export function preselectedRow(view: RoutesView): WayRow | undefined {
  const rows = wayRows(view);
  return (
    rows.find((row) => row.kind === 'route' && row.route.channel === view.preselected) ??
    rows.find(({ kind }) => kind === 'split')
  );
}

function onWays(screen: ScreenOf<'ways'>, key: Key): Intent | undefined {
  if (key === 'cancel') return { do: 'show', screen: screen.back };
  if (screen.view === undefined) return undefined;
  const rows = wayRows(screen.view);
  const row = key === 'confirm' ? preselectedRow(screen.view) : rows[placeOf(key, rows.length) ?? -1];
  const { amountFen } = screen;
  if (row === undefined) return undefined;
  if (row.kind === 'scan') return { do: 'show', screen: { at: 'scan', amountFen, text: '', back: screen } };
  if (row.kind === 'split') return { do: 'show', screen: { at: 'split', amountFen, parts: row.parts, back: screen } };
  if (!row.route.isAvailable) return { do: 'say', notice: 'not-available' };
  return { do: 'pay', amountFen, way: { channel: row.route.channel, kind: firstKind(row.route) } };
}

function onSplit(screen: ScreenOf<'split'>, key: Key, facts: Facts): Intent | undefined {
  const [first] = screen.parts;
  if (key === 'cancel') return { do: 'show', screen: screen.back };
  if (key !== 'confirm' || first === undefined) return undefined;
  const route = routesOf(facts).find(({ channel }) => channel === first.channel);
  const kind = route === undefined ? 'qr' : firstKind(route);
  return { do: 'pay', amountFen: screen.amountFen, way: { ...first, kind } };
}

const codeMaxDigits = 24;

function onScan(screen: ScreenOf<'scan'>, key: Key): Intent | undefined {
  const { text, amountFen, back } = screen;
  if (key === 'cancel') return { do: 'show', screen: text === '' ? back : { ...screen, text: '' } };
  if (key === 'function') return { do: 'camera' };
  if (key === 'confirm')
    return text === '' ? { do: 'say', notice: 'no-code' } : { do: 'take-code', code: text, amountFen };
  return { do: 'show', screen: { ...screen, text: typeDigits(text, key, codeMaxDigits) } };
}

/** Digits of a number that is no amount: a code, a receipt's number. */
export function typeDigits(text: string, key: Key, maxDigits: number): string {
  if (key === 'delete') return text.slice(0, -1);
  return isDigit(key) || key === '00' ? (text + key).slice(0, maxDigits) : text;
}

function onSettle(screen: ScreenOf<'settle'> | ScreenOf<'settled'>, key: Key): Intent | undefined {
  if (screen.at === 'settled') return forward(key, { at: 'channels' }, { at: 'channels' });
  if (screen.step === 'doing') return undefined;
  if (key === 'confirm') return { do: 'settle' };
  return key === 'cancel' ? { do: 'show', screen: { at: 'menu', channel: screen.channel } } : undefined;
}
