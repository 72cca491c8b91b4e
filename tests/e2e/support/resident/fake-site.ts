import { pageSite } from '../built-page.ts';
import type { PageSite } from '../built-page.ts';

/** The resident's page, whose terminal is played by the test (`fake-page.ts`). */
export function fakeSite(): Promise<PageSite> {
  return pageSite({
    html: 'l.html',
    path: '/l',
    instead: {
      'src/resident/main.ts': 'tests/e2e/support/resident/fake-page.ts',
      'src/resident/resident.css': 'src/resident/resident.css',
    },
  });
}
