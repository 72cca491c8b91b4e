import type { LogLine } from './log-ring.ts';
import type { DeviceSession } from './session.svelte.ts';

/** What the screen knows besides the cable: names and values, already free of secrets. */
export type BundleFacts = Readonly<Record<string, unknown>>;

/**
 * Everything that helps to find a fault, as one text: versions, surroundings, the state of cable and run, and the
 * redacted log. It holds no key, no sealed message and no photo.
 */
export function supportBundle(session: DeviceSession, facts: BundleFacts, atMs: number): string {
  const { hello } = session;
  const head = {
    madeAt: new Date(atMs).toISOString(),
    ...facts,
    browser: typeof navigator === 'undefined' ? '' : navigator.userAgent,
    page: typeof location === 'undefined' ? '' : location.origin,
    cable: {
      state: session.state,
      kind: session.kind,
      failure: session.failure,
      expectedSerial: session.expectedSerial,
      health: session.health,
    },
    terminal: hello && {
      serial: hello.serial,
      model: hello.model,
      firmware: hello.firmware,
      bootCount: hello.bootCount,
      state: hello.state,
      protocol: hello.protocol,
    },
  };
  return `${JSON.stringify(head, undefined, 2)}\n\n${session.logLines.map(lineText).join('\n')}\n`;
}

/** One log line as it is shown and copied: `14:08:51.902 cable lock.status …`, in UTC. */
export function lineText({ atMs, source, text }: LogLine): string {
  return `${new Date(atMs).toISOString().slice(11, 23)} ${source.padEnd(6)} ${text}`;
}
