import { emptyDraft } from '../../../protocol/cable/v1/objects.ts';
import type { ObjectDraft } from '../../../protocol/cable/v1/objects.ts';
import { rangesBytes } from '../../../protocol/cable/v1/ranges.ts';
import { connect } from '../../../src/device/connection.ts';
import type { CableConnection } from '../../../src/device/connection.ts';
import { browserEnvironment } from '../../../src/device/environment.ts';
import { WebSerialTransport } from '../../../src/device/web-serial.ts';

/** How a transfer in the page ended. */
export interface PageTransfer {
  /** `ok`, or the code and detail of the failure. */
  readonly outcome: string;
  readonly milliseconds: number;
  /** SHA-256 of the object by Web Crypto, in hexadecimal; empty after a failure. */
  readonly sha256: string;
  /** Bytes that this page held verified before the attempt. */
  readonly hadBytes: number;
}

/** What the bench calls in the page. Names are of objects; a draft or a source stays in the page between attempts. */
export interface CableBenchPage {
  connect(): Promise<string>;
  disconnect(): Promise<void>;
  read(name: string): Promise<PageTransfer>;
  makeSource(sizeBytes: number): Promise<string>;
  write(name: string): Promise<PageTransfer>;
  stats(): unknown;
}

const environment = browserEnvironment();
let connection: CableConnection | undefined;
let draft: ObjectDraft | undefined;
let source = new Uint8Array(0);

async function sha256Hex(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return [...digest].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

async function connectFirstPort(): Promise<string> {
  const serial = environment.serial;
  const port = (await serial?.serial.getPorts())?.[0];
  if (serial === undefined || port === undefined) return 'no port';
  const opened = await connect(new WebSerialTransport(port, serial), environment, undefined, () => undefined);
  if (opened.ok) connection = opened.value;
  return opened.ok ? 'ok' : `${opened.error} ${opened.detail ?? ''}`;
}

function connected(): CableConnection {
  if (connection === undefined) throw new Error('connect first');
  return connection;
}

async function read(name: string): Promise<PageTransfer> {
  if (draft?.name !== name) draft = emptyDraft(name);
  const hadBytes = rangesBytes(draft.ranges);
  const startedMs = performance.now();
  const result = await connected().host.readObject(name, startedMs, { draft });
  const milliseconds = performance.now() - startedMs;
  if (!result.ok) return { outcome: `${result.error} ${result.detail ?? ''}`, milliseconds, sha256: '', hadBytes };
  return { outcome: 'ok', milliseconds, sha256: await sha256Hex(Uint8Array.from(draft.bytes)), hadBytes };
}

async function makeSource(sizeBytes: number): Promise<string> {
  source = new Uint8Array(sizeBytes);
  for (let at = 0; at < sizeBytes; at += 65_536) crypto.getRandomValues(source.subarray(at, at + 65_536));
  return sha256Hex(source);
}

async function write(name: string): Promise<PageTransfer> {
  const startedMs = performance.now();
  const result = await connected().host.writeObject(source, startedMs, { name });
  const milliseconds = performance.now() - startedMs;
  const outcome = result.ok ? 'ok' : `${result.error} ${result.detail ?? ''}`;
  return { outcome, milliseconds, sha256: result.ok ? await sha256Hex(source) : '', hadBytes: 0 };
}

const bench: CableBenchPage = {
  connect: connectFirstPort,
  disconnect: async () => {
    await connection?.close();
    connection = undefined;
  },
  read,
  makeSource,
  write,
  stats: () => connection?.host.stats,
};
Object.assign(globalThis, { bench });
