import { TextSource } from './i18n.svelte.ts';
import type { MerchantText } from './merchant.en.ts';

/** Words of the merchant's app. */
export const merchantText = new TextSource<MerchantText>({
  en: () => import('./merchant.en.ts').then((module) => module.merchantEn),
  zh: () => import('./merchant.zh.ts').then((module) => module.merchantZh),
});
