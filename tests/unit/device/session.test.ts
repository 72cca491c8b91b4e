import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { ok } from '../../../domain/result.ts';
import type { SessionEnvironment } from '../../../src/device/environment.ts';
import type { ChannelLike, LocksLike } from '../../../src/device/ownership.ts';
import { DeviceSession } from '../../../src/device/session.svelte.ts';
import { supportBundle } from '../../../src/device/support-bundle.ts';
import { PageTicker } from '../../../src/device/ticker.ts';
import { domError, FakePort, FakeSerial } from '../../conformance/transports/fake-serial.ts';
import { serialEnvironment } from '../../conformance/transports/lines.ts';
import { FarTerminal } from './far-terminal.ts';

const serialNumber = 'QT60-2551-00317';

/** `navigator.locks` for tabs of one browser, with the calls that the app uses. */
class FakeLocks implements LocksLike {
  readonly #held = new Map<string, Promise<unknown>>();

  async request<T>(
    name: string,
    options: { ifAvailable?: boolean; signal?: AbortSignal },
    callback: (lock: unknown) => Promise<T> | T,
  ): Promise<T> {
    if (this.#held.has(name) && options.ifAvailable === true) return callback(null);
    while (this.#held.has(name)) {
      if (options.signal?.aborted === true) throw domError('TimeoutError');
      await Promise.race([this.#held.get(name), new Promise((resolve) => setTimeout(resolve, 20))]);
    }
    const held = Promise.resolve(callback({ name }));
    this.#held.set(name, held);
    return held.finally(() => this.#held.delete(name));
  }
}

function makeEnvironment(serial: FakeSerial, more: Partial<SessionEnvironment> = {}): SessionEnvironment {
  return {
    serial: serialEnvironment(serial),
    usb: undefined,
    isSecure: true,
    locks: undefined,
    channel: undefined,
    page: undefined,
    ticker: new PageTicker(),
    now: () => performance.now(),
    wallNow: () => Date.now(),
    random32: () => crypto.getRandomValues(new Uint32Array(1))[0] ?? 0,
    ...more,
  };
}

describe('a device session', () => {
  let serial: FakeSerial;
  let port: FakePort;
  let terminal: FarTerminal;
  let session: DeviceSession;

  beforeEach(() => {
    serial = new FakeSerial();
    port = serial.plug();
    serial.choice = port;
    terminal = new FarTerminal(serialNumber, {
      'reboot.restart': () => {
        queueMicrotask(() => terminal.session.emit('rebooting', { windowSeconds: 60 }));
        return ok({ windowSeconds: 60 });
      },
    }).attach(port.far);
    session = new DeviceSession(makeEnvironment(serial));
  });

  afterEach(async () => {
    await session.close();
    terminal.stop();
  });

  test('chooses, opens, says hello, asks', async () => {
    const states: string[] = [];
    session.onChange((state) => states.push(state));
    await session.connectSerial();
    expect(states).toEqual(['choosing', 'opening', 'hello', 'ready']);
    expect(session.hello).toMatchObject({ serial: serialNumber, model: 'QT-60' });
    expect(await session.request('diagnose.health', {})).toMatchObject({ ok: false, error: 'unknown-op' });
    expect(session.health?.bytesIn).toBeGreaterThan(0);
  });

  test('a cancelled chooser is a failure with its code, and the next try works', async () => {
    serial.choice = domError('NotFoundError', 'No port selected by the user.');
    await session.connectSerial();
    expect([session.state, session.failure?.error]).toEqual(['failed', 'no-device-selected']);
    serial.choice = port;
    await session.connectSerial();
    expect(session.state).toBe('ready');
  });

  test('a browser without the interface is told apart from an insecure page', async () => {
    const none = new DeviceSession(makeEnvironment(serial, { serial: undefined }));
    await none.connectSerial();
    expect(none.failure?.error).toBe('unsupported-browser');
    const insecure = new DeviceSession(makeEnvironment(serial, { serial: undefined, isSecure: false }));
    await insecure.connectSerial();
    expect(insecure.failure?.error).toBe('insecure-context');
  });

  test('a port that is busy for a moment is tried again', async () => {
    port.failNextOpen = domError('InvalidStateError', 'The port is already open.');
    await session.connectSerial();
    expect(session.state).toBe('ready');
  });

  test('another serial than expected is refused with the serial that answered', async () => {
    await session.connectSerial('QT60-0000-00001');
    expect([session.state, session.failure]).toEqual(['failed', { error: 'wrong-device', detail: serialNumber }]);
    expect(port.isOpen).toBe(false);
  });

  test('a later expectation closes a wrong terminal too', async () => {
    await session.connectSerial();
    await session.expect('QT60-0000-00001');
    expect(session.failure).toEqual({ error: 'wrong-device', detail: serialNumber });
  });

  test('an unplugged terminal is found again as a new port and proves its serial', async () => {
    await session.connectSerial();
    serial.unplug(port);
    await vi.waitFor(() => expect(session.state).toBe('reconnecting'));
    expect(await session.request('lock.status', {})).toMatchObject({ ok: false, error: 'closed' });
    const next = new FakePort();
    terminal.attach(next.far);
    serial.plug(next);
    await vi.waitFor(() => expect(session.state).toBe('ready'), { timeout: 5000 });
    expect(next.isOpen).toBe(true);
  });

  test('another terminal plugged into its place is not taken', async () => {
    await session.connectSerial();
    serial.unplug(port);
    const other = new FakePort();
    const stranger = new FarTerminal('QT60-9999-99999').attach(other.far);
    serial.plug(other);
    await vi.waitFor(() => expect(session.failure?.error).toBe('wrong-device'), { timeout: 5000 });
    expect(session.failure?.detail).toBe('QT60-9999-99999');
    stranger.stop();
    serial.unplug(other);
    const right = new FakePort();
    terminal.attach(right.far);
    serial.plug(right);
    await vi.waitFor(() => expect(session.state).toBe('ready'), { timeout: 15_000 });
  });

  test('an announced restart is a state of its own', async () => {
    await session.connectSerial();
    await session.request('reboot.restart', {});
    await vi.waitFor(() => expect(session.logLines.some(({ text }) => text.startsWith('rebooting'))).toBe(true));
    serial.unplug(port);
    await vi.waitFor(() => expect(session.state).toBe('expected-reboot'));
    const next = new FakePort();
    terminal.attach(next.far);
    serial.plug(next);
    await vi.waitFor(() => expect(session.state).toBe('ready'), { timeout: 5000 });
  });

  test('resumes quietly what was granted before, and is idle when nothing answers', async () => {
    expect(await session.resume(serialNumber)).toBe(true);
    expect(session.state).toBe('ready');
    await session.close();
    serial.unplug(port);
    expect(await session.resume(serialNumber)).toBe(false);
    expect([session.state, session.failure]).toEqual(['idle', undefined]);
  });

  test('a port that is only greeted is free at once when something else is wanted', async () => {
    const silent = serial.plug(new FakePort(0x1a86, 0x7523));
    serial.unplug(port);
    const resuming = session.resume(serialNumber);
    await vi.waitFor(() => expect(silent.isOpen).toBe(true));
    const closing = session.close();
    await vi.waitFor(() => expect(silent.isOpen).toBe(false), { timeout: 1_000 });
    await closing;
    expect(session.state).toBe('idle');
    void resuming;
  });

  test('closing the page closes the port', async () => {
    const page = new EventTarget();
    const held = new DeviceSession(makeEnvironment(serial, { page }));
    await held.connectSerial();
    page.dispatchEvent(new Event('pagehide'));
    await vi.waitFor(() => expect(port.isOpen).toBe(false));
    await held.close();
  });

  test('a second tab is told, takes over when it asks, and the first lets go cleanly', async () => {
    const locks = new FakeLocks();
    const tabs = ['a', 'b'].map(() => {
      const channel = new BroadcastChannel(`test-${String(process.pid)}`);
      return {
        channel,
        session: new DeviceSession(makeEnvironment(serial, { locks, channel: channel as ChannelLike })),
      };
    });
    const [first, second] = tabs as [(typeof tabs)[0], (typeof tabs)[0]];
    await first.session.connectSerial();
    await second.session.connectSerial();
    expect([second.session.state, second.session.failure?.error]).toEqual(['failed', 'other-tab']);
    await second.session.takeOver();
    expect(second.session.state).toBe('ready');
    expect([first.session.state, first.session.failure?.error]).toEqual(['failed', 'other-tab']);
    for (const tab of tabs) {
      await tab.session.close();
      tab.channel.close();
    }
  });

  test('the support bundle tells the story and no secret', async () => {
    await session.connectSerial();
    const bundle = supportBundle(session, { versions: { app: '0.1.0' } }, 0);
    expect(bundle).toContain(serialNumber);
    expect(bundle).toContain('state opening → hello');
    expect(bundle).toContain('deviceId=<8 B>');
  });
});
