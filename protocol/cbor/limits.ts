/** What a decoder takes at most. Encoding is held to the same numbers, so nothing is sent that cannot be read. */
export interface CborLimits {
  /** Size of the whole item in bytes. */
  readonly bytesMax: number;
  /** Arrays and maps inside each other; 1 is a container that holds only plain values. */
  readonly depthMax: number;
  /** Values in the whole item, containers and map keys included. */
  readonly itemsMax: number;
}

/** Room for the largest cable message (2,048 bytes, docs/cable-protocol.md) with a margin; a bomb stays small. */
export const defaultCborLimits: CborLimits = { bytesMax: 4096, depthMax: 6, itemsMax: 1024 };
