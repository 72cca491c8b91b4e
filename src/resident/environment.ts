import type { QuoteDocument } from '../../protocol/fees/documents.ts';
import type { FeeResult } from '../../protocol/http/fees-terminal.ts';
import { newId } from '../api/uuid.ts';
import type { VerifyingSubtle } from '../../protocol/fees/verify.ts';
import type { GuestOptions, LinkGuest } from '../phone-link/contract.ts';
import { ownChannel } from './wallets.ts';
import { readResult } from './answers.ts';
import type { FetchJson } from './documents.ts';
import type { TabStorage } from './state/kept.ts';
import type { Destination } from './state/page-types.ts';

/** What the page needs of the browser and of the link; a test gives its own. */
export interface PageEnvironment {
  /** Epoch milliseconds. */
  readonly now: () => number;
  readonly newId: () => string;
  readonly makeLink: (options: GuestOptions) => LinkGuest;
  readonly fetchJson: FetchJson;
  /** Absent in a browser that is too old, and on a page that is not secure. */
  readonly subtle: VerifyingSubtle | undefined;
  /** Absent where storage is forbidden as a whole. */
  readonly tab: TabStorage | undefined;
  /** The channel whose wallet shows this page in its own browser. */
  readonly ownChannel: (channels: QuoteDocument['channels']) => string | undefined;
  /** Leaves the page for the platform, in the same tab; `onBack` when it is there again without having been left. */
  readonly leave: (destination: Destination, onBack: () => void) => void;
  /** Resolves true when no other tab of this browser has the same code open; it is ours then until the page goes. */
  readonly claim: (code: string) => Promise<boolean>;
}

const callTimeoutMs = 10_000;
const answerMaxChars = 100_000;

/** Asks our own server for public JSON; rejects on anything but an answer of reasonable size. */
export async function fetchJson(path: string): Promise<unknown> {
  const answer = await fetch(path, {
    credentials: 'omit',
    headers: { accept: 'application/json' },
    signal: AbortSignal.timeout(callTimeoutMs),
  });
  if (answer.status === 404) return undefined;
  const text = await answer.text();
  if (!answer.ok || text.length > answerMaxChars) throw new Error(`${path}: ${answer.status}`);
  return JSON.parse(text) as unknown;
}

/** What the server says of a payment. `unknown-token`: the server does not know it, or no longer. */
export async function askResult(
  fetcher: FetchJson,
  token: string,
): Promise<FeeResult | 'unreachable' | 'unknown-token'> {
  try {
    const answer = await fetcher(`/api/fees/results/${encodeURIComponent(token)}`);
    if (answer === undefined) return 'unknown-token';
    return readResult(answer) ?? 'unreachable';
  } catch {
    return 'unreachable';
  }
}

/** The function of the app in whose browser this page stands: WeChat pays in a sheet over the page. */
interface AppBridge {
  invoke(name: string, fields: Readonly<Record<string, string>>, done: () => void): void;
}

/** Addresses of that kind; the part behind is the function's name. */
const bridgeScheme = 'bridge:';
/** The one that pays; the others share, scan, install and more, and no terminal has a use for them. */
const bridgePays = 'getBrandWCPayRequest';

/**
 * Goes to an address, or posts the form that the platform wants, or asks the app in whose browser the page stands;
 * nothing else, whatever the terminal said. `onBack` is called when the page is there again without having been left.
 */
export function leave({ url, form }: Destination, onBack: () => void): void {
  if (url.startsWith(bridgeScheme)) {
    const { WeixinJSBridge: bridge } = globalThis as { WeixinJSBridge?: AppBridge };
    // What the app says is no proof; the terminal and the server are asked.
    if (bridge === undefined || url !== bridgeScheme + bridgePays) onBack();
    else bridge.invoke(bridgePays, form ?? {}, onBack);
    return;
  }
  if (!isLeaveable(url)) {
    onBack();
    return;
  }
  if (form === undefined) location.assign(url);
  else post(url, form);
}

function post(url: string, form: Readonly<Record<string, string>>): void {
  const element = document.createElement('form');
  element.method = 'post';
  element.action = url;
  element.hidden = true;
  for (const [name, value] of Object.entries(form)) {
    const field = document.createElement('input');
    field.type = 'hidden';
    field.name = name;
    field.value = value;
    element.append(field);
  }
  document.body.append(element);
  element.submit();
}

/**
 * True for addresses that a payment may lead to: pages over TLS, those of this machine, and the wallets' own schemes. A
 * `javascript:` or `data:` address would run here with the page's rights.
 */
export function isLeaveable(url: string): boolean {
  return /^(https|weixin|alipays?|upwrp|uppaywallet):\/\/|^http:\/\/(localhost|127\.0\.0\.1)(:\d+)?\//i.test(url);
}

/** A page that is being reloaded gives its lock back a moment after the new one has begun. */
const claimTries = 4;
const claimWaitMs = 150;

function claimOnce(name: string): Promise<boolean> {
  return new Promise((resolve) => {
    const held = navigator.locks.request(name, { ifAvailable: true }, (lock) => {
      resolve(lock !== null);
      return lock === null ? undefined : new Promise<void>(() => undefined);
    });
    held.catch(() => {
      resolve(true);
    });
  });
}

/** Holds the name of a code for as long as the page lives. A browser without locks cannot tell tabs apart: then `true`. */
export async function claim(code: string): Promise<boolean> {
  if (!('locks' in navigator)) return true;
  for (let tries = 1; ; tries++) {
    if (await claimOnce(`tillkeeper-link-${code}`)) return true;
    if (tries === claimTries) return false;
    await new Promise((resolve) => setTimeout(resolve, claimWaitMs));
  }
}

function tabStorage(): TabStorage | undefined {
  try {
    return sessionStorage;
  } catch {
    return undefined;
  }
}

/** The page's own, with the link that is used. */
export function pageEnvironment(makeLink: PageEnvironment['makeLink']): PageEnvironment {
  return {
    now: Date.now,
    newId,
    makeLink,
    fetchJson,
    subtle: (globalThis.crypto as Crypto | undefined)?.subtle,
    tab: tabStorage(),
    ownChannel: (channels) => ownChannel(channels, navigator.userAgent),
    leave,
    claim,
  };
}
