import type { OfficeMoneyText } from './office-money.en.ts';
import { TextSource } from './i18n.svelte.ts';

/** Words of the office's screens for payments; they come with the first of them. */
export const moneyText = new TextSource<OfficeMoneyText>({
  en: () => import('./office-money.en.ts').then((module) => module.officeMoneyEn),
  zh: () => import('./office-money.zh.ts').then((module) => module.officeMoneyZh),
});
