/* eslint-disable svelte/prefer-svelte-reactivity -- the set of dictionaries is never rendered */
import { createFormats } from './format.ts';
import type { Formats } from './format.ts';
import { languageTags, pickLanguage } from './languages.ts';
import type { Language } from './languages.ts';

/** How to fetch one person's dictionary in each language; each is a chunk of its own. */
export type TextLoaders<T> = Readonly<Record<Language, () => Promise<T>>>;

interface Loadable {
  prepare(language: Language): Promise<() => void>;
}

/** The language of the page and everything that depends on it. */
export class I18n {
  #language = $state<Language>('en');
  readonly #formats = $derived(createFormats(this.#language));
  readonly #inUse = new Set<Loadable>();

  /** The language that is shown. */
  get language(): Language {
    return this.#language;
  }

  /** Times, durations and numbers in this language. */
  get formats(): Formats {
    return this.#formats;
  }

  /** Chooses the first language from what the reader prefers, before any text is loaded. */
  start(preferred: readonly string[]): void {
    this.#show(pickLanguage(preferred));
  }

  /** Fetches every dictionary in use in `language`, then switches all of them at once. Rejects when a chunk cannot be fetched; nothing changes then. */
  async change(language: Language): Promise<void> {
    const swaps = await Promise.all([...this.#inUse].map((text) => text.prepare(language)));
    for (const swap of swaps) swap();
    this.#show(language);
  }

  /** Notes that a dictionary is shown and must follow the language. */
  follow(text: Loadable): void {
    this.#inUse.add(text);
  }

  #show(language: Language): void {
    this.#language = language;
    if (typeof document !== 'undefined') document.documentElement.lang = languageTags[language];
  }
}

/** The page's language. */
export const i18n = new I18n();

/** One person's dictionary: fetched by `load` before its first screen, then read as `.t` in components. */
export class TextSource<T extends object> implements Loadable {
  readonly #loaders: TextLoaders<T>;
  #text = $state.raw<T>();

  constructor(loaders: TextLoaders<T>) {
    this.#loaders = loaders;
  }

  /** The texts in the page's language. Throws when `load` has not finished: the entry component must await it. */
  get t(): T {
    if (this.#text === undefined) throw new Error('TextSource.t: load() must finish before the first screen');
    return this.#text;
  }

  /** Fetches the texts in the page's language and keeps them in step with it from now on. */
  async load(): Promise<void> {
    (await this.prepare(i18n.language))();
    i18n.follow(this);
  }

  async prepare(language: Language): Promise<() => void> {
    const text = await this.#loaders[language]();
    return () => {
      this.#text = text;
    };
  }
}
