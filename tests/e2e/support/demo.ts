import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { builtAppFolder, ensureBuilt } from '../../../scripts/build-app.ts';
import { type Stack, startStack } from '../../../scripts/stack.ts';
import { putReadyPostgres, testFolder } from '../../ready-postgres.ts';
import { launchForPages } from '../../serial-bench/chromium.ts';

/** What `npm start` starts, on free ports, and a browser without a page. */
export class Demo {
  readonly folder: string;
  readonly stack: Stack;
  readonly browser: Browser;

  private constructor(folder: string, stack: Stack, browser: Browser) {
    this.folder = folder;
    this.stack = stack;
    this.browser = browser;
  }

  static async open(name: string): Promise<Demo> {
    await ensureBuilt();
    const folder = testFolder(name);
    await putReadyPostgres(join(folder, 'server'));
    const ports = { serverPort: 0, terminalsPort: 0, platformsPort: 0 };
    const stack = await startStack({ dataDir: folder, ...ports, staticDir: builtAppFolder, logLevel: 'error' });
    return new Demo(folder, stack, await launchForPages());
  }

  /** Closes every page. */
  async closePages(): Promise<void> {
    for (const context of this.browser.contexts()) await context.close();
  }

  async close(): Promise<void> {
    await this.browser.close();
    await this.stack.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
