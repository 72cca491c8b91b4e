import { createHash, randomBytes } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import type { Page } from 'playwright-core';
import { ok } from '../../../domain/result.ts';
import { DeviceSession } from '../../../protocol/cable/v1/device-session.ts';
import { bodyMaxBytes, ratesBaud, windowMaxFrames } from '../../../protocol/cable/v1/limits.ts';
import { openBench } from '../../serial-bench/bench.ts';
import type { SerialBench } from '../../serial-bench/bench.ts';
import { openPty } from '../../serial-bench/pty.ts';
import type { Pty } from '../../serial-bench/pty.ts';
import type { CableBenchPage } from '../page/main.ts';
import { DeviceLine } from './line.ts';
import type { LineOptions } from './line.ts';
import { MemoryObjects } from './memory-objects.ts';

/** The page's bench, as `page.evaluate` finds it. */
export interface BenchGlobal {
  bench: CableBenchPage;
}

/** Real Chromium with the bench's page, a line, and a device with objects at its end. */
export interface CableSetup {
  readonly page: Page;
  readonly objects: MemoryObjects;
  /** The line as it is now; a new one after `plugIn`. */
  line(): DeviceLine;
  /** Pulls the cable. */
  pull(): Promise<void>;
  /** Plugs the same device in again, on a fresh pseudo-terminal, and connects. */
  plugIn(options: LineOptions): Promise<void>;
  close(): Promise<void>;
}

const portTimeoutMs = 5_000;
const usb = { vendorId: 0x1a86, productId: 0x7523, serialNumber: 'TK-BENCH' };

function makeDevice(objects: MemoryObjects, onOutput: () => void): DeviceSession {
  const hello = {
    protocol: 1,
    serial: 'TK-BENCH',
    deviceId: new Uint8Array(8),
    model: 'bench',
    firmware: '1.0.0',
    bootCount: 1,
    state: 'NORMAL',
    capabilities: [],
    bodyMaxBytes,
    windowFrames: windowMaxFrames,
    rates: [...ratesBaud],
  } as const;
  return new DeviceSession({ 'identity.hello': () => ok(hello) }, objects, {
    windowFrames: windowMaxFrames,
    bodyMaxBytes,
    onOutput,
  });
}

function joinDevice(pty: Pty, objects: MemoryObjects, options: LineOptions): DeviceLine {
  const joined: { line?: DeviceLine } = {};
  const line = new DeviceLine(
    pty.socket,
    makeDevice(objects, () => joined.line?.kick()),
    options,
  );
  joined.line = line;
  return line;
}

async function connectPage(page: Page): Promise<void> {
  const outcome = await page.evaluate(() => (globalThis as unknown as BenchGlobal).bench.connect());
  if (outcome !== 'ok') throw new Error(`The page could not connect to the device: ${outcome}`);
}

async function waitForPort(page: Page): Promise<void> {
  const giveUpAtMs = performance.now() + portTimeoutMs;
  while ((await page.evaluate(async () => (await navigator.serial.getPorts()).length)) === 0) {
    if (performance.now() > giveUpAtMs) throw new Error('The page never saw the port again');
    await wait(20);
  }
}

/** Starts a browser, a line and a device, and connects them. The caller closes the setup. */
export async function setUpCable(origin: string, options: LineOptions): Promise<CableSetup> {
  const objects = new MemoryObjects();
  let pty = await openPty();
  let line = joinDevice(pty, objects, options);
  const bench: SerialBench = await openBench({ ...usb, origin, ptyPath: pty.path });
  const page = await bench.browser.newPage();
  await page.goto(origin);
  await page.waitForFunction(() => 'bench' in globalThis);
  await connectPage(page);
  const hangUp = async (): Promise<void> => {
    line.stop();
    await pty.close();
  };
  return {
    page,
    objects,
    line: () => line,
    pull: async () => {
      await hangUp();
      await bench.unplug();
      await page.evaluate(() => (globalThis as unknown as BenchGlobal).bench.disconnect());
    },
    plugIn: async (next) => {
      pty = await openPty();
      line = joinDevice(pty, objects, next);
      await bench.replug({ ptyPath: pty.path });
      await waitForPort(page);
      await connectPage(page);
    },
    close: async () => {
      await bench.close();
      await hangUp();
    },
  };
}

/** Random bytes, which no compression makes smaller. */
export function randomObject(sizeBytes: number): Uint8Array {
  return new Uint8Array(randomBytes(sizeBytes));
}

/** SHA-256 in hexadecimal. */
export function sha256Hex(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
