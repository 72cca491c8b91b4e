/* eslint-disable svelte/prefer-svelte-reactivity -- the query is replaced as a whole, never changed */
import type { Navigation } from './person.ts';

/** The page's place, over the browser's history. One per page; `listen` starts it. */
export class Router implements Navigation {
  #location = $state.raw({ path: location.pathname, search: location.search });
  readonly #query = $derived(new URLSearchParams(this.#location.search));
  #steps = 0;

  get path(): string {
    return this.#location.path;
  }

  get query(): URLSearchParams {
    return this.#query;
  }

  go(path: string, options: { readonly replace?: boolean } = {}): void {
    if (options.replace) history.replaceState(null, '', path);
    else {
      history.pushState(null, '', path);
      this.#steps += 1;
    }
    this.#read();
    if (!options.replace) scrollTo(0, 0);
  }

  back(fallback: string): void {
    if (this.#steps > 0) history.back();
    else this.go(fallback, { replace: true });
  }

  /** Follows the history and catches clicks on links of ours; returns the way to stop. */
  listen(): () => void {
    const onPop = (): void => {
      this.#steps = Math.max(0, this.#steps - 1);
      this.#read();
    };
    const onClick = (event: MouseEvent): void => {
      const path = ownPathOf(event);
      if (path === undefined) return;
      event.preventDefault();
      if (path !== location.pathname + location.search) this.go(path);
    };
    addEventListener('popstate', onPop);
    document.addEventListener('click', onClick);
    return () => {
      removeEventListener('popstate', onPop);
      document.removeEventListener('click', onClick);
    };
  }

  #read(): void {
    this.#location = { path: location.pathname, search: location.search };
  }
}

function ownPathOf(event: MouseEvent): string | undefined {
  if (event.defaultPrevented || event.button !== 0) return undefined;
  if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return undefined;
  const link = event.target instanceof Element ? event.target.closest('a') : null;
  if (link === null || link.target !== '' || link.hasAttribute('download')) return undefined;
  const url = new URL(link.href, location.href);
  if (url.origin !== location.origin || /^\/(api|openapi|healthz)/.test(url.pathname)) return undefined;
  if (url.hash !== '' && url.pathname === location.pathname) return undefined;
  return url.pathname + url.search;
}
