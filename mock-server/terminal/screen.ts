import { commissionStepBits, commissionSteps, reasonsOf } from '../../domain/unlock/states.ts';
import type { TerminalState } from '../../domain/unlock/states.ts';
import { outstandingChallenge } from './challenge.ts';
import type { Firmware } from './firmware.ts';
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

/** The screen in the device's present state. */
export function screenOf(firmware: Firmware): ScreenView {
  return {
    ...partOf(firmware),
    state: firmware.core.state,
    serial: firmware.factory.serial,
    percent: firmware.display.percent,
    shown: firmware.display.shown(),
  };
}

/** The screen while the firmware starts. */
export function startingScreen(serial: string): ScreenView {
  const { starting } = screenTexts;
  const part = { tone: 'now', title: starting, note: same(''), items: [], number: '' } as const;
  return { ...part, state: 'STARTING', serial, percent: -1, shown: [] };
}
