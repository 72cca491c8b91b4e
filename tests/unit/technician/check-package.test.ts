import { describe, expect, test } from 'vitest';
import type { DelegationPackage } from '../../../protocol/http/field.ts';
import { checkPackage } from '../../../src/technician/delegations/check-package.ts';
import { nowMs } from './make.ts';
import { makePackage, technicianKey } from './site-fakes.ts';

const nowSeconds = nowMs / 1000;
type Row = readonly [what: string, pack: DelegationPackage, fault: string];

function view(changes: Partial<DelegationPackage['delegation']>): DelegationPackage {
  return makePackage({ view: changes });
}

const good = makePackage();
const other = makePackage({ signed: { sequence: 3392 } });

describe('a package that came from the server', () => {
  test('is taken when signatures, key and lists are right', () => {
    const checked = checkPackage(good, technicianKey, nowSeconds);
    expect(checked.ok && checked.value.sequence).toBe(3391);
  });

  const rows: readonly Row[] = [
    ['bytes that are no delegation', { ...good, bytes: 'AAAA' }, 'malformed'],
    ['text that is no base64url', { ...good, rootPublicKey: '!' }, 'malformed'],
    ['a keyset of another root', { ...good, rootPublicKey: good.terminals[0]?.identityPublicKey ?? '' }, 'untrusted'],
    ['a turned bit in a signature', { ...good, bytes: turned(good.bytes) }, 'untrusted'],
    ['another number than the list says', { ...good, bytes: other.bytes }, 'differs'],
    ['more uses than the list says', view({ usesMax: 2 }), 'differs'],
    ['more uses on one terminal', view({ usesPerTerminalMax: 1 }), 'differs'],
    ['another end', view({ notAfter: new Date(nowMs + 3_600_000).toISOString() }), 'differs'],
    ['fewer reasons in the list', view({ reasonsOk: ['case'] }), 'differs'],
    ['fewer acts in the list', view({ actions: ['clearSoft'] }), 'differs'],
    ['no terminal in the list', view({ terminals: [] }), 'differs'],
    ['no terminal in the package', { ...good, terminals: [] }, 'differs'],
    ['a second person that the list hides', view({ terminals: withoutSeconds() }), 'differs'],
  ];
  test.each(rows)('is refused for %s', (_what, pack, fault) => {
    const checked = checkPackage(pack, technicianKey, nowSeconds);
    expect(checked.ok ? 'taken' : checked.error).toBe(fault);
  });

  test('is refused when it names another technician’s key', () => {
    const checked = checkPackage(good, new Uint8Array(32).fill(5), nowSeconds);
    expect(checked.ok ? 'taken' : checked.error).toBe('other-key');
  });
});

function turned(text: string): string {
  const last = text.at(-5) === 'A' ? 'B' : 'A';
  return text.slice(0, -5) + last + text.slice(-4);
}

function withoutSeconds(): DelegationPackage['delegation']['terminals'] {
  return good.delegation.terminals.map((terminal) => ({ ...terminal, secondKeyIds: [] }));
}
