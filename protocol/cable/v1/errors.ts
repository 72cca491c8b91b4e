/** What a device answers instead of a reply (docs/cable-protocol.md, section 7.3). */
export const deviceErrorCodes = [
  'unknown-op',
  'bad-params',
  'busy',
  'not-in-state',
  'too-soon',
  'refused',
  'storage',
  'internal',
] as const;

/** One device error. */
export type DeviceErrorCode =
  /** The device does not know the operation: older firmware. Offer an update, do not repeat. */
  | 'unknown-op'
  /** The parameters did not pass the device's check: a bug on one side. Do not repeat; keep the frame log. */
  | 'bad-params'
  /** The device is doing something else or its table is full. Repeat after a second. */
  | 'busy'
  /** The operation does not exist in the device's present state. Read `lock.status` and decide anew. */
  | 'not-in-state'
  /** Asked again before the least interval was over. Repeat later. */
  | 'too-soon'
  /** The device will not do it, whoever asks. Show the detail. */
  | 'refused'
  /** Its storage is full or broken. Depot. */
  | 'storage'
  /** A fault inside the device. Repeat once, then depot. */
  | 'internal';

/** How a request may fail on the host's side. */
export type CableErrorCode =
  | DeviceErrorCode
  /** Total silence for the time allowed, or no reply within the whole limit. Check cable and power, open again. */
  | 'timeout'
  /** The link was closed or opened anew before the reply came. Ask again after the next `opened`. */
  | 'closed'
  /** The reply did not pass our check: other firmware than it says. Do not repeat. */
  | 'bad-reply'
  /** Parameters larger than a frame's body. A bug of the caller's data: make it smaller. */
  | 'too-large'
  /** More requests wait than allowed. Let some finish. */
  | 'too-many-requests';

/** How a transfer may fail on the host's side. What was verified so far stays in the draft or on the device. */
export type TransferErrorCode =
  | CableErrorCode
  /** The caller's token was cancelled. */
  | 'cancelled'
  /** All bytes are there and their SHA-256 is not the object's: start anew. */
  | 'hash-mismatch'
  /** The device keeps naming missing ranges after every round. */
  | 'incomplete';

/** How `hello` may fail. */
export type HelloErrorCode =
  | CableErrorCode
  /** The device speaks another version of this protocol. Update the page or the firmware. */
  | 'version-mismatch'
  /** Another device than the job's answered. Plug in the right one. */
  | 'wrong-device';

/** Why a link ended. */
export type CloseReason =
  /** This side called close(). */
  | 'local'
  /** The other side closed. */
  | 'remote'
  /** Nobody answered OPEN within the time allowed: wrong port, wrong rate, device off or busy starting. */
  | 'no-answer'
  /** No byte at all while something was owed: unplugged, power lost, rebooting. */
  | 'silent'
  /** Bytes arrive but no valid frame: rate or noise. */
  | 'no-progress'
  /** The other side does not know this link: it restarted. Open again. */
  | 'unknown-link'
  /** The other side speaks another version. */
  | 'version-mismatch'
  /** The host opened a new link (only seen by the device). */
  | 'superseded';
