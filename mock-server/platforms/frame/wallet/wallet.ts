import { readFileSync } from 'node:fs';
import * as v from 'valibot';
import { renderSVG } from 'uqr';
import type { PlatformStandIn, StandInPayment } from '../../stand-in.ts';
import { json, readJson } from '../control.ts';
import type { WireAnswer, WireRequest } from '../wire.ts';
import { code128 } from './code128.ts';

/** Longest text of a code that is looked at. */
const codeMaxLength = 1024;
/** How many codes that wait, and how many payments, the page lists of each wallet. */
const listMax = 20;

const code = v.pipe(v.string(), v.trim(), v.minLength(1), v.maxLength(codeMaxLength));
const lookSchema = v.object({ code });
const actSchema = v.object({
  code,
  act: v.picklist(['pay', 'decline', 'stall']),
  password: v.optional(v.pipe(v.string(), v.regex(/^\d{6}$/))),
});
const authSchema = v.object({
  wallet: v.pipe(v.string(), v.maxLength(40)),
  behaviour: v.picklist(['pay', 'password', 'insufficient', 'decline']),
});

/** Files of the page: name → content type. The page loads nothing from anywhere else. */
const files: Readonly<Record<string, readonly [string, string]>> = {
  '/': ['index.html', 'text/html; charset=utf-8'],
  '/wallet.css': ['wallet.css', 'text/css; charset=utf-8'],
  '/wallet.js': ['wallet.js', 'text/javascript; charset=utf-8'],
  '/screens.js': ['screens.js', 'text/javascript; charset=utf-8'],
  '/faults.js': ['faults.js', 'text/javascript; charset=utf-8'],
  '/parts.js': ['parts.js', 'text/javascript; charset=utf-8'],
  '/texts.js': ['texts.js', 'text/javascript; charset=utf-8'],
};

const guard = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-store',
};

/** The wallet page and its small interface under `/wallet/`: what a customer's phone would do. */
export async function answerWallet(standIns: readonly PlatformStandIn[], request: WireRequest): Promise<WireAnswer> {
  const url = new URL(request.target, 'http://wallet.invalid');
  const file = files[url.pathname];
  if (request.method === 'GET') {
    if (file !== undefined) return page(file);
    if (url.pathname === '/wallet/state') return json(200, stateOf(standIns));
    if (url.pathname === '/wallet/code.svg') return picture(url.searchParams, (text) => renderSVG(text, { border: 2 }));
    if (url.pathname === '/wallet/bars.svg') return picture(url.searchParams, code128);
    return json(404, { error: 'not-found' });
  }
  if (request.method !== 'POST') return json(405, { error: 'method' });
  if (url.pathname === '/wallet/look') return look(standIns, readJson(request));
  if (url.pathname === '/wallet/act') return act(standIns, readJson(request));
  if (url.pathname === '/wallet/auth-code') return authCode(standIns, readJson(request));
  return json(404, { error: 'not-found' });
}

function page([name, type]: readonly [string, string]): WireAnswer {
  const body = readFileSync(new URL(`page/${name}`, import.meta.url));
  return { status: 200, headers: { ...guard, 'content-type': type }, body };
}

function picture(search: URLSearchParams, draw: (text: string) => string): WireAnswer {
  const text = search.get('text') ?? '';
  if (text === '' || text.length > codeMaxLength) return json(400, { error: 'text' });
  try {
    return { status: 200, headers: { ...guard, 'content-type': 'image/svg+xml' }, body: draw(text) };
  } catch {
    return json(400, { error: 'text' });
  }
}

function stateOf(standIns: readonly PlatformStandIn[]): unknown {
  return {
    wallets: standIns.map((standIn) => {
      const payments = standIn.payments().filter((payment) => payment.code !== undefined);
      return {
        code: standIn.code,
        name: standIn.name,
        showsCodes: standIn.authCode !== undefined,
        waiting: payments.filter(({ state }) => state === 'waiting').slice(0, listMax),
        ended: payments.filter(({ state }) => state !== 'waiting').slice(0, listMax),
      };
    }),
  };
}

/** Which wallet a code is for, and what it asks for. A code that none knows is `null`: the page says so. */
function look(standIns: readonly PlatformStandIn[], body: unknown): WireAnswer {
  const asked = v.safeParse(lookSchema, body);
  if (!asked.success) return json(400, { error: 'code' });
  for (const standIn of standIns) {
    const payment = paymentOf(standIn, asked.output.code);
    if (payment !== undefined) return json(200, { wallet: standIn.code, name: standIn.name, payment });
  }
  return json(200, null);
}

async function act(standIns: readonly PlatformStandIn[], body: unknown): Promise<WireAnswer> {
  const asked = v.safeParse(actSchema, body);
  if (!asked.success) return json(400, { error: asked.issues[0].message });
  const { code: text, act: verb, password } = asked.output;
  for (const standIn of standIns) {
    const { result } = await standIn.wallet({ code: text, act: verb, ...(password === undefined ? {} : { password }) });
    if (result !== 'not-mine') return json(200, { wallet: standIn.code, result, payment: paymentOf(standIn, text) });
  }
  return json(200, { result: 'not-mine' });
}

function authCode(standIns: readonly PlatformStandIn[], body: unknown): WireAnswer {
  const asked = v.safeParse(authSchema, body);
  if (!asked.success) return json(400, { error: asked.issues[0].message });
  const standIn = standIns.find(({ code: own }) => own === asked.output.wallet);
  const made = standIn?.authCode?.(asked.output.behaviour);
  return made === undefined ? json(404, { error: 'wallet' }) : json(200, { code: made });
}

function paymentOf(standIn: PlatformStandIn, text: string): StandInPayment | undefined {
  return standIn.payments().find((payment) => payment.code === text);
}
