import type { Demo } from '../../protocol/http/system.ts';
import type { Me } from '../../protocol/http/people.ts';
import type { ApiClient } from '../api/client.ts';
import type { ServerEvents } from '../api/events.svelte.ts';
import type { Language } from '../i18n/languages.ts';
import type { Toasts } from '../ui/toasts.svelte.ts';

/** Where the page is, and how to go elsewhere. Ordinary links to paths of ours are caught too. */
export interface Navigation {
  /** The path without query, for example `/technician/tickets/…`; reactive. */
  readonly path: string;
  /** The query; reactive. */
  readonly query: URLSearchParams;
  /** Goes to a path of ours; `replace` leaves no step in the history. */
  go(path: string, options?: { readonly replace?: boolean }): void;
  /** One step back, or to `fallback` when this page was opened directly. */
  back(fallback: string): void;
}

/** Holds updates, reloads and sign-outs back while a job runs. */
export interface JobGuard {
  /** True while at least one job runs; reactive. */
  readonly isBusy: boolean;
  /** Begins a job and returns its end (calling it twice is harmless). `name` is for the log. */
  begin(name: string): () => void;
}

/** What of the app lies in this browser: it works without a network when `files` are all that are `expected`. */
export interface ShellCache {
  /** Names the build. */
  readonly version: string;
  readonly files: number;
  readonly expected: number;
  readonly checkedAtMs: number;
}

/**
 * What the shell hands to each person's app. The app is `src/<person>/<Person>App.svelte`, loaded lazily; it loads its
 * own dictionary (`await import` of `src/i18n/<person>.ts`, then `load()`) before its first screen.
 */
export interface PersonAppProps {
  readonly me: Me;
  readonly api: ApiClient;
  readonly events: ServerEvents;
  readonly navigation: Navigation;
  readonly jobs: JobGuard;
  readonly toasts: Toasts;
  /** Counts the files of the app in this browser; undefined when there is no worker. */
  shellCache(): Promise<ShellCache | undefined>;
  /** Present only in demo mode. */
  readonly demo: Demo | undefined;
}

/** What the shell hands to the terminal's app (`src/terminal/TerminalApp.svelte`), which belongs to a device and not to a person. */
export interface KioskAppProps {
  readonly jobs: JobGuard;
  /** Present only in demo mode: where the emulated secure devices are. */
  demo(): Promise<Demo | undefined>;
  /** Names the build; empty when there is no worker. */
  version(): Promise<string>;
  /** Called while nobody needs the screen: a waiting update may be taken now. */
  rest(): void;
  /** Chooses the language; false when its texts cannot be fetched now. */
  chooseLanguage(language: Language): Promise<boolean>;
}
