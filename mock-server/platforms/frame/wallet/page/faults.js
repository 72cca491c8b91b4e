import { choices, get, h, picture, post } from './parts.js';

/** Which inputs a fault has, and how it is written. */
const kinds = {
  'notify-lost': { make: () => ({ kind: 'notify', how: 'lost' }) },
  'notify-late': { delay: 20, make: ({ delayMs }) => ({ kind: 'notify', how: 'late', delayMs }) },
  'notify-double': { make: () => ({ kind: 'notify', how: 'double' }) },
  'notify-reordered': { make: () => ({ kind: 'notify', how: 'reordered' }) },
  'notify-before-answer': { make: () => ({ kind: 'notify', how: 'before-answer' }) },
  'notify-forged': { make: () => ({ kind: 'notify-forged' }) },
  'answer-lost': { call: true, make: ({ call }) => ({ kind: 'answer-lost', call }) },
  status: { call: true, status: true, make: ({ call, status }) => ({ kind: 'status', call, status }) },
  slow: { call: true, delay: 10, make: ({ call, delayMs }) => ({ kind: 'slow', call, delayMs }) },
  'wrong-signature': { call: true, make: ({ call }) => ({ kind: 'wrong-signature', call }) },
  'pay-after-close': { make: () => ({ kind: 'pay-after-close' }) },
  'double-pay': { make: () => ({ kind: 'double-pay' }) },
  'wrong-amount': { amount: true, make: ({ amountFen }) => ({ kind: 'wrong-amount', amountFen }) },
};

const nameOf = (fault) => (fault.kind === 'notify' ? `notify-${fault.how}` : fault.kind);

/** The page of faults of one channel. `redraw` draws the whole page again. */
export class Faults {
  channel;
  #kind = 'notify-lost';
  #told = { faults: [], notices: [] };
  #message = '';

  /** Asks what is planned. @returns whether it differs from what is shown. */
  async look() {
    if (this.channel === undefined) return false;
    const told = await get(`control/${this.channel}`);
    if (told === undefined || JSON.stringify(told) === JSON.stringify(this.#told)) return false;
    this.#told = told;
    return true;
  }

  draw(texts, language, channels, redraw) {
    this.channel ??= channels[0]?.code;
    const act = async (body) => {
      const answer = await post(`control/${this.channel}`, body);
      this.#message = answer?.error === undefined ? '' : texts.refusedPlan(answer.error);
      await this.look();
      redraw();
    };
    return [
      choices(
        texts.channel,
        channels.map(({ code, name }) => [code, name[language]]),
        this.channel,
        (code) => {
          this.channel = code;
          void this.look().then(redraw);
        },
      ),
      this.#form(texts, act, redraw),
      this.#planned(texts, act),
      this.#notices(texts),
    ];
  }

  #form(texts, act, redraw) {
    const shape = kinds[this.#kind];
    const field = (name, label, attributes) =>
      h('label.stack', {}, h('span', {}, label), h('input.field', { name, required: true, ...attributes }));
    const submit = (event) => {
      event.preventDefault();
      const values = Object.fromEntries(new FormData(event.target));
      const fault = shape.make({
        call: values.call,
        status: Number(values.status),
        delayMs: Math.round(Number(values.delay) * 1000),
        amountFen: Math.round(Number(values.amount) * 100),
      });
      void act({ plan: { ...fault, times: Number(values.times) } });
    };
    const pick = (event) => {
      this.#kind = event.target.value;
      redraw();
    };
    return h(
      'form.sheet.pad.form',
      { onsubmit: submit },
      h(
        'label.stack',
        {},
        h('span', {}, texts.kind),
        h(
          'select.field',
          { onchange: pick },
          Object.keys(kinds).map((kind) =>
            h('option', { value: kind, selected: kind === this.#kind }, texts.faults[kind]),
          ),
        ),
      ),
      shape.call &&
        field('call', texts.call, { value: '*', maxlength: 40, autocapitalize: 'off', spellcheck: 'false' }),
      shape.status && field('status', texts.status, { type: 'number', value: 503, min: 400, max: 599 }),
      shape.delay !== undefined &&
        field('delay', texts.delay, { type: 'number', value: shape.delay, min: 0, max: 3600, step: 'any' }),
      shape.amount &&
        field('amount', texts.amount, { type: 'number', value: '0.01', min: 0, max: 100000, step: '0.01' }),
      field('times', texts.times, { type: 'number', value: 1, min: 1, max: 1000 }),
      h('button.btn', { type: 'submit' }, texts.plan),
      this.#message !== '' && h('p.note', { 'data-s': 'stop', role: 'alert' }, picture('g-stop'), this.#message),
    );
  }

  #planned(texts, act) {
    const { faults } = this.#told;
    const rows = faults.map(({ fault, left }) =>
      h(
        'li.row',
        {},
        h('span.grow', {}, texts.faults[nameOf(fault)], fault.call && fault.call !== '*' ? `: ${fault.call}` : ''),
        h('span.meta', {}, texts.left(left)),
      ),
    );
    return h(
      'section.block',
      {},
      h(
        'header.row',
        {},
        h('h2.grow', {}, texts.planned),
        faults.length > 0 && h('button.btn.bare', { type: 'button', onclick: () => act({ clear: true }) }, texts.clear),
      ),
      faults.length === 0 ? h('p.meta', {}, texts.nonePlanned) : h('ul.rows', {}, rows),
    );
  }

  #notices(texts) {
    const tries = this.#told.notices.slice(-8).reverse();
    const rows = tries.map(({ status, isForged, isTaken }) =>
      h(
        'li.row',
        {},
        h(
          'span.state',
          { 'data-s': isTaken ? 'ok' : 'wait' },
          picture(isTaken ? 'g-done' : 'g-wait'),
          isTaken ? texts.taken : texts.refused,
        ),
        h('span.push.meta', {}, isForged ? `${texts.forged} · ` : '', status === 0 ? texts.noAnswer : `HTTP ${status}`),
      ),
    );
    return h(
      'section.block',
      {},
      h('h2', {}, texts.notices),
      rows.length === 0 ? h('p.meta', {}, texts.noNotices) : h('ul.rows', {}, rows),
    );
  }
}
