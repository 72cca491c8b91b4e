import { pageSite } from '../built-page.ts';
import type { PageSite } from '../built-page.ts';

/** The terminal's screens for bills, whose server, phone, printer and clock are played by the test. */
export function fakeTerminalSite(): Promise<PageSite> {
  return pageSite({
    html: 'index.html',
    path: '/terminal',
    style: 'src/styles/index.css',
    instead: { 'src/app/main.ts': 'tests/e2e/support/fees/fake-terminal.svelte.ts' },
  });
}
