/** What can go wrong with a field key: code → meaning, who raises it, what helps. */
export const fieldKeyErrors = {
  'no-passkey-support': 'The browser has no passkeys. Another browser or device helps.',
  cancelled: 'The reader closed the passkey’s dialog, or no passkey of this key is there. Asking again helps.',
  'no-key': 'No field key of this person is on this device. Setting one up helps.',
  'has-key': 'This person has a field key on this device already. Removing it first helps.',
  'wrong-passkey': 'What came back does not open this key: another passkey, or not verified. Asking again helps.',
  storage: 'The browser’s storage failed or is forbidden. Leaving private browsing helps.',
  'sign-failed': 'The key gave a signature that does not hold. The key is damaged and must be set up anew.',
} as const;
/** Why an act with a field key failed. */
export type FieldKeyError = keyof typeof fieldKeyErrors;
