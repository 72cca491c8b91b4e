import { Faults } from './faults.js';
import { get, h, post } from './parts.js';
import { makeScreens } from './screens.js';
import { texts } from './texts.js';

const passwordLength = 6;
/** How often the page asks what is new, in milliseconds. */
const lookEveryMs = 1000;
const pages = ['pay', 'code', 'faults'];

const page = document.getElementById('page');
const spoken = document.getElementById('spoken');
const query = new URLSearchParams(location.search);
const faults = new Faults();
const view = {
  language: localStorage.getItem('language') ?? (navigator.language.startsWith('zh') ? 'zh' : 'en'),
  at: pages.includes(location.hash.slice(1)) ? location.hash.slice(1) : 'pay',
  wallet: localStorage.getItem('wallet') ?? '',
  wallets: [],
  isLost: false,
  typed: '',
  problem: undefined,
  /** What is being paid: wallet, name, payment. */
  bill: undefined,
  digits: '',
  result: undefined,
  behaviour: 'pay',
  shown: undefined,
  camera: undefined,
};

const t = () => texts[view.language];
const payers = () => view.wallets.filter(({ showsCodes }) => showsCodes);
const chosen = () => payers().find(({ code }) => code === view.wallet) ?? payers()[0];
/** A bill is open and nothing has come of it yet. */
const isAsking = () => view.bill !== undefined && (view.result === undefined || view.result === 'wrong-password');

function say(text) {
  spoken.textContent = text;
}

async function open(code) {
  stopCamera();
  view.problem = undefined;
  const found = code.trim() === '' ? null : await post('wallet/look', { code: code.trim() });
  if (found === undefined) view.isLost = true;
  else if (found === null || found.error !== undefined) view.problem = { kind: 'unknown' };
  else if (found.wallet !== chosen()?.code && view.bill === undefined && !query.has('code')) {
    view.problem = { kind: 'other', code, wallet: found.wallet, name: found.name };
  } else {
    view.wallet = found.wallet;
    view.bill = found;
    view.digits = '';
    view.result = undefined;
  }
  draw();
}

function close() {
  view.bill = undefined;
  view.result = undefined;
  view.digits = '';
  view.typed = '';
  view.shown = undefined;
  query.delete('code');
  history.replaceState(null, '', `${location.pathname}#${view.at}`);
  if (view.at === 'code') void newCode();
  void look();
  draw();
}

async function act(verb) {
  const { code } = view.bill.payment;
  const answer = await post('wallet/act', { code, act: verb, ...(verb === 'pay' ? { password: view.digits } : {}) });
  if (answer === undefined) view.isLost = true;
  else {
    view.result = answer.result;
    view.digits = '';
    say(t().results[answer.result].join('. '));
  }
  draw();
}

function press(key) {
  if (!isAsking()) return;
  if (key === 'delete') view.digits = view.digits.slice(0, -1);
  else if (view.digits.length < passwordLength) view.digits += key;
  view.result = undefined;
  say(t().digitsSoFar(view.digits.length));
  draw();
}

async function newCode() {
  const wallet = chosen();
  if (wallet === undefined) return;
  const made = await post('wallet/auth-code', { wallet: wallet.code, behaviour: view.behaviour });
  if (made?.code !== undefined) view.shown = { code: made.code, wallet: wallet.code, isCopied: false };
  draw();
}

/** The scanned code may ask for the password, or be through already: the page goes there by itself. */
function followShownCode() {
  if (view.shown === undefined || view.bill !== undefined) return;
  const wallet = view.wallets.find(({ code }) => code === view.shown.wallet);
  const payment = [...(wallet?.waiting ?? []), ...(wallet?.ended ?? [])].find(({ code }) => code === view.shown.code);
  if (payment === undefined) return;
  view.bill = { wallet: wallet.code, name: wallet.name, payment };
  view.result = { paid: 'paid', declined: 'declined', closed: 'closed', reversed: 'closed' }[payment.state];
}

async function look() {
  const told = await get('wallet/state');
  const before = JSON.stringify([view.wallets, view.isLost]);
  view.isLost = told === undefined;
  if (told !== undefined) view.wallets = told.wallets;
  followShownCode();
  const isNew = (await faults.look()) && view.at === 'faults';
  const isTyping = document.activeElement?.matches('input:not([type=radio]), select') === true;
  if ((isNew || before !== JSON.stringify([view.wallets, view.isLost])) && !isTyping) draw();
}

function go(at) {
  stopCamera();
  view.at = at;
  history.replaceState(null, '', `#${at}`);
  if (at === 'code') void newCode();
  if (at === 'faults') void faults.look().then(draw);
  draw();
}

async function startCamera() {
  view.problem = undefined;
  try {
    const stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: 'environment' } });
    const video = h('video', { playsinline: true, muted: true });
    video.srcObject = stream;
    await video.play();
    view.camera = { stream, video };
    draw();
    readFrames(new BarcodeDetector({ formats: ['qr_code'] }));
  } catch {
    view.problem = { kind: 'camera' };
    draw();
  }
}

async function readFrames(detector) {
  while (view.camera !== undefined) {
    const [found] = await detector.detect(view.camera.video).catch(() => []);
    if (found !== undefined) return void open(found.rawValue);
    await new Promise((resolve) => requestAnimationFrame(resolve));
  }
}

function stopCamera() {
  view.camera?.stream.getTracks().forEach((track) => track.stop());
  view.camera = undefined;
}

const screens = makeScreens({
  ...{ view, t, payers, chosen, faults, pages, query, isAsking },
  ...{ open, close, act, press, newCode, go, startCamera, stopCamera, draw, say },
});

/** Keeps the focus where it was: the page is drawn anew after every press. */
function focusKey(element) {
  return element?.dataset?.key ?? element?.name ?? element?.textContent;
}

function draw() {
  const key = page.contains(document.activeElement) ? focusKey(document.activeElement) : undefined;
  document.documentElement.lang = view.language === 'zh' ? 'zh-CN' : 'en';
  document.title = `${t().title} · Tillkeeper`;
  const isBill = view.bill !== undefined;
  page.replaceChildren(
    screens.bar(),
    h(isBill ? 'main.narrow' : 'main', {}, screens.content()),
    ...(isBill ? [] : [screens.tabs()]),
  );
  if (key === undefined || key === '') return;
  [...page.querySelectorAll('button, input, select')].find((element) => focusKey(element) === key)?.focus();
}

/** Enter pays once the password is whole, unless the focus stands on a button that does something else. */
function isPayKey({ target }) {
  const isOther = target instanceof HTMLButtonElement && !target.matches('.key');
  return !isOther && isAsking() && view.digits.length === passwordLength;
}

addEventListener('keydown', (event) => {
  if (view.bill === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
  if (/^\d$/.test(event.key)) press(event.key);
  if (event.key === 'Backspace') press('delete');
  if (event.key === 'Enter' && !event.repeat && isPayKey(event)) {
    event.preventDefault();
    void act('pay');
  }
});

draw();
await look();
if (query.has('code')) await open(query.get('code'));
else if (view.at === 'code') await newCode();
draw();
setInterval(look, lookEveryMs);
