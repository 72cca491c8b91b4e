import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Page } from 'playwright-core';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openBench } from './bench.ts';
import type { SerialBench } from './bench.ts';
import { openPty } from './pty.ts';
import type { Pty } from './pty.ts';
import { serialBenchProblem, unplugProblem } from './requirements.ts';

const usb = { vendorId: 0x1a86, productId: 0x7523, serialNumber: 'TK-0001' };

/** What the pages of this test keep between calls. */
interface Kept {
  events: string[];
  port: SerialPort;
}

let server: Server;
let origin: string;
let opened: { close(): Promise<void> }[];

beforeEach(async () => {
  server = createServer((_, response) => response.setHeader('content-type', 'text/html').end('<title>bench</title>'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  origin = `http://localhost:${(server.address() as AddressInfo).port}`;
  opened = [];
});

afterEach(async () => {
  for (const thing of opened.reverse()) await thing.close();
  server.close();
});

async function echoPty(): Promise<Pty> {
  const pty = await openPty();
  pty.socket.on('data', (bytes) => pty.socket.write(bytes));
  opened.push(pty);
  return pty;
}

async function benchOn(pty: Pty, serialNumber = usb.serialNumber): Promise<{ bench: SerialBench; page: Page }> {
  const bench = await openBench({ ...usb, serialNumber, origin, ptyPath: pty.path });
  opened.push(bench);
  const page = await bench.browser.newPage();
  await page.goto(origin);
  await page.evaluate(() => {
    const kept = globalThis as unknown as Kept;
    kept.events = [];
    for (const type of ['connect', 'disconnect']) {
      navigator.serial.addEventListener(type, () => kept.events.push(type));
    }
  });
  return { bench, page };
}

/** Opens the first port, writes `text`, and returns as many bytes as came back; leaves the port closed. */
function echoOnce(page: Page, text: string): Promise<string> {
  return page.evaluate(async (sent) => {
    const port = (await navigator.serial.getPorts())[0]!;
    (globalThis as unknown as Kept).port = port;
    await port.open({ baudRate: 115_200, bufferSize: 65_536 });
    const writer = port.writable!.getWriter();
    const reader = port.readable!.getReader();
    await writer.write(new TextEncoder().encode(sent));
    let received = '';
    while (received.length < sent.length) received += new TextDecoder().decode((await reader.read()).value);
    writer.releaseLock();
    await reader.cancel();
    reader.releaseLock();
    await port.close();
    return received;
  }, text);
}

function countPorts(page: Page): Promise<number> {
  return page.evaluate(async () => (await navigator.serial.getPorts()).length);
}

async function waitForEvents(page: Page, count: number): Promise<string[]> {
  await page.waitForFunction((wanted) => (globalThis as unknown as Kept).events.length >= wanted, count);
  return page.evaluate(() => (globalThis as unknown as Kept).events);
}

describe('serial bench', () => {
  test('real navigator.serial opens the pseudo-terminal and bytes come back through it', async ({ skip }) => {
    skip(serialBenchProblem() !== undefined, serialBenchProblem());
    const { page } = await benchOn(await echoPty());
    expect(await page.evaluate(() => Function.prototype.toString.call(navigator.serial.getPorts))).toContain('native');
    const info = await page.evaluate(async () => (await navigator.serial.getPorts()).map((port) => port.getInfo()));
    expect(info).toEqual([{ usbVendorId: usb.vendorId, usbProductId: usb.productId }]);
    expect(await echoOnce(page, 'hello, terminal')).toBe('hello, terminal');
  });

  test('unplug breaks what is open, fires disconnect, and leaves no port', async ({ skip }) => {
    skip(unplugProblem() !== undefined, unplugProblem());
    const pty = await echoPty();
    const { bench, page } = await benchOn(pty);
    const broken = page.evaluate(async () => {
      const port = ((globalThis as unknown as Kept).port = (await navigator.serial.getPorts())[0]!);
      await port.open({ baudRate: 115_200 });
      return port
        .readable!.getReader()
        .read()
        .then(
          () => 'read',
          (error: DOMException) => error.name,
        );
    });
    await page.waitForFunction(() => (globalThis as unknown as Kept).port?.readable);
    await pty.close();
    await bench.unplug();
    expect(await broken).toBe('NetworkError');
    expect(await waitForEvents(page, 1)).toEqual(['disconnect']);
    expect(await countPorts(page)).toBe(0);
    expect(existsSync(pty.path)).toBe(false);
    const reopened = await page.evaluate(async () => {
      const { port } = globalThis as unknown as Kept;
      await port.close().catch(() => undefined);
      return port.open({ baudRate: 115_200 }).then(
        () => 'open',
        (error: DOMException) => error.name,
      );
    });
    expect(reopened).not.toBe('open');
  });

  test('replug fires connect and hands out a new SerialPort that works', async ({ skip }) => {
    skip(unplugProblem() !== undefined, unplugProblem());
    const first = await echoPty();
    const { bench, page } = await benchOn(first);
    expect(await echoOnce(page, 'before')).toBe('before');
    await first.close();
    await bench.unplug();
    await waitForEvents(page, 1);
    await bench.replug({ ptyPath: (await echoPty()).path });
    expect(await waitForEvents(page, 2)).toEqual(['disconnect', 'connect']);
    const isSame = await page.evaluate(
      async () => (await navigator.serial.getPorts())[0] === (globalThis as unknown as Kept).port,
    );
    expect(isSame).toBe(false);
    expect(await echoOnce(page, 'after')).toBe('after');
  });

  test('two benches side by side do not see each other', async ({ skip }) => {
    skip(unplugProblem() !== undefined, unplugProblem());
    const left = await benchOn(await echoPty(), 'TK-LEFT');
    const right = await benchOn(await echoPty(), 'TK-RIGHT');
    expect(await Promise.all([countPorts(left.page), countPorts(right.page)])).toEqual([1, 1]);
    await left.bench.unplug();
    expect(await waitForEvents(left.page, 1)).toEqual(['disconnect']);
    expect(await countPorts(left.page)).toBe(0);
    expect(await countPorts(right.page)).toBe(1);
    expect(await echoOnce(right.page, 'still here')).toBe('still here');
    expect(await right.page.evaluate(() => (globalThis as unknown as Kept).events)).toEqual([]);
  });

  test('a bench leaves no mount outside its namespace, and no file once closed', async ({ skip }) => {
    skip(serialBenchProblem() !== undefined, serialBenchProblem());
    const mountsBefore = readFileSync('/proc/self/mounts', 'utf8');
    const { bench } = await benchOn(await echoPty());
    expect(readFileSync('/proc/self/mounts', 'utf8')).toBe(mountsBefore);
    expect(existsSync(bench.folder)).toBe(true);
    await bench.close();
    expect(existsSync(bench.folder)).toBe(false);
    expect(existsSync('/etc/chromium/policies/managed/serial.json')).toBe(false);
  });
});
