import { TextSource } from './i18n.svelte.ts';
import type { ReviewText } from './review.en.ts';

/** Words of deciding about a payment in review, for the office and the shop; they come with the first such payment. */
export const reviewText = new TextSource<ReviewText>({
  en: () => import('./review.en.ts').then((module) => module.reviewEn),
  zh: () => import('./review.zh.ts').then((module) => module.reviewZh),
});
