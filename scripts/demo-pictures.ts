import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright-core';

const sizes = [
  { name: '1440', width: 1440, height: 900 },
  { name: '390', width: 390, height: 844 },
] as const;
/** A terminal's own screen. */
const terminalSize = { name: '480', width: 480, height: 800 } as const;
type SizeName = (typeof sizes)[number]['name'] | typeof terminalSize.name;
/** Pictures of whole pages end here, px. */
const wholeHeightMax = 4_000;
const languages = ['zh', 'en'] as const;
type Language = (typeof languages)[number];
const languageKey = 'tillkeeper.language';

/** Takes pictures of screens in both languages and at both sizes; the screen is left in the language it ends with. */
export class PictureBook {
  readonly #folder: string;
  readonly #names: string[] = [];

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** The files taken so far. */
  get names(): readonly string[] {
    return this.#names;
  }

  /**
   * Pictures of the page as it stands; `settled` waits for it after each reload in another language. At the size of
   * `only`, or as a desk and a phone see it.
   */
  async take(page: Page, name: string, settled: () => Promise<unknown>, only?: SizeName): Promise<void> {
    const viewport = page.viewportSize();
    const wanted = only === undefined ? sizes : [...sizes, terminalSize].filter(({ name: size }) => size === only);
    for (const language of languages) {
      await this.speak(page, language);
      await settled();
      for (const { name: size, width, height } of wanted) {
        await page.setViewportSize({ width, height });
        await this.snap(page, name, size, language);
      }
      if (viewport !== null) await page.setViewportSize(viewport);
    }
  }

  /** Loads the page anew in this language. */
  async speak(page: Page, language: Language): Promise<void> {
    await page.evaluate(([key, value]) => localStorage.setItem(key, value), [languageKey, language] as const);
    await page.reload();
  }

  /** One picture of the page as it stands, whose size and language the caller names; `isWhole`: with what is below. */
  async snap(page: Page, name: string, size: SizeName, language: Language, isWhole = false): Promise<void> {
    await mkdir(this.#folder, { recursive: true });
    // At its top, and with nothing under the pointer.
    await page.evaluate(() => scrollTo(0, 0));
    await page.mouse.move(0, 0);
    const file = `${name}-${size}-${language}.png`;
    const viewport = page.viewportSize();
    if (isWhole && viewport !== null) {
      // What sticks to the screen's edge stands at the page's end then, and not across its middle.
      const height = await page.evaluate(() => document.documentElement.scrollHeight);
      await page.setViewportSize({ ...viewport, height: Math.min(height, wholeHeightMax) });
    }
    await page.screenshot({ path: join(this.#folder, file), animations: 'disabled' });
    if (isWhole && viewport !== null) await page.setViewportSize(viewport);
    this.#names.push(file);
  }
}
