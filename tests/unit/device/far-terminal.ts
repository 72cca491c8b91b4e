import { err, ok } from '../../../domain/result.ts';
import { DeviceSession as FarSession } from '../../../protocol/cable/v1/device-session.ts';
import type { DeviceHandlers } from '../../../protocol/cable/v1/session-types.ts';
import type { FarEnd } from '../../conformance/transports/fake-serial.ts';

/** A terminal at the far end of a fake line: the real device end of the protocol with the handlers given. */
export class FarTerminal {
  readonly session: FarSession;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #far: FarEnd | undefined;

  constructor(serial: string, handlers: DeviceHandlers = {}) {
    const hello = {
      protocol: 1,
      serial,
      deviceId: new Uint8Array(8),
      model: 'QT-60',
      firmware: '4.2.1',
      bootCount: 3,
      state: 'LOCKED' as const,
      capabilities: [],
      bodyMaxBytes: 2048,
      windowFrames: 16,
      rates: [115_200],
    };
    const objects = { list: () => [], open: () => err('refused') } as never;
    const all: DeviceHandlers = { 'identity.hello': () => ok(hello), ...handlers };
    this.session = new FarSession(all, objects, { onOutput: () => queueMicrotask(() => this.#flush()) });
  }

  /** Answers on `far` from now on. */
  attach(far: FarEnd): this {
    this.#far = far;
    far.onReceived = (bytes) => {
      this.session.receive(bytes, performance.now());
      this.#flush();
    };
    return this;
  }

  /** Falls silent, as a terminal without power does. */
  stop(): void {
    clearTimeout(this.#timer);
    if (this.#far !== undefined) this.#far.onReceived = () => undefined;
    this.#far = undefined;
  }

  #flush(): void {
    const far = this.#far;
    if (far === undefined) return;
    for (;;) {
      const bytes = this.session.takeOutput(performance.now(), 4096);
      if (bytes === undefined) break;
      far.send(bytes);
    }
    clearTimeout(this.#timer);
    const deadlineMs = this.session.deadlineMs();
    if (deadlineMs === undefined) return;
    this.#timer = setTimeout(
      () => {
        this.session.tick(performance.now());
        this.#flush();
      },
      Math.max(1, deadlineMs - performance.now()),
    );
  }
}
