import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Transport } from '../../../src/device/transport.ts';
import { lineKinds } from './lines.ts';
import type { Line } from './lines.ts';

function randomBytes(count: number): Uint8Array {
  const bytes = new Uint8Array(count);
  for (let at = 0; at < count; at += 65_536) crypto.getRandomValues(bytes.subarray(at, at + 65_536));
  return bytes;
}

async function only(line: Line): Promise<Transport> {
  const [transport] = await line.source.candidates();
  if (transport === undefined) throw new Error('nothing attached');
  return transport;
}

describe.each(lineKinds)('a $kind transport', ({ make, cancelChooser }) => {
  let line: Line;
  let transport: Transport;
  let heard: Uint8Array[];
  let lost: string[];

  beforeEach(async () => {
    line = await make();
    transport = await only(line);
    heard = [];
    lost = [];
    transport.onBytes = (bytes) => heard.push(bytes.slice());
    transport.onLost = (cause) => lost.push(cause);
  });

  afterEach(async () => {
    await transport.close();
    await line.end();
  });

  test('reads what the far end sends', async () => {
    expect(await transport.open()).toMatchObject({ ok: true });
    line.send(Uint8Array.of(1, 2, 3));
    line.send(Uint8Array.of(4));
    await vi.waitFor(() => expect([...Buffer.concat(heard)]).toEqual([1, 2, 3, 4]));
  });

  test('writes in order, also when writes overlap', async () => {
    await transport.open();
    const writes = [Uint8Array.of(1, 2), Uint8Array.of(3), Uint8Array.of(4, 5)].map((bytes) => transport.write(bytes));
    expect(await Promise.all(writes)).toEqual([1, 2, 3].map(() => ({ ok: true, value: undefined })));
    await vi.waitFor(() => expect([...line.received()]).toEqual([1, 2, 3, 4, 5]));
  });

  test('carries one mebibyte each way, whole and in order', async () => {
    await transport.open();
    const out = randomBytes(1_048_576);
    const back = randomBytes(1_048_576);
    const [written] = await Promise.all([transport.write(out), Promise.resolve(line.send(back))]);
    expect(written.ok).toBe(true);
    await vi.waitFor(() => expect(Buffer.concat(heard).length).toBe(back.length), { timeout: 10_000 });
    expect(Buffer.compare(Buffer.concat(heard), back)).toBe(0);
    await vi.waitFor(() => expect(line.received().length).toBe(out.length), { timeout: 10_000 });
    expect(Buffer.compare(line.received(), out)).toBe(0);
  });

  test('a closing by us is not a loss, and it opens again', async () => {
    await transport.open();
    await transport.close();
    line.send(Uint8Array.of(9));
    expect(await transport.write(Uint8Array.of(1))).toMatchObject({ ok: false, error: 'lost' });
    expect(await transport.open()).toMatchObject({ ok: true });
    line.send(Uint8Array.of(7));
    await vi.waitFor(() => expect([...Buffer.concat(heard)].at(-1)).toBe(7));
    expect(lost).toEqual([]);
  });

  test('closes while a read is pending', async () => {
    await transport.open();
    const began = performance.now();
    await transport.close();
    expect(performance.now() - began).toBeLessThan(900);
    line.send(Uint8Array.of(5));
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(heard).toEqual([]);
  });

  test('closing twice, or before opening, does nothing', async () => {
    await transport.close();
    await transport.open();
    await Promise.all([transport.close(), transport.close()]);
    expect(lost).toEqual([]);
  });

  test('a cut line is lost once, and writes say so', async () => {
    await transport.open();
    line.send(Uint8Array.of(1));
    await vi.waitFor(() => expect(heard.length).toBe(1));
    line.drop();
    await vi.waitFor(() => expect(lost.length).toBe(1));
    expect(await transport.write(Uint8Array.of(1))).toMatchObject({ ok: false, error: 'lost' });
    await transport.close();
    expect(lost.length).toBe(1);
  });

  test('a device that comes back is found again as a new transport', async () => {
    await transport.open();
    line.drop();
    await vi.waitFor(() => expect(lost.length).toBe(1));
    line.restore();
    const again = await only(line);
    expect(again).not.toBe(transport);
    expect(await again.open()).toMatchObject({ ok: true });
    expect(again.id.split(':').slice(0, 3)).toEqual(transport.id.split(':').slice(0, 3));
    await again.close();
  });

  test('a second opening while one runs or is open is refused', async () => {
    const [first, second] = await Promise.all([transport.open(), transport.open()]);
    expect([first.ok, second]).toMatchObject([true, { ok: false, error: 'busy-opening' }]);
    expect(await transport.open()).toMatchObject({ ok: false, error: 'busy-opening' });
  });

  test('a cancelled chooser is a typed answer', async ({ skip }) => {
    if (typeof cancelChooser !== 'function') return skip(cancelChooser.noChooser);
    expect(await cancelChooser()).toMatchObject({ ok: false, error: 'no-device-selected' });
  });
});
