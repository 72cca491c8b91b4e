import { TextSource } from './i18n.svelte.ts';
import type { OfficeText } from './office.en.ts';

/** Words of the office. */
export const officeText = new TextSource<OfficeText>({
  en: () => import('./office.en.ts').then((module) => module.officeEn),
  zh: () => import('./office.zh.ts').then((module) => module.officeZh),
});
