import type { HostOptions, LinkHost } from './contract.ts';
import { browserEnvironment, type LinkEnvironment } from './environment.ts';

/** Begins at once. Being built: the signature holds, what is behind it comes with the next commits. */
export function createLinkHost(options: HostOptions, environment: LinkEnvironment = browserEnvironment()): LinkHost {
  throw new Error(`phone-link: not built yet (${String(Boolean(options))}, ${environment.origin})`);
}
