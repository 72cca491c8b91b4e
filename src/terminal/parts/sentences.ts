import { i18n } from '../../i18n/i18n.svelte.ts';

/** Sentences one after the other, as the language sets them: Chinese has no space between them. */
export function sentences(...parts: readonly (string | undefined)[]): string {
  return parts.filter((part) => part !== undefined && part !== '').join(i18n.language === 'zh' ? '' : ' ');
}
