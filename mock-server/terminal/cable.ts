import { DeviceSession } from '../../protocol/cable/v1/device-session.ts';
import type { ByteStream } from './byte-stream.ts';
import type { Firmware, FirmwareEvent } from './firmware.ts';
import { LineNoise } from './line-noise.ts';
import type { NoiseOptions } from './line-noise.ts';
import { SerialLine } from './line.ts';
import type { DeviceEvent, SecureDevice } from './secure-device.ts';
import { serviceHandlers } from './services.ts';

/** How a cable behaves. */
export interface CableOptions {
  /** Bits per second in both directions; without it the line is as fast as it can be, like USB CDC. */
  readonly baud?: number;
  readonly noise?: NoiseOptions;
}

/** A cable between a device and a stream. */
export interface CableAttachment {
  /** The session of the present boot, for looking at its counters; none while the device is off. */
  readonly session: DeviceSession | undefined;
  /** Takes the cable off; the stream is closed. */
  close(): void;
}

/** Incoming bytes that may wait for a paced line before the stream is held. */
const inboundHighWater = 2048;
/** How long a reply may take to leave before a restart or a change of rate goes ahead. */
const drainMaxMs = 400;

class Attachment implements CableAttachment {
  readonly #device: SecureDevice;
  readonly #stream: ByteStream;
  readonly #outbound: SerialLine;
  readonly #inbound: SerialLine;
  readonly #stopListening: () => void;
  readonly #outNoise: LineNoise | undefined;
  readonly #inNoise: LineNoise | undefined;
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  #stopFirmware: (() => void) | undefined;
  #tickTimer: ReturnType<typeof setTimeout> | undefined;
  #tickAtMs = Infinity;
  #isClosed = false;
  #isStateWaiting = false;
  session: DeviceSession | undefined;

  constructor(device: SecureDevice, stream: ByteStream, options: CableOptions) {
    this.#device = device;
    this.#stream = stream;
    const { baud, noise } = options;
    this.#outNoise = noise && new LineNoise(noise);
    this.#inNoise = noise && new LineNoise({ ...noise, seed: (noise.seed ?? 1) + 7919 });
    const now = (): number => performance.now();
    this.#outbound = new SerialLine({
      baud,
      now,
      pull: (nowMs, maxBytes) => this.#takeOutput(nowMs, maxBytes),
      deliver: (bytes) => this.#stream.write(this.#outNoise?.apply(bytes) ?? bytes),
    });
    this.#inbound = new SerialLine({
      baud,
      now,
      pull: (_nowMs, maxBytes) => this.#takeWaiting(maxBytes),
      deliver: (bytes) => this.#toSession(this.#inNoise?.apply(bytes) ?? bytes),
    });
    stream.onData((bytes) => {
      this.#fromStream(bytes);
    });
    stream.onDrain(() => {
      this.#outbound.kick();
    });
    stream.onClose(() => {
      this.close();
    });
    this.#stopListening = device.listen((event) => {
      this.#onDevice(event);
    });
    this.#startSession(device.firmware);
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#stopListening();
    this.#endSession();
    this.#outbound.close();
    this.#inbound.close();
    this.#stream.close();
  }

  #onDevice(event: DeviceEvent): void {
    if (event.type !== 'power') return;
    this.#endSession();
    this.#startSession(this.#device.firmware);
  }

  #startSession(firmware: Firmware | undefined): void {
    if (firmware === undefined) return;
    const controls = {
      restart: () => this.#restart(firmware),
      setBaud: (baud: number) => {
        this.#whenDrained(() => {
          this.#outbound.setBaud(baud);
          this.#inbound.setBaud(baud);
        });
      },
    };
    const onOutput = (): void => {
      this.#outbound.kick();
    };
    this.session = new DeviceSession(serviceHandlers(firmware, controls), firmware.objects, {
      onOutput,
      windowFrames: 64,
    });
    this.session.onLink((change) => {
      if (change.type === 'closed') firmware.desk.cancel();
    });
    this.#stopFirmware = firmware.listen((event) => {
      this.#tellHost(event, firmware);
    });
  }

  #endSession(): void {
    if (this.session !== undefined) this.#device.firmware?.desk.cancel();
    this.#stopFirmware?.();
    this.#stopFirmware = undefined;
    this.session = undefined;
    this.#waiting = [];
    this.#waitingBytes = 0;
    this.#stream.resume();
    clearTimeout(this.#tickTimer);
    this.#tickTimer = undefined;
    this.#tickAtMs = Infinity;
  }

  #tellHost(event: FirmwareEvent, firmware: Firmware): void {
    if (event.type === 'state') this.#tellState(firmware);
    if (event.type === 'progress') {
      this.session?.emit('progress', { op: event.op, step: event.step, percent: event.percent });
    }
    if (event.type === 'card') this.session?.emit('card.stage', { stage: event.stage, digits: event.digits });
  }

  /** Several changes at once reach the host as the last one: a shaken terminal must not fill the line with news. */
  #tellState(firmware: Firmware): void {
    if (this.#isStateWaiting) return;
    this.#isStateWaiting = true;
    setImmediate(() => {
      this.#isStateWaiting = false;
      const { state, lockEpoch, reasons } = firmware.core;
      if (!firmware.isDead) this.session?.emit('state.changed', { state, lockEpoch, reasons });
    });
  }

  #restart(firmware: Firmware): number {
    const windowSeconds = Math.ceil((firmware.tuning.rebootMs ?? 0) / 1000) + 10;
    this.session?.emit('rebooting', { windowSeconds });
    this.#whenDrained(() => {
      this.#device.restart();
    });
    return windowSeconds;
  }

  #whenDrained(act: () => void): void {
    const giveUpAtMs = performance.now() + drainMaxMs;
    const look = (): void => {
      if (this.session?.isDrained !== false || performance.now() > giveUpAtMs) act();
      else setTimeout(look, 5);
    };
    setTimeout(look, 5);
  }

  #fromStream(bytes: Uint8Array): void {
    if (this.session === undefined) return;
    this.#waiting.push(bytes);
    this.#waitingBytes += bytes.length;
    if (this.#waitingBytes > inboundHighWater) this.#stream.pause();
    this.#inbound.kick();
  }

  #takeOutput(nowMs: number, maxBytes: number): Uint8Array | undefined {
    const bytes = this.session?.takeOutput(nowMs, maxBytes);
    if (bytes !== undefined) this.#armTick();
    return bytes;
  }

  #takeWaiting(maxBytes: number): Uint8Array | undefined {
    const [first] = this.#waiting;
    if (first === undefined) return undefined;
    const taken = first.subarray(0, maxBytes);
    if (taken.length === first.length) this.#waiting.shift();
    else this.#waiting[0] = first.subarray(maxBytes);
    this.#waitingBytes -= taken.length;
    if (this.#waitingBytes <= inboundHighWater) this.#stream.resume();
    return taken;
  }

  /** Bytes reach the device. A power cut in there ends the session, and with it everything that was to be answered. */
  #toSession(bytes: Uint8Array): boolean {
    this.#device.guard(() => this.session?.receive(bytes, performance.now()));
    this.#afterSession();
    return true;
  }

  #afterSession(): void {
    this.#outbound.kick();
    this.#armTick();
  }

  #armTick(): void {
    const atMs = this.session?.deadlineMs() ?? Infinity;
    if (atMs === Infinity || (this.#tickTimer !== undefined && this.#tickAtMs <= atMs)) return;
    clearTimeout(this.#tickTimer);
    this.#tickAtMs = atMs;
    this.#tickTimer = setTimeout(
      () => {
        this.#tickTimer = undefined;
        this.#device.guard(() => this.session?.tick(performance.now()));
        this.#afterSession();
      },
      Math.max(0, atMs - performance.now()),
    );
  }
}

/**
 * Connects a device with a stream until either is closed. The device's sessions come and go with its power; bytes that
 * arrive while it is off are lost, as on a real line.
 */
export function attachCable(device: SecureDevice, stream: ByteStream, options: CableOptions = {}): CableAttachment {
  return new Attachment(device, stream, options);
}
