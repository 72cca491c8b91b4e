/** Limits of the log's texts; everything that comes from outside is held to one of them. */
export const logLimits = {
  /** Characters of a key's name: leaves room for a host, a path and a port. */
  keyNameMaxChars: 120,
  /** Characters of a checkpoint with all its signature lines. */
  checkpointMaxChars: 4_000,
  /** Signature lines of one note; C2SP asks for at least 16. */
  noteSignaturesMax: 20,
  /** Hashes of one proof: a tree of 2^63 leaves needs no more. */
  proofHashesMax: 63,
  /** Bytes of one log entry. */
  entryMaxBytes: 16_384,
  /** Characters of one case file: some hundred records with proofs and evidence. */
  caseFileMaxChars: 8_000_000,
  /** Records of one case file. */
  caseFileRecordsMax: 2_000,
  /** Witnesses whose lines one checkpoint carries: eight lines of 250 characters stay below the checkpoint's limit. */
  witnessesMax: 8,
} as const;
