import { makeCards, updateCards } from './cards.js';
import { paperLine } from './paper.js';
import { fill, glyph, h, sheet, stateLook } from './parts.js';
import { texts } from './texts.js';

const sensorNames = ['case', 'drop', 'mesh', 'flat-cell', 'temperature', 'voltage'];
const partNames = ['printer', 'card-reader', 'display', 'keypad', 'memory', 'network'];
const padKeys = ['1', '2', '3', '4', '5', '6', '7', '8', '9', 'cancel', '0', 'clear', 'enter'];
const keyboard = { Enter: 'enter', Escape: 'cancel', Backspace: 'clear', Delete: 'clear' };

const remembered = { language: localStorage.getItem('language'), theme: localStorage.getItem('theme') };
const page = document.getElementById('page');
const spoken = document.getElementById('spoken');
let language = remembered.language ?? (navigator.language.startsWith('zh') ? 'zh' : 'en');
let theme = remembered.theme ?? 'auto';
let serial = decodeURIComponent(location.hash.slice(1));
let view = { terminals: [], authenticators: [], extras: [], cards: [] };
let isLost = false;
let parts = {};
let codeTurn = 0;
/** A part of a code stands this long. */
const codePartMs = 450;

const t = () => texts[language];
const chosen = () => view.terminals.find((terminal) => terminal.serial === serial) ?? view.terminals[0];

async function act(body) {
  const terminal = chosen();
  if (terminal === undefined) return;
  const path = `control/${encodeURIComponent(terminal.serial)}`;
  const headers = { 'content-type': 'application/json' };
  await fetch(path, { method: 'POST', headers, body: JSON.stringify(body) }).catch(() => undefined);
}

function button(text, body, attributes = {}) {
  return h(
    'button.btn',
    { type: 'button', onclick: () => act(typeof body === 'function' ? body() : body), ...attributes },
    text,
  );
}

function choose(next) {
  serial = next;
  history.replaceState(null, '', `#${encodeURIComponent(next)}`);
  build();
}

function bar() {
  const options = Object.entries(t().theme).map(([value, text]) =>
    h('option', { value, selected: value === theme }, text),
  );
  const pickTheme = (event) => {
    theme = event.target.value;
    localStorage.setItem('theme', theme);
    dress();
  };
  const otherLanguage = () => {
    language = language === 'zh' ? 'en' : 'zh';
    localStorage.setItem('language', language);
    build();
  };
  const mark = h('span.mark', {}, glyph('mark'), 'Tillkeeper');
  const themes = h('select.btn', { 'aria-label': t().themeLabel, onchange: pickTheme }, ...options);
  const lang = h(
    'button.btn',
    { type: 'button', onclick: otherLanguage, lang: language === 'zh' ? 'en' : 'zh' },
    t().otherLanguage,
  );
  return h('header.bar', {}, mark, h('div.row.push', {}, themes, lang));
}

function makeKeypad() {
  const keys = padKeys.map((key) => {
    const text = t().keys[key] ?? key;
    return h('button.key', { type: 'button', 'data-key': key, onclick: () => act({ action: 'press', key }) }, text);
  });
  const onkeydown = (event) => {
    const key = /^[0-9]$/.test(event.key) ? event.key : keyboard[event.key];
    const isOwnClick = event.key === 'Enter' && event.target.matches('.key');
    if (key === undefined || isOwnClick || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    void act({ action: 'press', key });
  };
  return h('div.pad-keys', { role: 'group', 'aria-label': t().keypad, onkeydown }, ...keys);
}

function makeDevice() {
  parts.paper = h('div.paper', { tabindex: 0, role: 'region', 'aria-label': t().paper });
  parts.screen = h('div.screen', { role: 'region', 'aria-label': t().screen });
  parts.paperLeft = h('span.meta');
  const paperRow = h(
    'div.row.paper-row',
    {},
    parts.paperLeft,
    h('span.push'),
    button(t().tear, { action: 'tear-off' }),
  );
  const body = h('div.device', {}, parts.screen, makeKeypad());
  return h('section.front', {}, parts.paper, body, paperRow, h('p.meta', {}, t().keypadHint));
}

function makeSensors() {
  parts.hold = h('input', { type: 'checkbox', id: 'hold' });
  parts.sensors = new Map();
  const rows = sensorNames.map((sensor) => {
    const [name, , mend] = t().sensor[sensor];
    const shape = h('span.shape');
    const reading = h('span.meta.reading');
    const trip = button(t().sensor[sensor][1], () => ({
      action: 'trip',
      sensor,
      hold: parts.hold.checked && mend !== '',
    }));
    const repair = button(mend, { action: 'repair', sensor });
    parts.sensors.set(sensor, { shape, reading, trip, repair });
    return h('li', {}, shape, h('span.grow', {}, name), reading, trip, repair);
  });
  parts.pins = { shape: h('span.shape') };
  const pins = h(
    'li',
    {},
    parts.pins.shape,
    h('span.grow', {}, t().pins),
    button(t().wrongPins, { action: 'trip', sensor: 'pin-tries' }),
  );
  const hold = h('label.check', { for: 'hold' }, parts.hold, t().hold);
  return sheet(t().sensors, t().sensorsLead, h('ul.rows', {}, ...rows, pins), hold);
}

function makePower() {
  parts.power = h('dd');
  parts.cable = h('dd');
  parts.on = button(t().on, { action: 'power', on: true });
  parts.off = button(t().off, { action: 'power', on: false });
  parts.restart = button(t().restart, { action: 'restart' });
  parts.unplug = button(t().unplug, { action: 'unplug' });
  parts.replug = button(t().replug, { action: 'replug' });
  parts.network = h('dd');
  parts.netOff = button(t().netOff, { action: 'network', up: false });
  parts.netOn = button(t().netOn, { action: 'network', up: true });
  const facts = h('dl.facts', {}, h('dt', {}, t().powerLabel), parts.power, h('dt', {}, t().cableLabel), parts.cable);
  facts.append(h('dt', {}, t().networkLabel), parts.network);
  const buttons = h('div.buttons', {}, parts.on, parts.off, parts.restart, parts.unplug, parts.replug);
  buttons.append(parts.netOff, parts.netOn);
  const paper = h(
    'div.buttons',
    {},
    button(t().paperOut, { action: 'paper', millimetres: 0 }),
    button(t().paperIn, { action: 'paper' }),
  );
  return sheet(t().power, undefined, facts, buttons, paper);
}

function makeReader() {
  parts.codeText = h('textarea', { id: 'code-text', rows: 3, 'aria-label': t().codeText, 'data-testid': 'code-text' });
  parts.codeSays = h('p.meta', { role: 'status' });
  const read = async () => {
    const path = `control/${encodeURIComponent(chosen().serial)}`;
    const headers = { 'content-type': 'application/json' };
    const body = JSON.stringify({ action: 'scan', text: parts.codeText.value });
    const answer = await fetch(path, { method: 'POST', headers, body }).catch(() => undefined);
    parts.codeSays.textContent = answer?.ok ? t().codeTaken : t().codeRefused;
    if (answer?.ok) parts.codeText.value = '';
  };
  const go = h('button.btn', { type: 'button', onclick: read, 'data-testid': 'code-read' }, t().codeRead);
  const show = button(t().codeShow, { action: 'show-code' }, { 'data-testid': 'code-show' });
  const hide = button(t().codeHide, { action: 'hide-code' });
  return sheet(t().reader, t().readerLead, parts.codeText, h('div.buttons', {}, go, show, hide), parts.codeSays);
}

function makeParts() {
  parts.broken = new Map();
  const boxes = partNames.map((part) => {
    const onchange = (event) => act({ action: 'break', part, broken: event.target.checked });
    const box = h('input', { type: 'checkbox', id: `part-${part}`, onchange });
    parts.broken.set(part, box);
    return h('label.check', { for: `part-${part}` }, box, t().part[part]);
  });
  return sheet(t().parts, t().partsLead, h('div.checks', {}, ...boxes));
}

function makeFacts() {
  parts.facts = h('dl.facts');
  return sheet(t().facts, undefined, parts.facts);
}

function makeAside() {
  parts.codes = h('ul.codes');
  parts.extras = h('div.extras');
  const codes = view.authenticators.length === 0 ? [] : [sheet(t().codes, t().codesLead, parts.codes)];
  return h('aside', {}, ...codes, makeParts(), makeFacts(), parts.extras);
}

function build() {
  dress();
  parts = { builtFor: builtFor() };
  parts.lost = h('p.note', { 'data-s': 'wait', hidden: true }, glyph('g-warn'), t().lost);
  parts.strip = h('nav.strip', { 'aria-label': t().pick });
  const lead = h('section.lead', { 'aria-label': t().title }, h('h1', {}, t().title), h('p', {}, t().lead));
  parts.cards = makeCards(t(), view.cards, act);
  const middle = h('div.middle', {}, parts.cards.sheet, makeSensors(), makePower(), makeReader());
  const main = h('main', {}, makeDevice(), middle, makeAside());
  page.replaceChildren(bar(), h('div.wrap', {}, lead, parts.lost, parts.strip, main));
  update();
}

const builtFor = () => `${language} ${view.authenticators.length} ${view.cards.length}`;

function dress() {
  document.documentElement.lang = language === 'zh' ? 'zh-CN' : 'en';
  document.documentElement.dataset.theme = theme;
  document.title = `${t().title} · Tillkeeper`;
}

function plate(state) {
  const [shape, tint] = stateLook[state] ?? stateLook.OFF;
  return h('span.plate', { 'data-s': tint }, glyph(shape), t().states[state] ?? state);
}

function updateStrip() {
  const current = chosen()?.serial;
  const key = [language, current, view.terminals.map(({ serial: s, state, isPlugged }) => [s, state, isPlugged])];
  const focused = parts.strip.contains(document.activeElement) ? document.activeElement.dataset.serial : undefined;
  fill(parts.strip, key, () =>
    view.terminals.map((terminal) => {
      const name = h('span.name', {}, h('b', {}, terminal.label), h('span.meta', {}, terminal.serial));
      const attributes = {
        type: 'button',
        'data-serial': terminal.serial,
        'aria-current': terminal.serial === current ? 'true' : undefined,
        onclick: () => choose(terminal.serial),
      };
      return h('button.tab', attributes, name, plate(terminal.state));
    }),
  );
  if (focused !== undefined) parts.strip.querySelector(`[data-serial="${CSS.escape(focused)}"]`)?.focus();
}

function codeChildren({ pictures, text }) {
  const src = `data:image/svg+xml,${encodeURIComponent(pictures[codeTurn % pictures.length])}`;
  const part = pictures.length === 1 ? [] : [h('p', {}, `${(codeTurn % pictures.length) + 1} / ${pictures.length}`)];
  return [h('img.code', { src, alt: t().codeOnScreen, 'data-text': text, 'data-testid': 'screen-code' }), ...part];
}

function screenChildren(terminal) {
  const { screen } = terminal;
  if (screen === null) return [h('p.dark', {}, '')];
  if (terminal.code !== null) return codeChildren(terminal.code);
  if (screen.shown.length > 0) return [h('div.shown', {}, ...screen.shown.map((line) => h('p', {}, line)))];
  const marks = { done: 'g-done', now: 'g-now', next: 'g-empty', stop: 'g-locked' };
  const items = screen.items.map(({ text, mark }) =>
    h('li', { 'data-m': mark }, mark === 'plain' ? undefined : glyph(marks[mark]), text[language]),
  );
  const number = `${screen.number.slice(0, 3)} ${screen.number.slice(3)}`;
  const compare = [h('span', {}, t().compareNumber), h('b', {}, number)];
  return [
    h('p.top', {}, plate(screen.state), h('span.push', {}, terminal.label)),
    h('h2', {}, screen.title[language]),
    h('p', {}, screen.note[language]),
    h('ul', {}, ...items),
    screen.percent >= 0
      ? h('progress', { max: 100, value: screen.percent, 'aria-label': screen.title[language] })
      : undefined,
    terminal.digitCount > 0
      ? h('p.dots', { 'aria-label': t().digits(terminal.digitCount) }, '●'.repeat(terminal.digitCount))
      : undefined,
    screen.number === '' ? undefined : h('p.compare', {}, ...compare),
    h('p.sn', {}, screen.serial),
  ].filter((child) => child !== undefined);
}

function updateDevice(terminal) {
  parts.screen.dataset.s = terminal.screen?.tone ?? 'off';
  parts.screen.dataset.prompt = terminal.screen?.prompt ?? '';
  const turn = terminal.code === null ? 0 : codeTurn;
  const key = [language, terminal.screen, terminal.digitCount, terminal.label, terminal.code?.text, turn];
  fill(parts.screen, key, () => screenChildren(terminal));
  fill(parts.paper, [language, terminal.paper], () =>
    terminal.paper.length === 0 ? [h('p.meta', {}, t().noPaper)] : terminal.paper.map(paperLine),
  );
  parts.paper.scrollTop = parts.paper.scrollHeight;
  parts.paperLeft.textContent = t().paperLeft(terminal.paperMm);
}

function readingText(sensor, reading) {
  if (sensor === 'drop') return t().drops(Number.parseInt(reading, 10));
  return t().reading[reading] ?? reading;
}

function updateSensors(terminal) {
  for (const { sensor, isTripped, isHeld, reading } of terminal.sensors) {
    const row = parts.sensors.get(sensor);
    if (row === undefined) continue;
    row.shape.dataset.s = isTripped ? 'stop' : 'quiet';
    fill(row.shape, isTripped, () => [glyph(isTripped ? 'g-locked' : 'g-empty')]);
    row.reading.textContent = readingText(sensor, reading);
    row.trip.hidden = isHeld;
    row.repair.hidden = !isHeld;
  }
  const hasPinLock = (terminal.reasons & 64) !== 0;
  parts.pins.shape.dataset.s = hasPinLock ? 'stop' : 'quiet';
  fill(parts.pins.shape, hasPinLock, () => [glyph(hasPinLock ? 'g-locked' : 'g-empty')]);
}

function updateAside(terminal) {
  parts.power.textContent = terminal.isOn ? t().powerOn : t().powerOff;
  const isMixedUp = terminal.answeringSerial !== terminal.serial;
  const plugged = terminal.isInUse ? t().cableUsed : t().cableIn;
  parts.cable.textContent = isMixedUp
    ? t().cableOther(terminal.answeringSerial)
    : terminal.isPlugged
      ? plugged
      : t().cableOut;
  parts.on.hidden = terminal.isOn;
  parts.off.hidden = !terminal.isOn;
  parts.restart.hidden = !terminal.isOn;
  parts.unplug.hidden = !terminal.isPlugged;
  parts.replug.hidden = terminal.isPlugged && !isMixedUp;
  parts.network.textContent = t().network(terminal.hasNetwork, terminal.recordsWaiting);
  parts.netOff.hidden = !terminal.hasNetwork;
  parts.netOn.hidden = terminal.hasNetwork || terminal.broken.includes('network');
  for (const [part, box] of parts.broken) box.checked = terminal.broken.includes(part);
  const rows = [
    [t().serial, terminal.serial],
    [t().model, terminal.model],
    [t().epoch, terminal.isOn ? terminal.lockEpoch : '–'],
    [t().boots, terminal.isOn ? terminal.bootCount : '–'],
    [t().unlocks, terminal.isOn ? terminal.lifetimeUnlocks : '–'],
    [t().identity, terminal.isOn ? (terminal.isIdentityAlive ? t().alive : t().dead) : '–'],
    [t().rate, t().baud(terminal.baud)],
    ...(terminal.portPath === '' ? [] : [[t().port, terminal.portPath]]),
  ];
  fill(parts.facts, rows, () => rows.flatMap(([name, value]) => [h('dt', {}, name), h('dd', {}, String(value))]));
}

function updateCodes() {
  fill(parts.codes, [language, view.authenticators], () =>
    view.authenticators.map(({ name, code, secondsLeft }) =>
      h(
        'li',
        {},
        h('span', {}, name),
        h('b', {}, `${code.slice(0, 3)} ${code.slice(3)}`),
        h('span.meta', {}, t().seconds(secondsLeft)),
      ),
    ),
  );
  fill(parts.extras, view.extras, () =>
    view.extras.map(({ title, text }) => sheet(title, undefined, h('pre', {}, text))),
  );
}

function update() {
  parts.lost.hidden = !isLost;
  updateStrip();
  updateCodes();
  const terminal = chosen();
  if (terminal === undefined) return;
  updateDevice(terminal);
  updateCards(parts.cards, terminal, t());
  updateSensors(terminal);
  updateAside(terminal);
}

function speakChanges(next) {
  for (const terminal of next.terminals) {
    const before = view.terminals.find((other) => other.serial === terminal.serial);
    if (before !== undefined && before.state !== terminal.state) {
      spoken.textContent = t().became(terminal.label, t().states[terminal.state] ?? terminal.state);
    }
  }
}

function listen() {
  const socket = new WebSocket(`${location.origin.replace(/^http/, 'ws')}/live`);
  socket.addEventListener('message', (event) => {
    const next = JSON.parse(event.data);
    speakChanges(next);
    view = next;
    isLost = false;
    if (parts.builtFor !== builtFor()) build();
    else update();
  });
  socket.addEventListener('close', () => {
    isLost = true;
    update();
    setTimeout(listen, 1000);
  });
}

addEventListener('hashchange', () => choose(decodeURIComponent(location.hash.slice(1))));
setInterval(() => {
  const terminal = chosen();
  if (terminal === undefined || terminal.code === null || terminal.code.pictures.length < 2) return;
  codeTurn += 1;
  updateDevice(terminal);
}, codePartMs);
build();
listen();
