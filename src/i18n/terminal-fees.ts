import { TextSource } from './i18n.svelte.ts';
import type { FeesText } from './terminal-fees.en.ts';

/** Words of paying bills at the terminal: fetched when that is opened. */
export const feesText = new TextSource<FeesText>({
  en: () => import('./terminal-fees.en.ts').then((module) => module.feesEn),
  zh: () => import('./terminal-fees.zh.ts').then((module) => module.feesZh),
});
