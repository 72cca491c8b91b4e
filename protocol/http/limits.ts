/** Largest JSON body that the server reads, in bytes; the biggest honest one (a commissioning report) is below 4 KiB. */
export const jsonBodyMaxBytes = 16_384;
/** Largest photo that the server keeps, in bytes; the PWA scales pictures down below it. */
export const photoMaxBytes = 524_288;
/** Photos per unlock case: rear, seal and a few others. */
export const photosPerCaseMax = 8;
/** Largest signed or sealed unlock message, in bytes (docs/unlock-protocol.md). */
export const unlockMessageMaxBytes = 1_024;
/** Characters of free text: a note or a reason. */
export const noteMaxChars = 1_000;
/** Characters of a name, label, serial or seal number. */
export const nameMaxChars = 120;
/** Rows that one list answer carries at most. */
export const pageMaxRows = 200;
/** Rows in a list answer when the caller names no limit. */
export const pageDefaultRows = 50;
