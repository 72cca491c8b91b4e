import type { Principals } from './mount.ts';

/** Callers that are no persons: terminals' apps and API keys, by their `Authorization: Bearer` token. */
export function createPrincipals(): Principals {
  return {
    terminalOf: async () => undefined,
    apiKeyOf: async () => undefined,
  };
}
