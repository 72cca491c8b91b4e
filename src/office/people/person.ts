import type { Person } from '../../../protocol/http/people.ts';
import { officeText } from '../../i18n/office.ts';
import type { Look } from '../../ui/icons.ts';

/** How each state of an account is drawn. */
export const personLooks = {
  invited: { glyph: 'wait', tint: 'wait' },
  active: { glyph: 'full', tint: 'ok' },
  disabled: { glyph: 'none', tint: 'off' },
} as const satisfies Record<Person['state'], Look>;

/** The second factors of a person in words. */
export function factorWords({ passkeys, totp }: Pick<Person, 'passkeys' | 'totp'>): string {
  const t = officeText.t.people;
  const parts = [...(passkeys > 0 ? [t.passkeys(passkeys)] : []), ...(totp ? [t.totp] : [])];
  return parts.length === 0 ? t.noFactor : parts.join(' + ');
}
