import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright-core';

const sizes = [
  { name: '1440', width: 1440, height: 900 },
  { name: '390', width: 390, height: 844 },
] as const;
type SizeName = (typeof sizes)[number]['name'];
const languages = ['zh', 'en'] as const;
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
   * Pictures of the page as it stands; `settled` waits for it after each reload in another language. At the sizes of
   * `only`, or at both.
   */
  async take(page: Page, name: string, settled: () => Promise<unknown>, only?: SizeName): Promise<void> {
    await mkdir(this.#folder, { recursive: true });
    const viewport = page.viewportSize();
    for (const language of languages) {
      await page.evaluate(([key, value]) => localStorage.setItem(key, value), [languageKey, language] as const);
      await page.reload();
      await settled();
      for (const { name: size, width, height } of sizes) {
        if (only !== undefined && only !== size) continue;
        await page.setViewportSize({ width, height });
        // At its top, and with nothing under the pointer.
        await page.evaluate(() => scrollTo(0, 0));
        await page.mouse.move(0, 0);
        const file = `${name}-${size}-${language}.png`;
        await page.screenshot({ path: join(this.#folder, file), animations: 'disabled' });
        this.#names.push(file);
      }
      if (viewport !== null) await page.setViewportSize(viewport);
    }
  }
}
