/** Makes an element: `h('button.btn', { onclick }, 'text', child)`. Attributes with `undefined` or false are left out. */
export function h(name, attributes = {}, ...children) {
  const [tag, ...classes] = name.split('.');
  const element = document.createElement(tag);
  if (classes.length > 0) element.className = classes.join(' ');
  for (const [key, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) continue;
    if (key.startsWith('on')) element.addEventListener(key.slice(2), value);
    else element.setAttribute(key, value === true ? '' : String(value));
  }
  element.append(...children.flat().filter((child) => child !== undefined && child !== false));
  return element;
}

/** A picture from the page's sprite: `g-…` are filled shapes of states, `i-…` are drawn lines. */
export function picture(name) {
  const namespace = 'http://www.w3.org/2000/svg';
  const svg = document.createElementNS(namespace, 'svg');
  svg.setAttribute('class', name.startsWith('g-') || name === 'mark' ? 'g' : 'i');
  svg.setAttribute('aria-hidden', 'true');
  const use = document.createElementNS(namespace, 'use');
  use.setAttribute('href', `#${name}`);
  svg.append(use);
  return svg;
}

/** Fen as yuan with thousands: 1285000 → "12,850.00". */
export function yuan(fen) {
  const digits = String(Math.abs(fen)).padStart(3, '0');
  const whole = digits.slice(0, -2).replace(/\B(?=(\d{3})+$)/g, ',');
  return `${fen < 0 ? '−' : ''}${whole}.${digits.slice(-2)}`;
}

/** An amount as the product writes it; `isFinal` puts it on the double rule. */
export function amount(fen, isFinal = false) {
  return h(isFinal ? 'span.amount.final' : 'span.amount', {}, h('span.yuan', {}, '¥'), yuan(fen));
}

/** Posts JSON to the stand-ins. @returns the answer, or `undefined` when nobody answers. */
export async function post(path, body) {
  const headers = { 'content-type': 'application/json' };
  try {
    const response = await fetch(path, { method: 'POST', headers, body: JSON.stringify(body) });
    return await response.json();
  } catch {
    return undefined;
  }
}

/** Reads JSON of the stand-ins, or `undefined` when nobody answers. */
export async function get(path) {
  try {
    const response = await fetch(path);
    return response.ok ? await response.json() : undefined;
  } catch {
    return undefined;
  }
}

/** One row of buttons of which one is chosen. */
export function choices(label, options, chosen, choose) {
  return h(
    'fieldset.choices',
    { 'data-many': options.length > 3 },
    h('legend', {}, label),
    options.map(([value, text, extra]) =>
      h(
        'label.choice',
        {},
        h('input', { type: 'radio', name: label, value, checked: value === chosen, onchange: () => choose(value) }),
        h('span', {}, text),
        extra,
      ),
    ),
  );
}
