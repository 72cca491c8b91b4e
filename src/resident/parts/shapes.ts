/** The shapes that this page needs, as in `src/ui/icons.ts`; a phone's first load has no room for all of them. */
export const residentIcons = {
  shield: 'M12 3 4.5 6v5.5c0 4.5 3.2 8 7.5 9.5 4.3-1.5 7.5-5 7.5-9.5V6L12 3ZM8.8 12l2.3 2.3 4.2-4.4',
  hand: 'M8 12V5.5a1.5 1.5 0 0 1 3 0V11M11 11V4.5a1.5 1.5 0 0 1 3 0V11M14 11V6a1.5 1.5 0 0 1 3 0v8.5c0 4-2.3 6.5-6 6.5-3 0-4.5-1.5-6.5-5L3 13a1.6 1.6 0 0 1 2.7-1.6L8 14',
} as const;

/** Filled shapes that carry a state. */
export const residentGlyphs = {
  done: 'M10 1a9 9 0 1 1 0 18 9 9 0 0 1 0-18Zm4.7 5.9-1.4-1.3-4.7 5.2-2.2-2.1L5 10.1l3.7 3.5 6-6.7Z',
  now: 'M10 1a9 9 0 1 1 0 18 9 9 0 0 1 0-18Zm0 2.2a6.8 6.8 0 1 0 0 13.6 6.8 6.8 0 0 0 0-13.6ZM10 6a4 4 0 1 1 0 8 4 4 0 0 1 0-8Z',
  next: 'M10 2.5a7.5 7.5 0 1 1 0 15 7.5 7.5 0 0 1 0-15Zm0 2a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11Z',
  wait: 'M10 1a9 9 0 1 1 0 18 9 9 0 0 1 0-18Zm0 2.2a6.8 6.8 0 1 0 0 13.6 6.8 6.8 0 0 0 0-13.6ZM9 5.5h2v4.3l2.9 2.1-1.2 1.6L9 10.9V5.5Z',
  warn: 'M10 1.5 19.5 18H.5L10 1.5ZM9 7.5v5h2v-5H9Zm0 6.3v2h2v-2H9Z',
  stop: 'm10 .6 9.4 9.4-9.4 9.4L.6 10 10 .6ZM9 5.5v5.3h2V5.5H9Zm0 6.8v2.2h2v-2.2H9Z',
  none: 'M10 1a9 9 0 1 1 0 18 9 9 0 0 1 0-18Zm0 2.2a6.8 6.8 0 0 0-5.3 11l9.5-9.5A6.8 6.8 0 0 0 10 3.2Zm5.3 2.6-9.5 9.5a6.8 6.8 0 0 0 9.5-9.5Z',
} as const;
