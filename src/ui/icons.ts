/** Line icons, drawn on 24 × 24: name → path data. */
export const iconPaths = {
  bars: 'M4 20.5V12M9.3 20.5V5M14.7 20.5V9M20 20.5v-6',
  bolt: 'M13.5 3 6 13.5h5L10 21l8-11h-5.2z',
  cable: 'M9 3v4M15 3v4M6.5 7h11v3.5a5.5 5.5 0 0 1-11 0V7ZM12 16v5',
  calendar: 'M4 6h16v14H4zM4 10.5h16M8.5 3.5v4M15.5 3.5v4',
  call: 'M6 3.5h3l1.6 4.3-2 1.6a12 12 0 0 0 6 6l1.6-2 4.3 1.6v3a2 2 0 0 1-2.2 2A16.5 16.5 0 0 1 4 5.7a2 2 0 0 1 2-2.2Z',
  camera: 'M3.5 8h4l1.6-2.5h5.8L16.5 8h4v11.5h-17V8ZM15.5 13.5a3.5 3.5 0 1 1-7 0 3.5 3.5 0 0 1 7 0Z',
  card: 'M3 6h18v12.5H3zM3 10h18M6.5 14.5h4',
  chat: 'M4 5h16v11.5h-8L7.5 20.5v-4H4z',
  check: 'm5 12.5 4.5 4.5L19 7.5',
  copy: 'M9 9h11v11H9zM15 9V4H4v11h5',
  down: 'm6 9.5 6 6 6-6',
  download: 'M12 4v11M7.5 11 12 15.5 16.5 11M4.5 20h15',
  eye: 'M2.5 12C5 7.5 8.2 5.5 12 5.5s7 2 9.5 6.5c-2.5 4.5-5.7 6.5-9.5 6.5S5 16.5 2.5 12ZM15 12a3 3 0 1 1-6 0 3 3 0 0 1 6 0Z',
  file: 'M6 3h8.5L19 7.5V21H6zM14 3v5h5',
  filter: 'M4 6.5h16M7 12h10M10 17.5h4',
  finger:
    'M5 12.5a7 7 0 0 1 12.5-4.3M19 12.5c0 3-.3 5.2-1 7.5M8 20c-1-2-1.3-4.5-1.3-7.5M9 12.5a3 3 0 0 1 6 0c0 3.4-.3 6-1.3 8.5M12 12.5c0 3.5-.2 5.8-1 8',
  drop: 'M12 3.5c3.6 4.2 6 7.3 6 10.5a6 6 0 0 1-12 0c0-3.2 2.4-6.3 6-10.5Z',
  erase: 'M8.5 5.5H21v13H8.5L3 12zM11.5 9.5l5 5M16.5 9.5l-5 5',
  flame: 'M12 3c.5 3.5 5.5 5.5 5.5 11a5.5 5.5 0 0 1-11 0c0-2 .8-3.4 2-4.6.3 1.6 1 2.4 2 2.6-.6-3.4 0-6.4 1.5-9Z',
  globe:
    'M21 12a9 9 0 1 1-18 0 9 9 0 0 1 18 0ZM3 12h18M12 3c2.6 2.6 3.8 5.6 3.8 9s-1.2 6.4-3.8 9c-2.6-2.6-3.8-5.6-3.8-9S9.4 5.6 12 3Z',
  home: 'M4 11 12 4l8 7M6 9.5V20h12V9.5M10 20v-5.5h4V20',
  key: 'M12 8.2a4.2 4.2 0 1 1-8.4 0 4.2 4.2 0 0 1 8.4 0ZM10.8 11.2l9.2 9.2M17.6 18l2.2-2.2M14.2 14.6l1.8-1.8',
  left: 'm14.5 6-6 6 6 6',
  list: 'M8.5 6H20M8.5 12H20M8.5 18H20M4 6h.1M4 12h.1M4 18h.1',
  more: 'M6.2 12a1.2 1.2 0 1 1-2.4 0 1.2 1.2 0 0 1 2.4 0ZM13.2 12a1.2 1.2 0 1 1-2.4 0 1.2 1.2 0 0 1 2.4 0ZM20.2 12a1.2 1.2 0 1 1-2.4 0 1.2 1.2 0 0 1 2.4 0Z',
  lock: 'M6 11h12v9.5H6zM8.5 11V7.5a3.5 3.5 0 0 1 7 0V11M12 15v2',
  net: 'M2.5 9.5a14 14 0 0 1 19 0M5.8 13a9.3 9.3 0 0 1 12.4 0M9 16.4a4.6 4.6 0 0 1 6 0M12 20v.1',
  'net-off':
    'M3 3.5 20.5 21M2.5 9.5a14 14 0 0 1 4.6-2.9M11 5.8a14 14 0 0 1 10.5 3.7M5.8 13a9.3 9.3 0 0 1 4.4-2.2M9 16.4a4.6 4.6 0 0 1 5.6-.4M12 20v.1',
  out: 'M14 4h6v6M20 4l-9 9M17 14v6H4V7h6',
  parking: 'M5 3.5h14v17H5zM10 17V7.5h3a2.8 2.8 0 0 1 0 5.6h-3',
  pause: 'M8.5 5v14M15.5 5v14',
  phone:
    'M8 2.5h8a1.5 1.5 0 0 1 1.5 1.5v16a1.5 1.5 0 0 1-1.5 1.5H8A1.5 1.5 0 0 1 6.5 20V4A1.5 1.5 0 0 1 8 2.5ZM11 18.5h2',
  plus: 'M12 5v14M5 12h14',
  pos: 'M7.5 2.5h9a2 2 0 0 1 2 2v15a2 2 0 0 1-2 2h-9a2 2 0 0 1-2-2v-15a2 2 0 0 1 2-2ZM8.5 5.5h7v5h-7zM8.8 14h.1M12 14h.1M15.2 14h.1M8.8 17.5h.1M12 17.5h.1M15.2 17.5h.1',
  pulse: 'M3 12h4.5L10 6l4 12 2.5-6H21',
  qr: 'M4 4h6v6H4zM14 4h6v6h-6zM4 14h6v6H4zM14 14h2.5v2.5M20 14v.1M20 17v3h-3M14 20v.1',
  receipt:
    'M5.5 3v18l2.2-1.5L9.8 21l2.2-1.5 2.2 1.5 2.1-1.5 2.2 1.5V3l-2.2 1.5L14.2 3 12 4.5 9.8 3 7.7 4.5 5.5 3ZM9 9.5h6M9 13.5h6',
  refresh: 'M20 11.5A8 8 0 0 0 6 6.5L3.5 9M3.5 4v5h5M4 12.5a8 8 0 0 0 14 5l2.5-2.5M20.5 20v-5h-5',
  power: 'M12 3v8.5M7.4 6.2a7.5 7.5 0 1 0 9.2 0',
  print: 'M7 8.5V3.5h10v5M7 17H4V9h16v8h-3M7 14h10v6.5H7z',
  right: 'm9.5 6 6 6-6 6',
  scale:
    'M12 4v16M7.5 20h9M4 7.5h16M4 7.5 1.8 13.5a2.7 2.7 0 0 0 4.5 0L4 7.5ZM20 7.5l-2.3 6a2.7 2.7 0 0 0 4.5 0L20 7.5Z',
  search: 'M17.1 10.8a6.3 6.3 0 1 1-12.6 0 6.3 6.3 0 0 1 12.6 0ZM15.5 15.5l5 5',
  shield: 'M12 3 4.5 6v5.5c0 4.5 3.2 8 7.5 9.5 4.3-1.5 7.5-5 7.5-9.5V6L12 3ZM8.8 12l2.3 2.3 4.2-4.4',
  sliders: 'M4 7h9M17 7h3M4 17h3M11 17h9M17 7a2 2 0 1 1-4 0 2 2 0 0 1 4 0ZM11 17a2 2 0 1 1-4 0 2 2 0 0 1 4 0Z',
  speaker: 'M4 9.5v5h3.5L12 19V5L7.5 9.5H4ZM15.5 9a4.3 4.3 0 0 1 0 6M18.3 6.3a8.2 8.2 0 0 1 0 11.4',
  textsize: 'M2.5 19 8 5l5.5 14M4.4 14.5h7.2M14.5 19l3.5-9 3.5 9M15.7 16h4.6',
  ticket: 'M3.5 6.5h17v3.7a2 2 0 0 0 0 3.6v3.7h-17v-3.7a2 2 0 0 0 0-3.6V6.5ZM14.5 6.5v11',
  undo: 'M8 5 3.5 9.5 8 14M4 9.5h10.5a5.5 5.5 0 0 1 0 11H10',
  up: 'm6 14.5 6-6 6 6',
  upload: 'M12 15.5V4.5M7.5 9 12 4.5 16.5 9M4.5 20h15',
  user: 'M16 8a4 4 0 1 1-8 0 4 4 0 0 1 8 0ZM4.5 20.5c.8-4 3.8-6 7.5-6s6.7 2 7.5 6',
  users:
    'M12.5 8.5a3.5 3.5 0 1 1-7 0 3.5 3.5 0 0 1 7 0ZM2.5 20c.6-3.6 3.2-5.5 6.5-5.5s5.9 1.9 6.5 5.5M15.5 5.3a3.5 3.5 0 0 1 0 6.4M18 15c2 .8 3.2 2.5 3.5 5',
  x: 'm6 6 12 12M18 6 6 18',
} as const;
/** The name of a line icon. */
export type IconName = keyof typeof iconPaths;

/** Filled shapes, drawn on 20 × 20; each stands for one kind of state (see `Glyph.svelte`). */
export const glyphPaths = {
  full: 'M18 10a8 8 0 1 1-16 0 8 8 0 0 1 16 0Z',
  done: 'M10 1a9 9 0 1 1 0 18 9 9 0 0 1 0-18Zm4.7 5.9-1.4-1.3-4.7 5.2-2.2-2.1L5 10.1l3.7 3.5 6-6.7Z',
  now: 'M10 1a9 9 0 1 1 0 18 9 9 0 0 1 0-18Zm0 2.2a6.8 6.8 0 1 0 0 13.6 6.8 6.8 0 0 0 0-13.6ZM10 6a4 4 0 1 1 0 8 4 4 0 0 1 0-8Z',
  next: 'M10 2.5a7.5 7.5 0 1 1 0 15 7.5 7.5 0 0 1 0-15Zm0 2a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11Z',
  empty: 'M10 2a8 8 0 1 1 0 16 8 8 0 0 1 0-16Zm0 2.2a5.8 5.8 0 1 0 0 11.6 5.8 5.8 0 0 0 0-11.6Z',
  wait: 'M10 1a9 9 0 1 1 0 18 9 9 0 0 1 0-18Zm0 2.2a6.8 6.8 0 1 0 0 13.6 6.8 6.8 0 0 0 0-13.6ZM9 5.5h2v4.3l2.9 2.1-1.2 1.6L9 10.9V5.5Z',
  warn: 'M10 1.5 19.5 18H.5L10 1.5ZM9 7.5v5h2v-5H9Zm0 6.3v2h2v-2H9Z',
  locked: 'm10 .6 9.4 9.4-9.4 9.4L.6 10 10 .6Z',
  stop: 'm10 .6 9.4 9.4-9.4 9.4L.6 10 10 .6ZM9 5.5v5.3h2V5.5H9Zm0 6.8v2.2h2v-2.2H9Z',
  half: 'M10 2a8 8 0 1 1 0 16 8 8 0 0 1 0-16Zm0 2.2v11.6a5.8 5.8 0 1 0 0-11.6Z',
  none: 'M10 1a9 9 0 1 1 0 18 9 9 0 0 1 0-18Zm0 2.2a6.8 6.8 0 0 0-5.3 11l9.5-9.5A6.8 6.8 0 0 0 10 3.2Zm5.3 2.6-9.5 9.5a6.8 6.8 0 0 0 9.5-9.5Z',
  eq: 'M3 5.8h14V8H3zM3 12h14v2.2H3z',
  ne: 'M3 6h7.3l1.9-3.5 1.8 1L12.7 6H17v2.2h-5.5l-1.9 3.6H17V14H8.4l-1.9 3.5-1.8-1L6 14H3v-2.2h4.2l1.9-3.6H3V6Z',
} as const;
/** The name of a state shape. */
export type GlyphName = keyof typeof glyphPaths;

/** The tint of a state; it never stands without a shape and a word. `off` is grey: no news. */
export type Tint = 'ok' | 'wait' | 'stop' | 'now' | 'off';

/** A state's shape and tint. */
export interface Look {
  readonly glyph: GlyphName;
  readonly tint: Tint;
}

/** How each state of a terminal is drawn. Keys are the protocol's own words. */
export const terminalLooks = {
  NORMAL: { glyph: 'full', tint: 'ok' },
  LOCKED: { glyph: 'locked', tint: 'stop' },
  BLANK: { glyph: 'empty', tint: 'off' },
  PROBATION: { glyph: 'half', tint: 'now' },
} as const satisfies Record<string, Look>;
