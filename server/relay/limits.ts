/** Mailboxes of this process. */
export const mailboxesMax = 5_000;
/** Mailboxes of one terminal: the code, the one before it, and what a reload left behind. */
export const mailboxesPerTerminalMax = 6;
/** Envelopes that wait for one side; the oldest goes first, both sides send again what was not acknowledged. */
export const mailsMax = 64;
/** Bytes that wait in this process. */
export const storedMaxBytes = 64 * 1024 * 1024;
/** A mailbox that no phone has come to. */
export const unjoinedMs = 120_000;
/** A mailbox that nobody uses; a phone may be at its wallet meanwhile. */
export const quietMs = 600_000;
/** No mailbox lives longer. */
export const lifeMs = 2_400_000;
/** How long a phone that comes too late is told why. */
export const rememberedMs = 600_000;
/** Closed mailboxes that are remembered. */
export const rememberedMax = 20_000;
/** Phones that come from one address, in `joinWindowMs`. */
export const joinsMax = 10;
/** The time in which they are counted. */
export const joinWindowMs = 10_000;
/** Envelopes from one seat, in `joinWindowMs`. */
export const mailsOfSeatMax = 200;
/** Sockets are asked for a sign of life this often. */
export const socketPingMs = 20_000;
/** How long a mailbox for a phone's own code lives; the code itself is shown for 60 s. */
export const shownLifeMs = 120_000;
/** Such mailboxes in this process, and from one address; the oldest goes first. */
export const shownMax = 4_000;
/** Of one address: some phones behind one router, each with its code and the one before it. */
export const shownOfAddressMax = 20;
/** Largest answer of a terminal; there is one for each code. */
export const answerMaxBytes = 512;
/** Codes of phones that one terminal may look up in `joinWindowMs`. */
export const lookupsMax = 20;
