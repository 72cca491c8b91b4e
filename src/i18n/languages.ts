/** Languages of the screens. `en` is the model for every dictionary; `zh` must have the same keys. */
export const languages = ['zh', 'en'] as const;
/** One language of the screens. */
export type Language = (typeof languages)[number];

/** The tag for the `lang` attribute and for `Intl`. */
export const languageTags = { zh: 'zh-CN', en: 'en-GB' } as const satisfies Record<Language, string>;

/** Picks the screen's language from what the reader prefers, best first; English when none of ours is named. */
export function pickLanguage(preferred: readonly string[]): Language {
  for (const tag of preferred) {
    const found = languages.find((language) => tag.toLowerCase().startsWith(language));
    if (found !== undefined) return found;
  }
  return 'en';
}
