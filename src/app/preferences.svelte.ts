import { i18n } from '../i18n/i18n.svelte.ts';
import { languages } from '../i18n/languages.ts';
import type { Language } from '../i18n/languages.ts';
import { keep, readKept } from './storage.ts';

/** Light or dark; `system` follows the device. */
export const themes = ['system', 'light', 'dark'] as const;
/** Light or dark; `system` follows the device. */
export type Theme = (typeof themes)[number];

const themeKey = 'tillkeeper.theme';
const languageKey = 'tillkeeper.language';

/** What the reader chose for this browser: language and light or dark. */
export class Preferences {
  theme = $state<Theme>('system');

  /** Takes up what was chosen earlier; without a choice the browser's own preferences count. */
  start(): void {
    this.theme = themes.find((theme) => theme === readKept(themeKey)) ?? 'system';
    this.#paint();
    const chosen = languages.find((language) => language === readKept(languageKey));
    i18n.start(chosen === undefined ? navigator.languages : [chosen]);
  }

  /** Chooses light or dark. */
  chooseTheme(theme: Theme): void {
    this.theme = theme;
    keep(themeKey, theme);
    this.#paint();
  }

  /** Chooses the language; false when its texts cannot be fetched now. */
  async chooseLanguage(language: Language): Promise<boolean> {
    try {
      await i18n.change(language);
    } catch {
      return false;
    }
    keep(languageKey, language);
    return true;
  }

  #paint(): void {
    if (this.theme === 'system') delete document.documentElement.dataset['theme'];
    else document.documentElement.dataset['theme'] = this.theme;
  }
}
