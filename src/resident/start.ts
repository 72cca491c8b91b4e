import { mount } from 'svelte';
import { languages } from '../i18n/languages.ts';
import { residentLanguage, words } from '../i18n/resident.svelte.ts';
import type { PageEnvironment } from './environment.ts';
import { ResidentPage } from './page.svelte.ts';
import { PayDesk } from './pay-desk.svelte.ts';
import Resident from './Resident.svelte';
import { tickMs } from './state/limits.ts';

/** The language that was chosen in the installed app, if it is on this phone; a plain visitor's browser says theirs. */
function preferred(): readonly string[] {
  try {
    const chosen = languages.find((language) => language === localStorage.getItem('tillkeeper.language'));
    return chosen === undefined ? navigator.languages : [chosen];
  } catch {
    return navigator.languages;
  }
}

/** Tells the page what the browser notices: the clock while it is seen, the network, and coming back from a wallet. */
function listen(page: ResidentPage, now: () => number): void {
  setInterval(() => {
    if (document.visibilityState === 'visible') page.tell({ type: 'tick', nowMs: now() });
  }, tickMs);
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'visible') page.tell({ type: 'returned' });
  });
  // Back by the browser's own button, the page whole from its cache.
  addEventListener('pageshow', (event) => {
    if (event instanceof PageTransitionEvent && event.persisted) page.tell({ type: 'returned' });
  });
  for (const type of ['online', 'offline'] as const) {
    addEventListener(type, () => {
      page.tell({ type: 'online', isOnline: type === 'online' });
    });
  }
}

/** Opens the page: takes the code out of the address at once, then the link, then the first screen. */
export async function startPage(environment: PageEnvironment): Promise<ResidentPage> {
  const { hash, pathname, search } = location;
  if (hash !== '' || search !== '') history.replaceState(null, '', pathname);
  // Another code in the same tab only changes the address: the page begins anew with it, also while it is still opening.
  addEventListener('hashchange', () => {
    if (location.hash !== '') location.reload();
  });
  const language = residentLanguage(preferred());
  // On nearly every phone the style sheet has done it already; what is left needs no room in the first load.
  void import('./text-size.ts').then((module) => {
    module.followTextSize();
  });
  const page = new ResidentPage(environment);
  const query = new URLSearchParams(search);
  const appCode = query.get('state') === 'pay' ? query.get('code') : null;
  // Whoever sends the phone back may leave a fragment of their own (WeChat does): it is no code then.
  const isBack = query.has('back');
  const started = page.start(
    { hash: isBack ? '' : hash.slice(1), isBack, ...(appCode === null ? {} : { appCode }) },
    language,
    navigator.onLine,
  );
  await words.change(language);
  const target = document.getElementById('app');
  if (target === null) throw new Error('resident: l.html has no #app');
  target.replaceChildren();
  const desk = new PayDesk(page);
  mount(Resident, { target, props: { page, desk } });
  listen(page, environment.now);
  await started;
  return page;
}
