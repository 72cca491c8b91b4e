import type { AttemptKind } from '../../../domain/payments/states.ts';
import type { OrderView, RoutesView, RouteView } from '../../../protocol/http/payments.ts';
import type { Settled } from '../../../protocol/http/terminal-app.ts';

/** How an amount, or a part of it, is to be paid. */
export interface Way {
  readonly channel: string;
  readonly kind: AttemptKind;
  /** A part of a split; all that is left when absent. */
  readonly amountFen?: number;
  readonly authCode?: string;
}

/** What a search for an order is for. */
export type Purpose = 'refund' | 'query' | 'reprint';

/** A part of a proposed split. */
export interface Part {
  readonly channel: string;
  readonly amountFen: number;
}

/** Why the list of ways is shown: a new amount that the chosen channel cannot take, another way, or the rest of a split. */
export type WaysWhy = 'scanned' | 'over' | 'change' | 'rest';

/** What a person may do with the receipt printer. */
export type PrinterAct = 'secure-device' | 'serial' | 'usb' | 'test' | 'speed' | 'width' | 'forget';

/** The acts of the printer's settings in the order of their number keys; `chosen` is the kind of printer in use. */
export function printerActs(chosen: 'secure-device' | 'serial' | 'usb'): readonly PrinterAct[] {
  const kinds = ['secure-device', 'serial', 'usb', 'test'] as const;
  if (chosen === 'secure-device') return kinds;
  return chosen === 'serial' ? [...kinds, 'speed', 'width', 'forget'] : [...kinds, 'width', 'forget'];
}

/** Where a refund at the terminal stands. */
export type RefundStep = 'amount' | 'reason' | 'approver' | 'factor' | 'ask' | 'doing' | 'done';

/** The reasons for a refund, in the order of their number keys. */
export const refundReasons = ['returned', 'wrong-amount', 'twice', 'not-given', 'other'] as const;
/** A reason for a refund. */
export type RefundReason = (typeof refundReasons)[number];

/** One refund as it is put together. `text` is what is being typed. */
export interface RefundForm {
  readonly step: RefundStep;
  readonly order: OrderView;
  /** Made with the form, so that a repetition is the same refund. */
  readonly id: string;
  readonly text: string;
  readonly amountFen?: number;
  readonly reason?: RefundReason;
  readonly approver?: string;
}

type Bare<N extends string> = N extends string ? { readonly at: N } : never;
type OfChannel<N extends string> = N extends string ? { readonly at: N; readonly channel: string } : never;

/** What the terminal shows. Everything else follows from the payment in hand and from the server's last words. */
export type Screen =
  | Bare<'off' | 'channels' | 'settings' | 'printer' | 'payment' | 'ask-cancel' | 'fees'>
  | OfChannel<'welcome' | 'menu'>
  | { readonly at: 'amount'; readonly channel: string; readonly text: string; readonly authCode?: string }
  | {
      readonly at: 'ways';
      readonly why: WaysWhy;
      readonly amountFen: number;
      readonly back: Screen;
      /** Absent while the server is asked. */
      readonly view?: RoutesView;
    }
  | { readonly at: 'split'; readonly amountFen: number; readonly parts: readonly Part[]; readonly back: Screen }
  | { readonly at: 'scan'; readonly amountFen: number; readonly text: string; readonly back: Screen }
  | { readonly at: 'receipt'; readonly copy: 'merchant' | 'customer'; readonly back: Screen }
  | { readonly at: 'find'; readonly purpose: Purpose; readonly channel: string; readonly text: string }
  | {
      readonly at: 'found';
      readonly purpose: Purpose;
      readonly channel: string;
      /** Absent while the server is asked. */
      readonly orders?: readonly OrderView[];
    }
  | { readonly at: 'order'; readonly order: OrderView; readonly channel: string }
  | { readonly at: 'refund'; readonly form: RefundForm; readonly back: Screen }
  | { readonly at: 'settle'; readonly channel: string; readonly step: 'ask' | 'doing' }
  | { readonly at: 'settled'; readonly channel: string; readonly items: Settled['items'] };

/** Name of a screen. */
export type ScreenName = Screen['at'];

/** A screen of one kind. */
export type ScreenOf<N extends ScreenName> = Extract<Screen, { readonly at: N }>;

/** The acts of the menu, in the order of their number keys. */
export const menuActs = ['pay', 'refund', 'query', 'reprint', 'settle'] as const;
/** An act of the menu. */
export type MenuAct = (typeof menuActs)[number];

/** Screens that may be left alone: nothing is under way on them. */
const harmless: ReadonlySet<ScreenName> = new Set([
  'channels',
  'settings',
  'printer',
  'welcome',
  'menu',
  'amount',
  'find',
  'found',
  'order',
  'settled',
]);

/** True when the terminal may go dark or back to the channel list by itself. */
export function isHarmless(screen: Screen): boolean {
  if (screen.at === 'settle') return screen.step === 'ask';
  if (screen.at === 'refund') return screen.form.step !== 'doing';
  if (screen.at === 'ways' || screen.at === 'scan') return screen.back.at !== 'payment';
  return harmless.has(screen.at) || screen.at === 'split';
}

/** How this channel takes money when the terminal's own code or card reader begins. */
export function firstKind(route: RouteView): AttemptKind {
  return (['qr', 'card', 'scan', 'link'] as const).find((kind) => route.kinds.includes(kind)) ?? 'qr';
}
