import { languageTags, pickLanguage } from './languages.ts';
import type { Language } from './languages.ts';
import type { ResidentText } from './resident.en.ts';

const loaders: Readonly<Record<Language, () => Promise<ResidentText>>> = {
  en: () => import('./resident.en.ts').then((module) => module.residentEn),
  zh: () => import('./resident.zh.ts').then((module) => module.residentZh),
};

/**
 * Language and words of the resident's page. Its own in place of `I18n`: that brings the formats of every screen with it,
 * and the page's first load has no room for them.
 */
class ResidentWords {
  #language = $state<Language>('zh');
  #text = $state.raw<ResidentText>();

  /** The language that is shown. */
  get language(): Language {
    return this.#language;
  }

  /** The words in it. Throws before the first `change` has finished. */
  get t(): ResidentText {
    if (this.#text === undefined) throw new Error('ResidentWords.t: change() must finish before the first screen');
    return this.#text;
  }

  /** Shows another language; rejects when its words cannot be fetched, and nothing changes then. */
  async change(language: Language): Promise<void> {
    const text = await loaders[language]();
    this.#text = text;
    this.#language = language;
    document.documentElement.lang = languageTags[language];
  }

  /** Facts side by side, with the language's own comma. */
  row(...parts: readonly string[]): string {
    return parts.join(this.#language === 'zh' ? '，' : ', ');
  }
}

/** Words of the resident's page. */
export const words = new ResidentWords();

/** The language for a reader who prefers `preferred`, best first. */
export const residentLanguage: (preferred: readonly string[]) => Language = pickLanguage;
