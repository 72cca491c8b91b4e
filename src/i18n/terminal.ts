import { TextSource } from './i18n.svelte.ts';
import type { TerminalText } from './terminal.en.ts';

/** Words of the terminal's screens. */
export const terminalText = new TextSource<TerminalText>({
  en: () => import('./terminal.en.ts').then((module) => module.terminalEn),
  zh: () => import('./terminal.zh.ts').then((module) => module.terminalZh),
});
