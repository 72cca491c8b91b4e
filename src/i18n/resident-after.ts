import { residentAfterEn } from './resident-after.en.ts';
import type { ResidentAfterText } from './resident-after.en.ts';
import { residentAfterZh } from './resident-after.zh.ts';
import { words } from './resident.svelte.ts';

/** Words of the resident's page from the press on, in the page's language; both lie in the part that is fetched then. */
export function afterWords(): ResidentAfterText {
  return words.language === 'zh' ? residentAfterZh : residentAfterEn;
}
