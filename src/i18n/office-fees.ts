import { TextSource } from './i18n.svelte.ts';
import type { OfficeFeesText } from './office-fees.en.ts';

/** Words of the office's screens for fees; they come with the first of them. */
export const officeFeesText = new TextSource<OfficeFeesText>({
  en: () => import('./office-fees.en.ts').then((module) => module.officeFeesEn),
  zh: () => import('./office-fees.zh.ts').then((module) => module.officeFeesZh),
});
