import type { CodesText } from './codes.en.ts';
import { TextSource } from './i18n.svelte.ts';

/** Words of the codes that pass from screen to camera. */
export const codesText = new TextSource<CodesText>({
  en: () => import('./codes.en.ts').then((module) => module.codesEn),
  zh: () => import('./codes.zh.ts').then((module) => module.codesZh),
});
