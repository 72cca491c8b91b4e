/**
 * Why a link ended or cannot begin; each has a sentence on screen. `expired`: the code is too old. `used`: another phone
 * has it. `two-phones`: two phones opened one code, both are told. `not-this-terminal`: who answered does not own the
 * code. `not-same`: the digits were not the same. `no-connection`: the relay cannot be reached. `separated`: nor can the
 * two devices reach each other. `bad-code`: the address is no code. `ended`: the other side said goodbye. `too-old`: the
 * browser lacks Web Crypto.
 */
export type LinkFailure =
  | 'expired'
  | 'used'
  | 'two-phones'
  | 'not-this-terminal'
  | 'not-same'
  | 'no-connection'
  | 'separated'
  | 'bad-code'
  | 'ended'
  | 'too-old';

/** Why a terminal closed a mailbox, as the relay tells it to a phone that comes later. A hint: the relay may lie. */
export const closeWords = ['expired', 'used', 'two-phones', 'done'] as const;
/** Why a terminal closed a mailbox. */
export type CloseWord = (typeof closeWords)[number];

/** What the goodbye of the other side means on screen; an ordinary end is no failure. */
export function failureOfBye(reason: string): LinkFailure | undefined {
  if (reason === 'done') return undefined;
  return reason === 'two-phones' || reason === 'not-same' ? reason : 'ended';
}
