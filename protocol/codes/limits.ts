/** Sizes of what is shown as a QR code (docs/codes.md). */
export const codeLimits = {
  /** The bytes of one code, all its parts together. */
  bytesMax: 2048,
  /** Up to here a code is one picture; a denser one is hard to read off a phone held by hand. */
  singleCharactersMax: 700,
  /** Characters of one part of a longer code: version 12 at level M, which any camera reads at arm's length. */
  partCharactersMax: 400,
  /** Parts of one code; more than `bytesMax` needs. */
  partsMax: 16,
  /** The technician's name in what is asked, in characters. */
  nameCharactersMax: 40,
  /** What the technician asks of the second person: a delegation, a request and a name, each at its largest. */
  siteAskBytesMax: 820,
  /** The second person's answer. */
  siteAnswerBytesMax: 120,
} as const;
