import { TextSource } from './i18n.svelte.ts';
import type { OnSiteText } from './on-site.en.ts';

/** Words for signing on site with a key of one's own. */
export const onSite = new TextSource<OnSiteText>({
  en: () => import('./on-site.en.ts').then((module) => module.onSiteEn),
  zh: () => import('./on-site.zh.ts').then((module) => module.onSiteZh),
});
