const prefix = 'tillkeeper.reason.';

/** The reason that somebody began to write for this case, so that a reload loses nothing. */
export function keptReason(caseId: string): string {
  try {
    return sessionStorage.getItem(prefix + caseId) ?? '';
  } catch {
    return '';
  }
}

/** Keeps a begun reason until the decision; an empty one is forgotten. */
export function keepReason(caseId: string, reason: string): void {
  try {
    if (reason === '') sessionStorage.removeItem(prefix + caseId);
    else sessionStorage.setItem(prefix + caseId, reason);
  } catch {
    // A browser without storage only forgets on reload.
  }
}
