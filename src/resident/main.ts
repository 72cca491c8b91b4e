import { createLinkGuest } from '../phone-link/guest.ts';
import { pageEnvironment } from './environment.ts';
import { startPage } from './start.ts';

void startPage(pageEnvironment((options) => createLinkGuest(options)));
