import type { AppText } from './app.en.ts';
import { TextSource } from './i18n.svelte.ts';

/** Words of the shell: sign-in, account, invitation, updates. */
export const app = new TextSource<AppText>({
  en: () => import('./app.en.ts').then((module) => module.appEn),
  zh: () => import('./app.zh.ts').then((module) => module.appZh),
});
