import { languageTags } from '../i18n/languages.ts';
import type { Language } from '../i18n/languages.ts';

/** A little slower than usual: figures are to be followed. */
const rate = 0.9;

/** Reads texts out, where the phone has a voice for the language. */
export class Voice {
  readonly #engine: SpeechSynthesis | undefined;
  #voices = $state.raw<readonly SpeechSynthesisVoice[]>([]);
  isSpeaking = $state(false);

  constructor(
    engine: SpeechSynthesis | undefined = (globalThis as { speechSynthesis?: SpeechSynthesis }).speechSynthesis,
  ) {
    this.#engine = engine;
    this.#voices = engine?.getVoices() ?? [];
    // Most browsers know their voices only a moment later.
    engine?.addEventListener('voiceschanged', () => {
      this.#voices = engine.getVoices();
    });
  }

  /** True when there is a voice; without one the button is not shown. */
  speaks(language: Language): boolean {
    return this.#voiceFor(language) !== undefined;
  }

  /** Reads the sentences out, or stops when it is reading. */
  toggle(sentences: readonly string[], language: Language): void {
    const voice = this.#voiceFor(language);
    if (this.isSpeaking || voice === undefined || this.#engine === undefined) {
      this.stop();
      return;
    }
    const speech = new SpeechSynthesisUtterance(sentences.join(' '));
    speech.lang = languageTags[language];
    speech.voice = voice;
    speech.rate = rate;
    speech.onend = speech.onerror = () => {
      this.isSpeaking = false;
    };
    this.isSpeaking = true;
    this.#engine.speak(speech);
  }

  /** Stops reading. */
  stop(): void {
    this.isSpeaking = false;
    this.#engine?.cancel();
  }

  /** A voice on the phone itself first: it needs no network, and the bill goes to nobody. */
  #voiceFor(language: Language): SpeechSynthesisVoice | undefined {
    const fitting = this.#voices.filter(({ lang }) => lang.toLowerCase().startsWith(language));
    return fitting.find(({ localService }) => localService);
  }
}
