import { expect, test } from 'vitest';
import { TerminalDevice } from '../../../src/terminal/link/device.svelte.ts';

/** A cable whose device refuses what it is asked. */
function refusing(error: string, state = 'ready'): TerminalDevice {
  const session = { state, onEvent: () => () => undefined, request: async () => ({ ok: false, error }) };
  return new TerminalDevice(async () => session as never);
}

test.each([
  ['a locked device is named, and not taken for a broken cable', 'not-in-state', 'ready', 'locked'],
  ['a line that broke', 'closed', 'ready', 'cable-lost'],
  ['a device that does not answer', 'timeout', 'ready', 'cable-lost'],
  ['no device', 'closed', 'idle', 'no-cable'],
])('pairing: %s', async (_name, error, state, problem) => {
  expect(await refusing(error, state).signPairing(new Uint8Array(65), '23456789')).toMatchObject({ error: problem });
});
