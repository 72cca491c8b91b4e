import { languageTags } from '../i18n/languages.ts';
import type { Language } from '../i18n/languages.ts';
import { spokenText } from './flow/spoken.ts';

/** True where the browser can speak. */
export function canSpeak(): boolean {
  return 'speechSynthesis' in globalThis;
}

/** Says a text in place of what is being said, amounts as people say them. Never a PIN: only the device knows it. */
export function speak(text: string, language: Language): void {
  if (!canSpeak()) return;
  hush();
  const words = new SpeechSynthesisUtterance(spokenText(text, language));
  words.lang = languageTags[language];
  speechSynthesis.speak(words);
}

/** Stops speaking. */
export function hush(): void {
  if (canSpeak()) speechSynthesis.cancel();
}
