import { TextSource } from './i18n.svelte.ts';
import type { TechnicianSiteText } from './technician-site.en.ts';

/** Words of the technician's work without a network. */
export const siteText = new TextSource<TechnicianSiteText>({
  en: () => import('./technician-site.en.ts').then((module) => module.technicianSiteEn),
  zh: () => import('./technician-site.zh.ts').then((module) => module.technicianSiteZh),
});
