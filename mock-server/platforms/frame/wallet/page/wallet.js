import { Faults } from './faults.js';
import { amount, choices, get, h, picture, post, yuan } from './parts.js';
import { texts } from './texts.js';

const passwordLength = 6;
const demoPassword = '135790';
/** How often the page asks what is new, in milliseconds. */
const lookEveryMs = 1000;
const pages = ['pay', 'code', 'faults'];
const pictures = { pay: 'i-scan', code: 'i-code', faults: 'i-fault' };
const looks = { paid: ['g-done', 'ok'], 'paid-already': ['g-done', 'ok'], stalled: ['g-wait', 'wait'] };

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
const nameOf = (wallet) => wallet.name[view.language];

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
  if (view.bill === undefined || (view.result !== undefined && view.result !== 'wrong-password')) return;
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

function bar() {
  const toggle = () => {
    view.language = view.language === 'zh' ? 'en' : 'zh';
    localStorage.setItem('language', view.language);
    draw();
  };
  return h(
    'header.bar',
    {},
    h('span.mark', {}, picture('mark'), h('h1', {}, t().title)),
    h(
      'button.btn.bare.push',
      { type: 'button', onclick: toggle, lang: view.language === 'zh' ? 'en' : 'zh-CN' },
      t().otherLanguage,
    ),
  );
}

function tabs() {
  const links = pages.map((at) =>
    h(
      'button.tab',
      { type: 'button', 'aria-current': at === view.at && 'page', onclick: () => go(at) },
      picture(pictures[at]),
      h('span', {}, t().tabs[at]),
    ),
  );
  return h('nav.tabs', {}, links);
}

function walletChoice() {
  const pick = (code) => {
    view.wallet = code;
    view.problem = undefined;
    localStorage.setItem('wallet', code);
    if (view.at === 'code') void newCode();
    draw();
  };
  const options = payers().map((wallet) => [
    wallet.code,
    nameOf(wallet),
    wallet.waiting.length > 0 && h('span.count', {}, String(wallet.waiting.length)),
  ]);
  return choices(t().wallet, options, chosen()?.code, pick);
}

function note(look, shape, ...children) {
  return h(
    'p.note',
    { 'data-s': look, role: look === 'stop' ? 'alert' : undefined },
    picture(shape),
    h('span', {}, ...children),
  );
}

function problem() {
  if (view.isLost) return note('stop', 'g-stop', t().lost);
  if (view.problem === undefined) return undefined;
  if (view.problem.kind === 'camera') return note('wait', 'g-warn', t().cameraFails);
  if (view.problem.kind === 'unknown') return note('wait', 'g-warn', t().unknownCode);
  const { code, wallet, name } = view.problem;
  const change = () => {
    view.wallet = wallet;
    localStorage.setItem('wallet', wallet);
    void open(code);
  };
  const text = name[view.language];
  return note(
    'wait',
    'g-warn',
    t().otherWallet(text),
    ' ',
    h('button.link', { type: 'button', onclick: change }, t().use(text)),
  );
}

function paymentRow(payment) {
  const isWaiting = payment.state === 'waiting';
  const refund =
    payment.refundedFen > 0 && payment.state !== 'reversed'
      ? ` · ${t().refunded(`¥${yuan(payment.refundedFen)}`)}`
      : '';
  const content = [
    h('span.grow', {}, h('b', {}, payment.merchant ?? payment.description), h('span.meta', {}, payment.description)),
    h(
      'span.end',
      {},
      amount(payment.amountFen),
      h('span.meta', {}, isWaiting ? payment.number : `${t().states[payment.state]}${refund}`),
    ),
  ];
  return h(
    'li',
    {},
    isWaiting
      ? h('button.pick', { type: 'button', onclick: () => open(payment.code) }, content)
      : h('div.pick', {}, content),
  );
}

function payPage() {
  const wallet = chosen();
  const submit = (event) => {
    event.preventDefault();
    void open(view.typed);
  };
  const type = (event) => {
    view.typed = event.target.value;
  };
  const waiting = wallet?.waiting ?? [];
  const ended = (wallet?.ended ?? []).slice(0, 5);
  return [
    walletChoice(),
    h(
      'form.scan',
      { onsubmit: submit },
      h(
        'label.stack.grow',
        {},
        h('span', {}, t().code),
        h('input.field', {
          value: view.typed,
          oninput: type,
          placeholder: t().codeHint,
          maxlength: 1024,
          autocapitalize: 'off',
          autocomplete: 'off',
          spellcheck: 'false',
          name: 'code',
        }),
      ),
      h('button.btn', { type: 'submit' }, t().look),
    ),
    view.camera === undefined
      ? 'BarcodeDetector' in window &&
        h('button.btn.wide', { type: 'button', onclick: startCamera }, picture('i-scan'), t().camera)
      : h(
          'div.camera',
          {},
          view.camera.video,
          h('button.btn', { type: 'button', onclick: () => (stopCamera(), draw()) }, t().stopCamera),
        ),
    problem(),
    h(
      'section.block',
      {},
      h('h2', {}, t().waiting),
      waiting.length === 0 ? h('p.meta', {}, t().noneWaiting) : h('ul.sheet.list', {}, waiting.map(paymentRow)),
    ),
    ended.length > 0 && h('section.block', {}, h('h2', {}, t().ended), h('ul.sheet.list', {}, ended.map(paymentRow))),
  ];
}

function codePage() {
  const pick = (behaviour) => {
    view.behaviour = behaviour;
    void newCode();
  };
  const copy = async () => {
    await navigator.clipboard.writeText(view.shown.code).catch(() => undefined);
    view.shown.isCopied = true;
    say(t().copied);
    draw();
  };
  const { shown } = view;
  const digits = shown?.code.replaceAll(/(\d{4})(?=\d)/g, '$1 ');
  const text = encodeURIComponent(shown?.code ?? '');
  return [
    walletChoice(),
    problem(),
    shown !== undefined &&
      h(
        'section.shown',
        {},
        h('h2', {}, t().show),
        h('img.bars', { src: `wallet/bars.svg?text=${text}`, alt: '' }),
        h('p.code.digits', {}, digits),
        h('img.qr', { src: `wallet/code.svg?text=${text}`, alt: t().show }),
        h(
          'div.row',
          {},
          h('button.btn', { type: 'button', onclick: copy }, shown.isCopied ? t().copied : t().copy),
          h('button.btn', { type: 'button', onclick: newCode }, t().newCode),
        ),
        h('p.meta', {}, t().codeLife),
      ),
    choices(t().behaviour, Object.entries(t().behaviours), view.behaviour, pick),
  ];
}

function billHead({ payment, name }) {
  return h(
    'section.sheet.bill',
    {},
    h('p.meta', {}, name[view.language]),
    h('h2', {}, t().payTo(payment.merchant ?? t().someShop)),
    h('p', {}, payment.description),
    h('p.sum', {}, amount(payment.amountFen, view.result === 'paid' || view.result === 'paid-already')),
    h('p.meta', {}, `${t().order} ${payment.number}`),
  );
}

function pad() {
  const key = (value, label) =>
    h('button.key', { type: 'button', onclick: () => press(value), 'data-key': value }, label ?? value);
  return h(
    'div.pad',
    {},
    ['1', '2', '3', '4', '5', '6', '7', '8', '9'].map((digit) => key(digit)),
    h('span', {}),
    key('0'),
    key('delete', t().deleteDigit),
  );
}

function billPage() {
  const { payment } = view.bill;
  const cells = Array.from({ length: passwordLength }, (_, at) => h('b', { 'data-full': at < view.digits.length }));
  const wrong =
    view.result === 'wrong-password' &&
    note('stop', 'g-stop', h('b', {}, t().results['wrong-password'][0]), ' ', t().results['wrong-password'][1]);
  const isReady = view.digits.length === passwordLength;
  return [
    h('div.row', {}, h('button.btn.bare', { type: 'button', onclick: close }, picture('i-back'), t().back)),
    billHead(view.bill),
    h(
      'section.password',
      {},
      h('h3', { id: 'password' }, t().password),
      h('div.cells', { role: 'img', 'aria-label': t().digitsSoFar(view.digits.length) }, cells),
      wrong || h('p.meta', {}, t().passwordHint(demoPassword)),
    ),
    pad(),
    view.isLost && note('stop', 'g-stop', t().lost),
    h(
      'div.dock',
      {},
      h(
        'button.btn.act.wide',
        { type: 'button', 'aria-disabled': !isReady && 'true', onclick: () => isReady && act('pay') },
        t().pay(`¥${yuan(payment.amountFen)}`),
      ),
      h(
        'div.row.twin',
        {},
        h('button.btn', { type: 'button', onclick: () => act('decline') }, t().decline),
        h('button.btn', { type: 'button', onclick: () => act('stall') }, t().stall),
      ),
    ),
  ];
}

function resultPage() {
  const [shape, look] = looks[view.result] ?? ['g-stop', 'stop'];
  const [title, meaning] = t().results[view.result];
  const shop = query.get('redirect_url') ?? '';
  return [
    h('section.result', { 'data-s': look }, picture(shape), h('h2', {}, title), h('p', {}, meaning)),
    billHead(view.bill),
    h(
      'div.dock',
      {},
      /^https?:\/\//.test(shop)
        ? h('a.btn.act.wide', { href: shop }, t().toShop)
        : h('button.btn.act.wide', { type: 'button', onclick: close }, t().back),
    ),
  ];
}

function content() {
  if (view.bill !== undefined)
    return view.result === undefined || view.result === 'wrong-password' ? billPage() : resultPage();
  if (view.at === 'code') return codePage();
  if (view.at === 'faults') return [problem(), ...faults.draw(t(), view.language, view.wallets, draw)];
  return payPage();
}

/** Keeps the focus where it was: the page is drawn anew after every press. */
function focusKey(element) {
  return element?.dataset?.key ?? element?.name ?? element?.textContent;
}

function draw() {
  const key = page.contains(document.activeElement) ? focusKey(document.activeElement) : undefined;
  document.documentElement.lang = view.language === 'zh' ? 'zh-CN' : 'en';
  document.title = `${t().title} · Tillkeeper`;
  const isBill = view.bill !== undefined;
  page.replaceChildren(bar(), h(isBill ? 'main.narrow' : 'main', {}, content()), ...(isBill ? [] : [tabs()]));
  if (key === undefined || key === '') return;
  [...page.querySelectorAll('button, input, select')].find((element) => focusKey(element) === key)?.focus();
}

addEventListener('keydown', (event) => {
  if (view.bill === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
  if (/^\d$/.test(event.key)) press(event.key);
  if (event.key === 'Backspace') press('delete');
});

draw();
await look();
if (query.has('code')) await open(query.get('code'));
else if (view.at === 'code') await newCode();
draw();
setInterval(look, lookEveryMs);
