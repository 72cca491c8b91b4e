import type { CloseReason } from './errors.ts';
import type { LinkOptions } from './link-types.ts';
import { bodyLeastBytes, bodyMaxBytes, protocolVersion, windowMaxFrames } from './limits.ts';

/** What OPEN and OPEN_ACK say (docs/cable-protocol.md, section 4.1). */
export interface Offer {
  /** Random 32-bit number of the link, chosen by the host. */
  readonly linkNumber: number;
  readonly windowFrames: number;
  readonly bodyMaxBytes: number;
}

/** The offer that `options` describe. Throws when a value is outside its limits. */
export function ownOffer(options: LinkOptions): Offer {
  const { windowFrames = windowMaxFrames, bodyMaxBytes: size = bodyMaxBytes, linkId = 0 } = options;
  if (!(windowFrames >= 1 && windowFrames <= windowMaxFrames)) throw new RangeError('options.windowFrames');
  if (!(size >= bodyLeastBytes && size <= bodyMaxBytes)) throw new RangeError('options.bodyMaxBytes');
  return { linkNumber: linkId >>> 0, windowFrames, bodyMaxBytes: size };
}

/** Body of OPEN and OPEN_ACK: version, window, body size (16 bits), link number (32 bits). */
export function encodeOffer(offer: Offer): Uint8Array {
  const { linkNumber: n, windowFrames, bodyMaxBytes: size } = offer;
  return Uint8Array.of(protocolVersion, windowFrames, size >>> 8, size, n >>> 24, n >>> 16, n >>> 8, n);
}

/** Reads the body of OPEN or OPEN_ACK. The version comes first and is judged first, so that it can always be told. */
export function decodeOffer(body: Uint8Array): Offer | 'version-mismatch' | 'bad-offer' {
  const [version, windowFrames = 0, sizeHigh = 0, sizeLow = 0, a = 0, b = 0, c = 0, d = 0] = body;
  if (version !== protocolVersion) return 'version-mismatch';
  const size = (sizeHigh << 8) | sizeLow;
  if (body.length !== 8 || windowFrames < 1 || windowFrames > windowMaxFrames) return 'bad-offer';
  if (size < bodyLeastBytes || size > bodyMaxBytes) return 'bad-offer';
  return { linkNumber: ((a << 24) | (b << 16) | (c << 8) | d) >>> 0, windowFrames, bodyMaxBytes: size };
}

/** The smaller of two offers, for the link of `ours`. */
export function agree(ours: Offer, theirs: Offer): Offer {
  return {
    linkNumber: ours.linkNumber,
    windowFrames: Math.min(ours.windowFrames, theirs.windowFrames),
    bodyMaxBytes: Math.min(ours.bodyMaxBytes, theirs.bodyMaxBytes),
  };
}

/** First byte of a CLOSE body; the second is the sender's protocol version. */
export const closeCodes = { normal: 1, unknownLink: 2, version: 3, badOffer: 4 } as const;

const reasons: Readonly<Record<number, CloseReason>> = {
  [closeCodes.unknownLink]: 'unknown-link',
  [closeCodes.version]: 'version-mismatch',
  [closeCodes.badOffer]: 'version-mismatch',
};

/** What a received CLOSE means for this side. */
export function closeReasonOf(body: Uint8Array): CloseReason {
  return reasons[body[0] ?? 0] ?? 'remote';
}

/** Body of CLOSE. */
export function encodeClose(code: number): Uint8Array {
  return Uint8Array.of(code, protocolVersion);
}
