import { TextSource } from './i18n.svelte.ts';
import type { MerchantMoreText } from './merchant-more.en.ts';
import type { MerchantText } from './merchant.en.ts';

/** Words of the merchant's first screens. */
export const merchantText = new TextSource<MerchantText>({
  en: () => import('./merchant.en.ts').then((module) => module.merchantEn),
  zh: () => import('./merchant.zh.ts').then((module) => module.merchantZh),
});

/** Words of what is opened from them; whoever opens it loads them first. */
export const merchantMoreText = new TextSource<MerchantMoreText>({
  en: () => import('./merchant-more.en.ts').then((module) => module.merchantMoreEn),
  zh: () => import('./merchant-more.zh.ts').then((module) => module.merchantMoreZh),
});
