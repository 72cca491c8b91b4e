/** Where the profile lies, encrypted, in this browser's storage. */
export const profileKey = 'tillkeeper.resident';

/** True when there is a profile on this phone; the first load knows no more about it. */
export function profileIsHere(): boolean {
  try {
    return localStorage.getItem(profileKey) !== null;
  } catch {
    return false;
  }
}
