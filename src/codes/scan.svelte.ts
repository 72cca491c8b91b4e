import { CodeCollector } from '../../protocol/codes/code.ts';
import type { CodeKind, CodeRefusal } from '../../protocol/codes/code.ts';
import { closeCamera, hasLamp, openCamera, switchLamp } from './camera.ts';
import type { CameraProblem } from './camera.ts';
import { loadDecoder } from './decoder.ts';
import type { QrDecoder } from './decoder.ts';

/** Frames are looked at this often; between them the page stays quick. */
const frameEveryMs = 90;

/** What stands in the way, beside what a code itself may be. */
export type ScanProblem = CameraProblem | CodeRefusal | 'lost' | 'no-code' | 'not-a-picture' | 'decoder';

/** `closed` until the reader opens the camera; `paused` while the page is hidden. */
export type ScanState = 'closed' | 'opening' | 'open' | 'paused';

/** Takes the plain text of a code that is none of ours; true when it is what was looked for. */
export type TextTaker = (text: string) => boolean;

/** Reads one code: by camera, from a picture, or as text. Ours of the wanted kind, or any text that a taker takes. */
export class Scan {
  readonly #kind: CodeKind | undefined;
  readonly #onCode: (bytes: Uint8Array) => void;
  readonly #takeText: TextTaker | undefined;
  readonly #collector = new CodeCollector();
  #decoder: Promise<QrDecoder> | undefined;
  #stream: MediaStream | undefined;
  #video: HTMLVideoElement | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Counts the openings, so that a camera that comes too late is let go. */
  #turn = 0;

  state = $state<ScanState>('closed');
  problem = $state<ScanProblem>();
  /** A code of ours, but another than the one that is wanted here. */
  wrongKind = $state<CodeKind>();
  parts = $state.raw<{ readonly have: number; readonly count: number }>();
  hasLamp = $state(false);
  isLampOn = $state(false);
  isReadingFile = $state(false);

  constructor(kind: CodeKind | undefined, onCode: (bytes: Uint8Array) => void, takeText?: TextTaker) {
    this.#kind = kind;
    this.#onCode = onCode;
    this.#takeText = takeText;
  }

  /** Looks for plain text instead of codes of ours. */
  static ofText(takeText: TextTaker): Scan {
    return new Scan(undefined, () => undefined, takeText);
  }

  /** Opens the camera and reads until there is a code. */
  async open(): Promise<void> {
    const turn = ++this.#turn;
    this.#say(undefined);
    this.state = 'opening';
    const [opened, decoder] = await Promise.all([openCamera(), this.#loadDecoder()]);
    if (turn !== this.#turn) {
      if (opened.ok) closeCamera(opened.value);
      return;
    }
    if (!opened.ok || decoder === undefined) {
      if (opened.ok) closeCamera(opened.value);
      this.state = 'closed';
      this.#say(opened.ok ? 'decoder' : opened.error);
      return;
    }
    this.#stream = opened.value;
    this.hasLamp = hasLamp(opened.value);
    opened.value.getVideoTracks()[0]?.addEventListener('ended', () => this.#lost(turn));
    this.state = 'open';
    this.#show();
    this.#look(decoder, turn);
  }

  /** Lets the camera go. */
  close(): void {
    this.#turn += 1;
    this.#letGo();
    this.state = 'closed';
    this.parts = undefined;
  }

  /** The element that shows the camera's picture; returns the way to take it away. */
  attach = (video: HTMLVideoElement): (() => void) => {
    this.#video = video;
    this.#show();
    return () => {
      this.#video = undefined;
    };
  };

  /** A hidden page gets no frames and should not hold the camera; it is opened again when the page is back. */
  visible(isVisible: boolean): void {
    if (!isVisible && (this.state === 'open' || this.state === 'opening')) {
      this.close();
      this.state = 'paused';
    } else if (isVisible && this.state === 'paused') void this.open();
  }

  async toggleLamp(): Promise<void> {
    if (this.#stream === undefined) return;
    const isOn = !this.isLampOn;
    if (await switchLamp(this.#stream, isOn)) this.isLampOn = isOn;
    else this.hasLamp = false;
  }

  /** Looks for a code in a picture file. */
  async readFile(file: Blob): Promise<void> {
    this.isReadingFile = true;
    this.#say(undefined);
    try {
      const [decoder, picture] = await Promise.all([
        this.#loadDecoder(),
        createImageBitmap(file).catch(() => undefined),
      ]);
      if (decoder === undefined) return this.#say('decoder');
      if (picture === undefined) return this.#say('not-a-picture');
      const text = decoder.read(picture, picture.width, picture.height, true);
      picture.close();
      if (text === undefined) this.#say('no-code');
      else this.#take(text);
    } finally {
      this.isReadingFile = false;
    }
  }

  /** Takes a code that was pasted or typed. */
  readText(text: string): void {
    this.#take(text);
  }

  #say(problem: ScanProblem | undefined, wrongKind?: CodeKind): void {
    this.problem = problem;
    this.wrongKind = wrongKind;
  }

  #take(text: string): void {
    if (this.#takeText !== undefined) {
      if (this.#takeText(text)) this.close();
      else this.#say('no-code');
      return;
    }
    const collected = this.#collector.take(text);
    this.#say(collected.state === 'refused' ? collected.reason : undefined);
    this.parts = collected.state === 'parts' ? { have: collected.have, count: collected.count } : this.parts;
    if (collected.state !== 'whole') return;
    const { kind, bytes } = collected.code;
    this.parts = undefined;
    if (kind !== this.#kind) return this.#say(undefined, kind);
    this.close();
    this.#onCode(bytes);
  }

  #look(decoder: QrDecoder, turn: number): void {
    if (turn !== this.#turn) return;
    const video = this.#video;
    const text = video === undefined ? undefined : decoder.read(video, video.videoWidth, video.videoHeight);
    if (text !== undefined) this.#take(text);
    if (turn === this.#turn) this.#timer = setTimeout(() => this.#look(decoder, turn), frameEveryMs);
  }

  #show(): void {
    if (this.#video === undefined || this.#stream === undefined) return;
    this.#video.srcObject = this.#stream;
    void this.#video.play().catch(() => undefined);
  }

  #lost(turn: number): void {
    if (turn !== this.#turn) return;
    this.close();
    this.#say('lost');
  }

  #letGo(): void {
    clearTimeout(this.#timer);
    if (this.#stream !== undefined) closeCamera(this.#stream);
    this.#stream = undefined;
    this.hasLamp = false;
    this.isLampOn = false;
  }

  async #loadDecoder(): Promise<QrDecoder | undefined> {
    this.#decoder ??= loadDecoder();
    try {
      return await this.#decoder;
    } catch {
      this.#decoder = undefined;
      return undefined;
    }
  }
}
