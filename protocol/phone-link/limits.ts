/** Largest frame on any carrier; a message of `messageMaxBytes` with everything around it is below. */
export const frameMaxBytes = 16_384;
/** Contents are filled up to a multiple of this, so that a length tells little. */
export const padBytes = 256;

/** How long a code is good for. */
export const codeLifeMs = 60_000;
/** The next code comes earlier than that, so that whoever has just begun to scan is not refused. */
export const codeRenewMs = 45_000;
/** Codes of one host; half an hour of them. A screen that stands longer begins anew. */
export const codesMax = 40;
/** First messages that a host looks at for one code; each costs it an agreement of keys. */
export const firstsMax = 20;

/** A phone waits this long for the first answer, asks once more, waits again and then says why. */
export const firstAnswerMs = 5_000;
/** What went over WebRTC and was not acknowledged by then goes over the relay too. */
export const hedgeMs = 400;
/** First pause before a message is sent again; it doubles up to `resendMaxMs`. */
export const resendMs = 1_500;
/** Longest pause before a message is sent again. */
export const resendMaxMs = 12_000;
/** A side that hears nothing stops after this many; the relay would keep them all. It goes on when it hears something. */
export const resendsMax = 6;
/** A phone that can be seen says something at least this often. */
export const pingMs = 2_000;
/** Three pings missed: the carrier is dead, the other side away. */
export const silentMs = 6_000;
/** WebRTC that is not open by then is given up, without a word. */
export const rtcBudgetMs = 3_000;
/** Attempts at WebRTC in one link. */
export const rtcRoundsMax = 8;
/** Without any carrier, or any answer, for this long the screen says so. */
export const lostMs = 8_000;
/** And after this long a phone gives up; what became of the payment it asks the server. */
export const phoneGivesUpMs = 120_000;
/** A phone may be at its wallet for five minutes; after this much silence the terminal ends the link. */
export const idleMs = 480_000;
/** No link lives longer. */
export const hardMs = 1_800_000;
/** After a goodbye the keys are kept this long for a phone that has not heard it. */
export const graceMs = 30_000;

/** Messages that a terminal takes of one phone: more than fingers make in a link's life, fewer than keep it busy. */
export const saidMax = 300;
/** Signals of WebRTC that it takes: some for each attempt. */
export const signalsMax = 200;

/** Messages of one side that wait for their acknowledgement. */
export const queueMax = 32;
/** Numbers of envelopes that a receiver remembers; older ones are refused. */
export const windowEntries = 64;
/** Reloads of a phone in one link. */
export const epochMax = 200;
