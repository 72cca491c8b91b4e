import { utf8Encode } from '../../../protocol/bytes.ts';
import { Deframer } from '../../../protocol/cable/v1/deframer.ts';
import { FrameEncoder, type Frame } from '../../../protocol/cable/v1/frame.ts';
import { encodedMaxBytes } from '../../../protocol/cable/v1/limits.ts';

/** Line bytes of one frame; fields left out are 0 or empty. */
export function lineBytes(frame: Pick<Frame, 'kind' | 'linkId'> & Partial<Frame>): Uint8Array {
  const whole = { seq: 0, ack: 0, sackLow: 0, sackHigh: 0, body: new Uint8Array(0), ...frame };
  const out = new Uint8Array(encodedMaxBytes + 1);
  return out.slice(0, new FrameEncoder().encode(whole, out, 0));
}

/** The valid frames in `bytes`. */
export function framesIn(bytes: Uint8Array): Frame[] {
  const frames: Frame[] = [];
  new Deframer((frame) => frames.push(frame)).push(bytes);
  return frames;
}

/** A body that holds `text`. */
export function textBody(text: string): Uint8Array {
  return utf8Encode(text);
}
