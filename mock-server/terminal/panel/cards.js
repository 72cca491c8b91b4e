import { fill, glyph, h, sheet } from './parts.js';

const entries = [
  ['chip', 'hasChip'],
  ['contactless', 'hasContactless'],
  ['magstripe', undefined],
];

/** The card that the next button gives to the reader. */
let chosenId = '';

function picture(card, index, t) {
  const marks = [
    h(card.hasChip ? 'span.chip' : 'span.stripe', { title: card.hasChip ? t.cardChip : t.cardStripe }),
    card.hasContactless ? glyph('g-waves') : undefined,
  ];
  return [
    h('span.row.top', {}, ...marks.filter((mark) => mark !== undefined)),
    h('span.number', {}, `•••• ${card.tail}`),
    h('span.holder', {}, card.name[t.code]),
  ];
}

function choice(card, index, t, onChoose) {
  const input = h('input', {
    type: 'radio',
    name: 'card',
    value: card.id,
    checked: card.id === chosenId,
    onchange: () => {
      chosenId = card.id;
      onChoose();
    },
  });
  return h('label.plastic', { 'data-tint': index % 5, 'data-card': card.id }, input, ...picture(card, index, t));
}

/** The wallet of simulated cards and what can be done with the chosen one. `act` sends a control call. */
export function makeCards(t, cards, act) {
  const parts = { cards };
  if (!cards.some(({ id }) => id === chosenId)) chosenId = cards[0]?.id ?? '';
  const refresh = () => updateCards(parts, parts.terminal, t);
  parts.buttons = entries.map(([entry, needs]) => {
    const onclick = () => act({ action: 'card', card: chosenId, entry });
    const button = h('button.btn', { type: 'button', onclick, 'data-testid': `card-${entry}` }, t.cardEntry[entry]);
    return { button, needs };
  });
  const takeOut = () => act({ action: 'take-card' });
  parts.takeOut = h('button.btn', { type: 'button', onclick: takeOut, 'data-testid': 'card-take' }, t.cardTake);
  parts.slot = h('p.meta', { role: 'status' });
  parts.pin = h('p.meta');
  const wallet = h(
    'div.wallet',
    { role: 'radiogroup', 'aria-label': t.cards },
    ...cards.map((card, index) => choice(card, index, t, refresh)),
  );
  const buttons = h('div.buttons.give', {}, ...parts.buttons.map(({ button }) => button), parts.takeOut);
  parts.sheet = sheet(t.cards, t.cardsLead, buttons, h('div.row.facts-row', {}, parts.pin, parts.slot), wallet);
  return parts;
}

/** Shows what the chosen card can do, and which one is in the slot. */
export function updateCards(parts, terminal, t) {
  if (terminal === undefined) return;
  parts.terminal = terminal;
  const chosen = parts.cards.find(({ id }) => id === chosenId);
  const inside = parts.cards.find(({ id }) => id === terminal.insertedCard);
  for (const { button, needs } of parts.buttons) {
    const isSlotTaken = needs === 'hasChip' && inside !== undefined;
    button.disabled = chosen === undefined || (needs !== undefined && !chosen[needs]) || isSlotTaken;
  }
  parts.takeOut.disabled = inside === undefined;
  parts.pin.textContent = chosen === undefined ? '' : t.cardPin(chosen.pin);
  const slot = inside === undefined ? t.slotEmpty : t.slotHolds(inside.name[t.code]);
  fill(parts.slot, slot, () => [slot]);
}
