import type { FeeMenu, HouseholdView, QuoteView } from '../../../../protocol/http/fees-terminal.ts';
import { placeOf } from '../../flow/keys.ts';
import type { Key } from '../../flow/keys.ts';
import { amountMaxDigits, fenOfYuan, isWhole, typeNumber } from './entry.ts';
import { afterService, askNumber, listedServices, offerOf, payeesOf, takesDigits } from './fee-screens.ts';
import type { Entry, FeeScreen, FeeScreenOf, ServiceOffer } from './fee-screens.ts';
import { canCancel, isNothing, isOver, isUnderWay, mayPayHere } from './fee-stage.ts';
import type { FeeStage } from './fee-stage.ts';
import {
  billsPerPage,
  firstPick,
  householdActs,
  inOrder,
  pageOf,
  payable,
  receiptsPerPage,
  toggle,
} from './household.ts';

/** Why a key did nothing; the screen says it in words. */
export type FeeNotice =
  'busy' | 'digits-missing' | 'none-picked' | 'being-paid' | 'no-amount' | 'too-little' | 'too-much';

/** What a key asks for. `show` only changes the screen; everything else is done by the fee desk. */
export type FeeIntent =
  | { readonly do: 'show'; readonly screen: FeeScreen }
  | { readonly do: 'say'; readonly notice: FeeNotice }
  | { readonly do: 'look'; readonly entry: Entry }
  | { readonly do: 'quote'; readonly billIds: readonly string[] }
  | { readonly do: 'top-up'; readonly topUpFen: number }
  | { readonly do: 'pay-here'; readonly channel: string }
  | { readonly do: 'open-receipt'; readonly receiptNo: string }
  | {
      readonly do:
        | 'leave'
        | 'scroll'
        | 'read'
        | 'menu'
        | 'same'
        | 'not-same'
        | 'drop-quote'
        | 'accept-change'
        | 'new-code'
        | 'cancel'
        | 'other-way'
        | 'put-down'
        | 'print'
        | 'print-bill'
        | 'again'
        | 'voice'
        | 'large'
        | 'language'
        | 'camera';
    };

/** Channels whose code can be shown at a terminal. */
type Here = NonNullable<QuoteView['here']>;

/** What a key may depend on besides the screen. */
export interface PressFacts {
  readonly menu: FeeMenu | undefined;
  readonly household: HouseholdView | undefined;
  /** The offer of the service that the household belongs to. */
  readonly offer: ServiceOffer | undefined;
  readonly stage: FeeStage | undefined;
  /** Channels whose code can be shown here for the quote in hand. */
  readonly here: Here;
  /** The channel of the payment at the terminal that is under way or came to nothing. */
  readonly triedHere: string | undefined;
  readonly isPrinting: boolean;
}

const show = (screen: FeeScreen): FeeIntent => ({ do: 'show', screen });

/** What a key does; undefined when nothing. The point reads aloud and F helps on every screen, 00 scrolls where it types nothing. */
export function pressOnFee(screen: FeeScreen, key: Key, facts: PressFacts): FeeIntent | undefined {
  if (key === 'symbol') return { do: 'read' };
  if (key === '00' && !takesDigits(screen)) return { do: 'scroll' };
  if (key === 'function') return screen.at === 'help' ? show(screen.back) : show({ at: 'help', back: screen });
  switch (screen.at) {
    case 'help':
      return onHelp(screen, key);
    case 'services':
      return onServices(key, facts);
    case 'payees':
      return onPayees(screen, key, facts);
    case 'number':
    case 'secret':
      return onEntry(screen, key, facts);
    case 'looking':
      return key === 'cancel' ? beforeLooking(screen.entry, facts) : undefined;
    case 'quoting':
      return key === 'cancel' ? show({ at: 'household' }) : undefined;
    default:
      return onHousehold(screen, key, facts);
  }
}

type HouseholdScreen = Exclude<
  FeeScreen,
  FeeScreenOf<'help' | 'services' | 'payees' | 'number' | 'secret' | 'looking' | 'quoting'>
>;

function onHousehold(screen: HouseholdScreen, key: Key, facts: PressFacts): FeeIntent | undefined {
  switch (screen.at) {
    case 'household':
      return onActs(key, facts);
    case 'bills':
      return onBills(screen, key, facts);
    case 'months':
      return key === 'cancel' || key === 'confirm' ? show({ at: 'household' }) : undefined;
    case 'receipts':
      return onReceipts(screen, key, facts);
    case 'receipt':
      return onReceipt(key, facts);
    case 'top-up':
      return onTopUp(key, facts);
    case 'amount':
      return onAmount(screen, key, facts);
    case 'bill':
      return onBill(key, facts);
    case 'ways':
      return onWays(key, facts);
    case 'scan-phone':
      if (key === '1') return { do: 'camera' };
      if (key === '2') return show({ at: 'ways' });
      return key === 'cancel' ? show({ at: 'bill' }) : undefined;
    case 'ask-cancel':
      if (key === 'confirm') return { do: 'cancel' };
      return key === 'cancel' ? show({ at: 'bill' }) : undefined;
  }
}

const helpActs = ['voice', 'large', 'language'] as const;

function onHelp(screen: FeeScreenOf<'help'>, key: Key): FeeIntent | undefined {
  if (key === 'cancel' || key === 'confirm') return show(screen.back);
  const act = helpActs[placeOf(key, helpActs.length) ?? -1];
  return act && { do: act };
}

function onServices(key: Key, { menu }: PressFacts): FeeIntent | undefined {
  if (key === 'cancel') return { do: 'leave' };
  if (menu === undefined) return key === 'confirm' ? { do: 'menu' } : undefined;
  const services = listedServices(menu);
  const chosen = services[placeOf(key, services.length) ?? -1];
  const next = chosen && afterService(chosen);
  return next && show(next);
}

function onPayees(screen: FeeScreenOf<'payees'>, key: Key, { menu }: PressFacts): FeeIntent | undefined {
  if (key === 'cancel') return show({ at: 'services' });
  const payees = payeesOf(menu, screen.service);
  const payee = payees[placeOf(key, payees.length) ?? -1];
  return payee && show(askNumber(screen.service, payee.id));
}

function onEntry(
  screen: FeeScreenOf<'number'> | FeeScreenOf<'secret'>,
  key: Key,
  { menu }: PressFacts,
): FeeIntent | undefined {
  const { at, entry } = screen;
  const offer = offerOf(menu, entry);
  if (offer === undefined) return key === 'cancel' ? show({ at: 'services' }) : undefined;
  const text = at === 'number' ? entry.number : entry.secret;
  const range = at === 'number' ? offer.numberDigits : { min: offer.secretDigits, max: offer.secretDigits };
  const put = (typed: string): FeeIntent =>
    show(at === 'number' ? { at, entry: { ...entry, number: typed } } : { at, entry: { ...entry, secret: typed } });
  if (key === 'cancel') return text === '' ? beforeEntry(screen, menu) : put('');
  if (key !== 'confirm') return put(typeNumber(text, key, range.max));
  if (!isWhole(text, range)) return { do: 'say', notice: 'digits-missing' };
  return at === 'number' && offer.secretDigits > 0 ? show({ at: 'secret', entry }) : { do: 'look', entry };
}

/** Back to what was typed last: the secret, where there is one. */
function beforeLooking(entry: Entry, { menu }: PressFacts): FeeIntent {
  const hasSecret = (offerOf(menu, entry)?.secretDigits ?? 0) > 0;
  return show(hasSecret ? { at: 'secret', entry: { ...entry, secret: '' } } : { at: 'number', entry });
}

function beforeEntry(
  { at, entry }: FeeScreenOf<'number'> | FeeScreenOf<'secret'>,
  menu: PressFacts['menu'],
): FeeIntent {
  if (at === 'secret') return show({ at: 'number', entry: { ...entry, secret: '' } });
  const { service } = entry;
  return show(payeesOf(menu, service).length > 1 ? { at: 'payees', service } : { at: 'services' });
}

function onActs(key: Key, facts: PressFacts): FeeIntent | undefined {
  const { household, offer } = facts;
  if (key === 'cancel' || household === undefined) return key === 'cancel' ? show({ at: 'services' }) : undefined;
  const acts = householdActs(household, offer?.topUp !== undefined);
  const place = key === 'confirm' ? acts.indexOf('pay') : placeOf(key, acts.length);
  const act = acts[place ?? -1];
  // Nothing is owed: confirm ends the visit.
  if (act === undefined) return key === 'confirm' ? { do: 'leave' } : undefined;
  switch (act) {
    case 'pay':
      return toBills(household);
    case 'months':
      return show({ at: 'months' });
    case 'receipts':
      return show({ at: 'receipts', page: 0 });
    case 'top-up':
      return show({ at: 'top-up' });
  }
}

/** Several bills: which of them. One: it is the one. */
function toBills(household: HouseholdView): FeeIntent {
  const [only, ...others] = household.bills;
  if (only !== undefined && others.length === 0)
    return only.isBeingPaid ? { do: 'say', notice: 'being-paid' } : { do: 'quote', billIds: [only.id] };
  return show({ at: 'bills', picked: firstPick(household.bills), page: 0 });
}

function onBills(screen: FeeScreenOf<'bills'>, key: Key, { household }: PressFacts): FeeIntent | undefined {
  const all = household?.bills ?? [];
  if (key === 'cancel') return show({ at: 'household' });
  if (key === 'confirm') {
    // What was chosen before the list came anew may be being paid by now.
    const billIds = payable(all)
      .map(({ id }) => id)
      .filter((id) => screen.picked.includes(id));
    return billIds.length === 0 ? { do: 'say', notice: 'none-picked' } : { do: 'quote', billIds };
  }
  const { items, page, pages } = pageOf(inOrder(all), screen.page, billsPerPage);
  if (key === '0') return pages > 1 ? show({ ...screen, page: (page + 1) % pages }) : undefined;
  const bill = items[placeOf(key, items.length) ?? -1];
  if (bill === undefined) return undefined;
  if (bill.isBeingPaid) return { do: 'say', notice: 'being-paid' };
  return show({ ...screen, picked: toggle(all, screen.picked, bill.id) });
}

function onReceipts(screen: FeeScreenOf<'receipts'>, key: Key, { household }: PressFacts): FeeIntent | undefined {
  if (key === 'cancel' || key === 'confirm') return show({ at: 'household' });
  const { items, page, pages } = pageOf(household?.receipts ?? [], screen.page, receiptsPerPage);
  if (key === '0') return pages > 1 ? show({ ...screen, page: (page + 1) % pages }) : undefined;
  const receipt = items[placeOf(key, items.length) ?? -1];
  return receipt && { do: 'open-receipt', receiptNo: receipt.receiptNo };
}

function onReceipt(key: Key, { isPrinting }: PressFacts): FeeIntent | undefined {
  if (key === '1') return isPrinting ? undefined : { do: 'print' };
  return key === 'cancel' || key === 'confirm' ? show({ at: 'receipts', page: 0 }) : undefined;
}

function onTopUp(key: Key, { offer }: PressFacts): FeeIntent | undefined {
  if (key === 'cancel') return show({ at: 'household' });
  const usual = offer?.topUp?.usual ?? [];
  const place = placeOf(key, usual.length + 1);
  if (place === undefined) return undefined;
  const topUpFen = usual[place];
  return topUpFen === undefined ? show({ at: 'amount', text: '' }) : { do: 'top-up', topUpFen };
}

function onAmount(screen: FeeScreenOf<'amount'>, key: Key, { offer }: PressFacts): FeeIntent | undefined {
  const { text } = screen;
  if (key === 'cancel') return show(text === '' ? { at: 'top-up' } : { ...screen, text: '' });
  if (key !== 'confirm') return show({ ...screen, text: typeNumber(text, key, amountMaxDigits).replace(/^0+/, '') });
  const topUpFen = fenOfYuan(text);
  if (topUpFen === undefined) return { do: 'say', notice: 'no-amount' };
  if (topUpFen < (offer?.topUp?.minFen ?? 0)) return { do: 'say', notice: 'too-little' };
  if (topUpFen > (offer?.topUp?.maxFen ?? Infinity)) return { do: 'say', notice: 'too-much' };
  return { do: 'top-up', topUpFen };
}

function onBill(key: Key, facts: PressFacts): FeeIntent | undefined {
  const { stage, isPrinting } = facts;
  if (stage === undefined) return key === 'cancel' ? { do: 'drop-quote' } : undefined;
  if (isOver(stage)) return onOver(stage, key, facts);
  if (isUnderWay(stage)) return onUnderWay(stage, key);
  if (key === 'cancel') return stage === 'digits' ? { do: 'not-same' } : { do: 'drop-quote' };
  if (stage === 'changed') return key === 'confirm' ? { do: 'accept-change' } : undefined;
  if (stage === 'digits') return key === 'confirm' ? { do: 'same' } : undefined;
  if (key === '1') return show({ at: 'ways' });
  if (key === '2') return isPrinting ? undefined : { do: 'print-bill' };
  if (key === '3' && stage === 'code') return show({ at: 'scan-phone' });
  return key === 'confirm' && stage === 'code' ? { do: 'new-code' } : undefined;
}

function onUnderWay(stage: FeeStage, key: Key): FeeIntent | undefined {
  if (key === '1' && stage === 'qr') return { do: 'other-way' };
  // Nobody has to wait for a code that cannot be called back: the server goes on with it.
  if (key === 'cancel' && stage === 'ending') return { do: 'leave' };
  return key === 'cancel' && canCancel(stage) ? show({ at: 'ask-cancel' }) : undefined;
}

function onOver(stage: FeeStage, key: Key, { isPrinting, triedHere }: PressFacts): FeeIntent | undefined {
  if (isNothing(stage)) {
    if (key === '1') return show({ at: 'ways' });
    if (key === 'confirm') return triedHere === undefined ? { do: 'again' } : { do: 'pay-here', channel: triedHere };
    return key === 'cancel' ? { do: 'put-down' } : undefined;
  }
  if (key === '1' && stage === 'paid') return isPrinting ? undefined : { do: 'print' };
  return key === 'confirm' || key === 'cancel' ? { do: 'put-down' } : undefined;
}

/** What stands in the numbered list of ways at the terminal: channels, then the paper. */
export type FeeWay = ({ readonly kind: 'channel' } & Here[number]) | { readonly kind: 'print' };

/** The numbered list of ways at the terminal. */
export function feeWays(here: Here): readonly FeeWay[] {
  return [...here.map((channel) => ({ kind: 'channel', ...channel }) as const), { kind: 'print' }];
}

function onWays(key: Key, { stage, here, isPrinting }: PressFacts): FeeIntent | undefined {
  // The phone may have been quicker, or another sum must be read first: the bill says which.
  if (key === 'cancel' || !mayPayHere(stage)) return show({ at: 'bill' });
  const ways = feeWays(here);
  const way = ways[placeOf(key, ways.length) ?? -1];
  if (way === undefined) return undefined;
  if (way.kind === 'channel') return { do: 'pay-here', channel: way.code };
  return isPrinting ? undefined : { do: 'print-bill' };
}
