import { amount, choices, h, picture, yuan } from './parts.js';

const passwordLength = 6;
const demoPassword = '135790';
const pictures = { pay: 'i-scan', code: 'i-code', faults: 'i-fault' };
const looks = { paid: ['g-done', 'ok'], 'paid-already': ['g-done', 'ok'], stalled: ['g-wait', 'wait'] };

/** Draws the page's screens from what `app` holds: its state, its words and its verbs. */
export function makeScreens(app) {
  const { view, t, payers, chosen, faults, pages, query } = app;
  const { open, close, act, press, newCode, go, startCamera, stopCamera, draw, say } = app;
  const nameOf = (wallet) => wallet.name[view.language];

  function bar() {
    const toggle = () => {
      view.language = view.language === 'zh' ? 'en' : 'zh';
      localStorage.setItem('language', view.language);
      draw();
    };
    return h(
      'header.bar',
      {},
      app.isAsking() && h('button.btn.bare.back', { type: 'button', onclick: close }, picture('i-back'), t().back),
      h('span.mark', {}, !app.isAsking() && picture('mark'), h('h1', {}, t().title)),
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
    if (view.bill !== undefined) return app.isAsking() ? billPage() : resultPage();
    if (view.at === 'code') return codePage();
    if (view.at === 'faults') return [problem(), ...faults.draw(t(), view.language, view.wallets, draw)];
    return payPage();
  }

  return { bar, tabs, content };
}
