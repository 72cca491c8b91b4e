import type { Component } from 'svelte';
import type { Me } from '../../../protocol/http/people.ts';
import { onSite } from '../../i18n/on-site.ts';
import type { ShellContext } from '../context.ts';

/** A screen as a module of its own. */
interface Screen {
  readonly default: Component<{ shell: ShellContext; me: Me }>;
}

/** Fetches a screen about signing on site, with its words. */
async function withWords(screen: Promise<Screen>): Promise<Screen> {
  const [loaded] = await Promise.all([screen, onSite.load()]);
  return loaded;
}

/** The second person's screen. */
export function loadConfirm(): Promise<Screen> {
  return withWords(import('./Confirm.svelte'));
}

/** The account page's part about the field key. */
export function loadFieldKeys(): Promise<Screen> {
  return withWords(import('./FieldKeys.svelte'));
}
