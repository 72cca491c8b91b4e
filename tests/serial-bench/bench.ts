import { randomInt } from 'node:crypto';
import { mkdir, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser } from 'playwright-core';
import { findChromium, launchChromium } from './chromium.ts';
import { FakeUsbSerialPort } from './fake-device.ts';
import type { UsbIdentity } from './fake-device.ts';

/** What a bench needs: who may use the port, what the port says of itself, and what lies behind it. */
export interface SerialBenchOptions extends UsbIdentity {
  /** The page's origin, as `http://localhost:4400`; it may use the port without the chooser. */
  readonly origin: string;
  /** The pseudo-terminal that opening the port opens, or a link to it. */
  readonly ptyPath: string;
  /** Further switches for Chromium. */
  readonly args?: readonly string[];
}

/** Chromium with one USB serial port that can be unplugged and plugged in again. */
export interface SerialBench {
  readonly browser: Browser;
  /** Where the faked files lie until `close`. */
  readonly folder: string;
  /**
   * Takes the port away: its entry in /sys, its udev record, and the message that Chromium answers with `disconnect`.
   * Close the pseudo-terminal first, as a pulled cable does, so that what is open breaks.
   */
  unplug(): Promise<void>;
  /** Plugs in again, with another pseudo-terminal or another USB serial number if given. */
  replug(change?: { readonly ptyPath?: string; readonly serialNumber?: string }): Promise<void>;
  /** Closes Chromium and removes the bench's folder. */
  close(): Promise<void>;
}

const wrapper = fileURLToPath(new URL('./chromium-with-serial.sh', import.meta.url));
const minorEnd = 512;

function processIsAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Claims a port number that no other bench of this machine holds, by making its folder. */
async function claimFolder(): Promise<{ folder: string; minor: number }> {
  const start = randomInt(minorEnd);
  for (let offset = 0; offset < minorEnd; offset += 1) {
    const minor = (start + offset) % minorEnd;
    const folder = join(tmpdir(), `serial-bench-${minor}`);
    const owner = await readFile(join(folder, 'owner'), 'utf8').catch(() => undefined);
    if (owner !== undefined && !processIsAlive(Number(owner)))
      await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
    const isOurs = await mkdir(folder).then(
      () => true,
      () => false,
    );
    if (!isOurs) continue;
    await writeFile(join(folder, 'owner'), String(process.pid));
    return { folder, minor };
  }
  throw new Error('All 512 USB serial port numbers are held by other benches');
}

async function writePolicy(folder: string, pathInside: string, origin: string): Promise<void> {
  const managed = join(folder, 'policies', pathInside);
  await mkdir(managed, { recursive: true });
  await writeFile(join(managed, 'serial.json'), JSON.stringify({ SerialAllowAllPortsForUrls: [origin] }));
}

/** Starts real Chromium that sees one USB serial port. Throws when Chromium is missing or a namespace is refused. */
export async function openBench(options: SerialBenchOptions): Promise<SerialBench> {
  const program = findChromium();
  if (program === undefined) throw new Error('No Chromium found; on Debian: apt-get install chromium');
  const { folder, minor } = await claimFolder();
  const port = new FakeUsbSerialPort(folder, minor);
  let plugged = { ptyPath: await realpath(options.ptyPath), usb: options as UsbIdentity };
  await port.prepare();
  await port.appear(plugged.ptyPath, plugged.usb);
  await writePolicy(folder, program.policyPathInside, options.origin);
  const browser = await launchChromium({
    executablePath: wrapper,
    args: [...(options.args ?? [])],
    env: {
      ...process.env,
      SERIAL_BENCH_FOLDER: folder,
      SERIAL_BENCH_POLICY_FOLDER: program.policyFolder,
      SERIAL_BENCH_CHROMIUM: program.path,
    },
  });
  return {
    browser,
    folder,
    unplug: async () => {
      await port.vanish();
      await port.announce('remove', plugged.ptyPath, plugged.usb);
    },
    replug: async ({ ptyPath = plugged.ptyPath, serialNumber = plugged.usb.serialNumber } = {}) => {
      plugged = { ptyPath: await realpath(ptyPath), usb: { ...plugged.usb, serialNumber } };
      await port.appear(plugged.ptyPath, plugged.usb);
      await port.announce('add', plugged.ptyPath, plugged.usb);
    },
    close: async () => {
      await browser.close();
      await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
    },
  };
}
