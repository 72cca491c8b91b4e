import { err, ok } from '../../domain/result.ts';
import type { Result } from '../../domain/result.ts';

/**
 * Why there is no picture. `none`: no camera; plug one in or go another way. `refused`: by the reader or by a policy.
 * `in-use`: another program has it. `unsupported`: no camera interface (an old browser, or a page without TLS).
 */
export type CameraProblem = 'none' | 'refused' | 'in-use' | 'unsupported';

const problems: Readonly<Record<string, CameraProblem>> = {
  NotAllowedError: 'refused',
  SecurityError: 'refused',
  NotFoundError: 'none',
  OverconstrainedError: 'none',
  NotReadableError: 'in-use',
  AbortError: 'in-use',
};

/** The camera that looks away from the reader, where there is a choice. */
const wanted: MediaStreamConstraints = {
  audio: false,
  video: { facingMode: { ideal: 'environment' }, width: { ideal: 1280 }, height: { ideal: 960 } },
};

/** A lamp is not yet in the standard types. */
interface LampCapabilities extends MediaTrackCapabilities {
  readonly torch?: boolean;
}

/** Opens the camera. The caller closes it with `closeCamera`. */
export async function openCamera(): Promise<Result<MediaStream, CameraProblem>> {
  const { mediaDevices } = navigator as Partial<Navigator>;
  if (mediaDevices === undefined) return err('unsupported');
  try {
    return ok(await mediaDevices.getUserMedia(wanted));
  } catch (cause) {
    const name = cause instanceof DOMException ? cause.name : '';
    return err(problems[name] ?? 'none', String(cause));
  }
}

/** Lets the camera go. */
export function closeCamera(stream: MediaStream): void {
  for (const track of stream.getTracks()) track.stop();
}

/** True where the camera has a lamp that the page may switch. */
export function hasLamp(stream: MediaStream): boolean {
  const [track] = stream.getVideoTracks();
  return (track?.getCapabilities?.() as LampCapabilities | undefined)?.torch === true;
}

/** Switches the lamp; false when that failed. */
export async function switchLamp(stream: MediaStream, isOn: boolean): Promise<boolean> {
  try {
    await stream.getVideoTracks()[0]?.applyConstraints({ advanced: [{ torch: isOn } as MediaTrackConstraintSet] });
    return true;
  } catch {
    return false;
  }
}
