import { encode } from 'uqr';
import { err, ok } from '../../domain/result.ts';
import type { Result } from '../../domain/result.ts';
import type { DeviceErrorCode } from '../../protocol/cable/v1/errors.ts';
import { CodeCollector, codePictures, codeText } from '../../protocol/codes/code.ts';
import { decodeDeviceAsk, encodeDeviceAnswer, openingCalls } from '../../protocol/codes/cable.ts';
import type { CodeCall, CodeReply } from '../../protocol/codes/cable.ts';
import type { CborValue } from '../../protocol/cbor/value.ts';
import type { SecureDevice } from './secure-device.ts';
import { serviceHandlers } from './services.ts';

/** What the terminal shows for a camera: the pictures in turn, and the same as one text. */
export interface ShownCode {
  readonly pictures: readonly string[];
  readonly text: string;
}

/** Why a code that was held before the terminal's reader did nothing. */
export type ScanErrorCode = 'foreign' | 'damaged' | 'wrong-kind' | 'wrong-terminal' | 'off';

/** What came of one reading. */
export type Scanned =
  { readonly state: 'parts'; readonly have: number; readonly count: number } | { readonly state: 'answered' };

type AnyHandler = (params: Readonly<Record<string, CborValue>>) => unknown;
type AnyResult = Result<Readonly<Record<string, CborValue>>, DeviceErrorCode>;

/** Light modules round a code (ISO/IEC 18004). */
const quietModules = 4;

/** A code as an SVG image. */
function picture(text: string): string {
  const { size, data } = encode(text, { ecc: 'L', border: quietModules });
  const path = data.flatMap((row, y) => row.map((dark, x) => (dark ? `M${x} ${y}h1v1h-1z` : ''))).join('');
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size} ${size}" shape-rendering="crispEdges"><rect width="${size}" height="${size}" fill="#fff"/><path d="${path}"/></svg>`;
}

/** The terminal's barcode reader and the codes on its screen: the way in when no cable works (docs/codes.md, sections 6 and 7). */
export class CodeDesk {
  readonly #device: SecureDevice;
  #collector = new CodeCollector();
  #shown: ShownCode | undefined;

  constructor(device: SecureDevice) {
    this.#device = device;
  }

  /** What stands on the screen; undefined when nothing does. */
  get shown(): ShownCode | undefined {
    return this.#device.firmware === undefined ? undefined : this.#shown;
  }

  /** A person wants to begin without a cable. */
  async open(): Promise<boolean> {
    return this.#answer(0, openingCalls);
  }

  /** Back to the usual screen. */
  hide(): void {
    this.#shown = undefined;
    this.#collector = new CodeCollector();
  }

  /** The reader has read `text`. */
  async scan(text: string): Promise<Result<Scanned, ScanErrorCode>> {
    const read = this.#collector.take(text);
    if (read.state === 'refused') return err(read.reason);
    if (read.state === 'parts') return ok(read);
    if (read.code.kind !== 'deviceAsk') return err('wrong-kind');
    const ask = decodeDeviceAsk(read.code.bytes);
    if (!ask.ok) return err('damaged', ask.error);
    if (ask.value.serial !== this.#device.factory.serial) return err('wrong-terminal', ask.value.serial);
    return (await this.#answer(ask.value.number, ask.value.calls)) ? ok({ state: 'answered' }) : err('off');
  }

  async #answer(number: number, calls: readonly CodeCall[]): Promise<boolean> {
    const { firmware, factory } = this.#device;
    if (firmware === undefined) return false;
    const handlers = serviceHandlers(firmware, { restart: () => 0, setBaud: () => undefined });
    const replies: CodeReply[] = [];
    for (const { op, params } of calls) {
      const handler = handlers[op as keyof typeof handlers] as AnyHandler | undefined;
      replies.push({ op, result: await run(handler, params) });
    }
    const bytes = encodeDeviceAnswer({ serial: factory.serial, number, replies });
    const code = { kind: 'deviceAnswer', bytes } as const;
    this.#shown = { pictures: codePictures(code).map(picture), text: codeText(code) };
    return true;
  }
}

async function run(handler: AnyHandler | undefined, params: Readonly<Record<string, CborValue>>): Promise<AnyResult> {
  if (handler === undefined) return err('unknown-op');
  try {
    return (await handler(params)) as AnyResult;
  } catch (cause) {
    return err('internal', cause instanceof Error ? cause.message : '');
  }
}
