import { TextSource } from './i18n.svelte.ts';
import type { TechnicianText } from './technician.en.ts';

/** Words of the technician's screens. */
export const technicianText = new TextSource<TechnicianText>({
  en: () => import('./technician.en.ts').then((module) => module.technicianEn),
  zh: () => import('./technician.zh.ts').then((module) => module.technicianZh),
});
