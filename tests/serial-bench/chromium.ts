import { existsSync } from 'node:fs';
import { chromium } from 'playwright-core';
import type { Browser, BrowserContext, LaunchOptions } from 'playwright-core';

/** A Chromium on this machine: the program itself (not its start script) and the folder that it reads policies from. */
export interface ChromiumProgram {
  readonly path: string;
  /** An existing folder; the policies lie in it, or in `policies/` below it (see `policyPathInside`). */
  readonly policyFolder: string;
  /** From `policyFolder` to the folder of managed policies. */
  readonly policyPathInside: string;
}

const programs: readonly { readonly path: string; readonly settings: string }[] = [
  { path: '/usr/lib/chromium/chromium', settings: '/etc/chromium' },
  { path: '/usr/lib/chromium-browser/chromium-browser', settings: '/etc/chromium-browser' },
  { path: '/opt/google/chrome/chrome', settings: '/etc/opt/chrome' },
];

/** Debian's Chromium of the same version that has no window: no toolbar and no tabs to draw for each page. */
const shellPath = '/usr/lib/chromium/chromium-headless-shell';

const switches = [
  '--no-sandbox',
  '--headless=new',
  '--disable-gpu',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-dev-shm-usage',
  '--no-first-run',
];

/** The first Chromium found, or undefined when there is none. */
export function findChromium(): ChromiumProgram | undefined {
  for (const { path, settings } of programs) {
    if (!existsSync(path)) continue;
    if (existsSync(`${settings}/policies`)) {
      return { path, policyFolder: `${settings}/policies`, policyPathInside: 'managed' };
    }
    if (existsSync(settings)) return { path, policyFolder: settings, policyPathInside: 'policies/managed' };
  }
  return undefined;
}

/** Launches Chromium without a screen. `options` are Playwright's; its `args` come after the ones every test needs. */
export function launchChromium(options: LaunchOptions = {}): Promise<Browser> {
  const program = findChromium();
  if (program === undefined) throw new Error('No Chromium found; on Debian: apt-get install chromium');
  return chromium.launch({ executablePath: program.path, ...options, args: [...switches, ...(options.args ?? [])] });
}

/**
 * Launches what shows pages soonest: the headless shell where it is installed, a third of Chromium's time for each new
 * window, else Chromium. For tests that need of the browser nothing but its pages: it asks for no serial port, syncs
 * nothing in the background and keeps no profile.
 */
export function launchForPages(options: LaunchOptions = {}): Promise<Browser> {
  return launchChromium(existsSync(shellPath) ? { ...options, executablePath: shellPath } : options);
}

/** Launches Chromium with a profile on the disk, which another launch finds again. */
export function launchProfile(folder: string): Promise<BrowserContext> {
  const program = findChromium();
  if (program === undefined) throw new Error('No Chromium found; on Debian: apt-get install chromium');
  return chromium.launchPersistentContext(folder, {
    executablePath: program.path,
    args: [...switches],
    locale: 'en-GB',
    viewport: { width: 1440, height: 900 },
  });
}
