/** Makes an element: `h('button.btn', { onclick }, 'text', child)`. Attributes with `undefined` are left out. */
export function h(name, attributes = {}, ...children) {
  const [tag, ...classes] = name.split('.');
  const element = document.createElement(tag);
  if (classes.length > 0) element.className = classes.join(' ');
  for (const [key, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) continue;
    if (key.startsWith('on')) element.addEventListener(key.slice(2), value);
    else element.setAttribute(key, value === true ? '' : String(value));
  }
  element.append(...children.filter((child) => child !== undefined));
  return element;
}

/** A state's shape from the sprite of the page. */
export function glyph(name) {
  const namespace = 'http://www.w3.org/2000/svg';
  const svg = document.createElementNS(namespace, 'svg');
  svg.setAttribute('class', 'g');
  svg.setAttribute('aria-hidden', 'true');
  const use = document.createElementNS(namespace, 'use');
  use.setAttribute('href', `#${name}`);
  svg.append(use);
  return svg;
}

/** Shape and tint of a device state; the word is always beside it. */
export const stateLook = {
  NORMAL: ['g-full', 'ok'],
  LOCKED: ['g-locked', 'stop'],
  BLANK: ['g-empty', 'quiet'],
  PROBATION: ['g-half', 'now'],
  OFF: ['g-none', 'quiet'],
};

/** Puts `children` into `element`, but only when `key` differs from the last time: nothing flickers or loses focus. */
export function fill(element, key, makeChildren) {
  const text = JSON.stringify(key);
  if (element.dataset.key === text) return;
  element.dataset.key = text;
  element.replaceChildren(...makeChildren());
}

/** A sheet with a heading. */
export function sheet(title, lead, ...children) {
  const head = h('header', {}, h('h2', {}, title), lead === undefined ? undefined : h('p.meta', {}, lead));
  return h('section.sheet', {}, head, h('div.pad', {}, ...children));
}
