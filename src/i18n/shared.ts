import { TextSource } from './i18n.svelte.ts';
import type { SharedText } from './shared.en.ts';

/** Words that every screen uses: states, reasons, failures, common acts. */
export const shared = new TextSource<SharedText>({
  en: () => import('./shared.en.ts').then((module) => module.sharedEn),
  zh: () => import('./shared.zh.ts').then((module) => module.sharedZh),
});
