import { newPrivatePem } from '../../../mock-server/platforms/frame/authority.ts';
import type { KeySource } from '../../../mock-server/platforms/frame/authority.ts';

/** Making an RSA key takes a tenth of a second: a file's rows work with the same ones. */
export function keptKeys(): KeySource {
  const kept = new Map<string, string>();
  return (label) => {
    const key = kept.get(label) ?? newPrivatePem();
    kept.set(label, key);
    return key;
  };
}
