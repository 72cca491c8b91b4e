import { TextSource } from './i18n.svelte.ts';
import type { PrinterText } from './terminal-printer.en.ts';

/** Words of the terminal's printer settings: fetched when they are opened. */
export const printerText = new TextSource<PrinterText>({
  en: () => import('./terminal-printer.en.ts').then((module) => module.printerEn),
  zh: () => import('./terminal-printer.zh.ts').then((module) => module.printerZh),
});
