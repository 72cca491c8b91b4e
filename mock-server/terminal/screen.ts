import { commissionStepBits, commissionSteps, reasonsOf } from '../../domain/unlock/states.ts';
import type { TerminalState } from '../../domain/unlock/states.ts';
import { outstandingChallenge } from './challenge.ts';
import { fen, yuanFromFen } from '../../domain/money.ts';
import type { Firmware } from './firmware.ts';
import type { CardStage, Prompt, PromptLanguage } from './prompt-desk.ts';
import { reasonTexts, screenTexts, stepTexts } from './screen-texts.ts';
import type { ScreenText } from './screen-texts.ts';

/** One line of a list on the screen. */
export interface ScreenItem {
  readonly text: ScreenText;
  readonly mark: 'done' | 'now' | 'next' | 'stop' | 'plain';
}

/** What the person at the terminal sees. */
export interface ScreenView {
  readonly state: TerminalState | 'STARTING';
  readonly tone: 'ok' | 'stop' | 'now';
  readonly title: ScreenText;
  readonly note: ScreenText;
  readonly items: readonly ScreenItem[];
  /** Six digits to compare with the laptop, or empty. */
  readonly number: string;
  readonly serial: string;
  /** 0 to 100 while a step runs; -1 otherwise. */
  readonly percent: number;
  /** What the device asks the person before it: a card, its PIN, a pairing; empty when nothing. */
  readonly prompt: '' | CardStage | 'pair';
  /** Lines that the host put on the screen with `display.show`; they cover the rest. */
  readonly shown: readonly string[];
}

function same(text: string): ScreenText {
  return { en: text, zh: text };
}

function merchantName(parameters: string): string {
  try {
    const { merchantName: name } = JSON.parse(parameters) as { merchantName?: unknown };
    return typeof name === 'string' ? name : '';
  } catch {
    return '';
  }
}

function commissionItems(firmware: Firmware): ScreenItem[] {
  const done = firmware.core.commissioned;
  const next = commissionSteps.find((step) => (done & commissionStepBits[step]) === 0);
  return commissionSteps.map((step) => {
    const isDone = (done & commissionStepBits[step]) !== 0;
    return { text: stepTexts[step], mark: isDone ? 'done' : step === next ? 'now' : 'next' };
  });
}

type Part = Pick<ScreenView, 'tone' | 'title' | 'note' | 'items' | 'number'>;

function lockedPart(firmware: Firmware): Part {
  const items = reasonsOf(firmware.core.reasons).map((reason) => ({
    text: reasonTexts[reason],
    mark: 'stop' as const,
  }));
  const number = outstandingChallenge(firmware)?.screenNumber ?? '';
  return { tone: 'stop', title: screenTexts.locked, note: screenTexts.noPayments, items, number };
}

function probationPart(firmware: Firmware): Part {
  const { probationLimitFen } = firmware.core;
  const yuan = (probationLimitFen / 100).toFixed(2);
  const limit = { en: `Up to ¥${yuan} for each payment`, zh: `每笔不超过 ¥${yuan}` };
  const note = probationLimitFen === 0 ? screenTexts.released : limit;
  return { tone: 'now', title: screenTexts.probation, note, items: [], number: '' };
}

function partOf(firmware: Firmware): Part {
  switch (firmware.core.state) {
    case 'NORMAL': {
      const items = [{ text: same(merchantName(firmware.core.parameters)), mark: 'plain' as const }];
      return { tone: 'ok', title: screenTexts.ready, note: screenTexts.enterAmount, items, number: '' };
    }
    case 'LOCKED':
      return lockedPart(firmware);
    case 'BLANK':
      return {
        tone: 'now',
        title: screenTexts.blank,
        note: screenTexts.keepPlugged,
        items: commissionItems(firmware),
        number: '',
      };
    case 'PROBATION':
      return probationPart(firmware);
  }
}

function promptName({ desk }: Firmware): ScreenView['prompt'] {
  const { prompt } = desk;
  if (prompt === undefined) return '';
  return prompt.kind === 'card' ? prompt.stage : 'pair';
}

/** A text in the language in which the payer is spoken to, whatever the bench's own. */
function inLanguage(text: ScreenText, language: PromptLanguage): ScreenText {
  return same(text[language]);
}

function cardPart(prompt: Extract<Prompt, { kind: 'card' }>): Part {
  const { language, stage, amountFen } = prompt;
  const notes = { waiting: screenTexts.giveCard, reading: screenTexts.cardReading, 'enter-pin': screenTexts.enterPin };
  const note = stage in notes ? notes[stage as keyof typeof notes] : screenTexts.takeCard;
  const hint =
    stage === 'enter-pin' ? [{ text: inLanguage(screenTexts.coverPad, language), mark: 'plain' as const }] : [];
  const title = same(`¥${yuanFromFen(fen(amountFen))}`);
  return { tone: 'now', title, note: inLanguage(note, language), items: hint, number: '' };
}

function pairPart(code: string): Part {
  const items = [{ text: same(`${code.slice(0, 4)}-${code.slice(4)}`), mark: 'plain' as const }];
  return { tone: 'now', title: screenTexts.pairCode, note: screenTexts.pairCompare, items, number: '' };
}

/** What the device asks, or that a card waits to be taken out; nothing of it on a locked screen. */
function promptPart({ core, desk, body }: Firmware): Part | undefined {
  const { prompt } = desk;
  if (core.state === 'LOCKED') return undefined;
  if (prompt !== undefined) return prompt.kind === 'card' ? cardPart(prompt) : pairPart(prompt.code);
  if (body.slot.inserted === undefined) return undefined;
  return { tone: 'now', title: screenTexts.takeCard, note: same(''), items: [], number: '' };
}

/** The screen in the device's present state. What a host put on it never covers what the device itself asks. */
export function screenOf(firmware: Firmware): ScreenView {
  const asked = promptPart(firmware);
  return {
    ...(asked ?? partOf(firmware)),
    prompt: firmware.core.state === 'LOCKED' ? '' : promptName(firmware),
    state: firmware.core.state,
    serial: firmware.factory.serial,
    percent: firmware.display.percent,
    shown: asked === undefined ? firmware.display.shown() : [],
  };
}

/** The screen while the firmware starts. */
export function startingScreen(serial: string): ScreenView {
  const { starting } = screenTexts;
  const part = { tone: 'now', title: starting, note: same(''), items: [], number: '' } as const;
  return { ...part, state: 'STARTING', serial, percent: -1, prompt: '', shown: [] };
}
