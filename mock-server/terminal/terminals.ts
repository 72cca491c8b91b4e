import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { equalBytes } from '../../protocol/bytes.ts';
import type { WallClock } from './clock.ts';
import type { CableOptions } from './cable.ts';
import type { Tuning } from './firmware.ts';
import { openPanel } from './panel-server.ts';
import type { Authenticator, ExtraPanel } from './panel-extras.ts';
import { SecureDevice } from './secure-device.ts';
import { directoryStore, memoryStore } from './store.ts';
import { TerminalBay } from './terminal-bay.ts';
import type { PtyCable } from './pty.ts';
import { Uplink } from './uplink.ts';

/** One terminal on the bench. */
export interface TerminalSpec extends CableOptions {
  readonly serial: string;
  readonly label: string;
  readonly model: string;
  /** Parameters as JSON text; those of the demo's merchant when left out. */
  readonly parameters?: string;
}

/** What the factory burns into new terminals: the keys of the server that they will obey. */
export interface TerminalTrust {
  readonly rootPublicKey: Uint8Array;
  /** Signed KEYSET. */
  readonly keyset: Uint8Array;
  /** X25519 key of the acquirer's key host; without it the terminals take no card keys. */
  readonly acquirerPublicKey?: Uint8Array;
}

/** Settings of `startTerminals`. */
export interface TerminalsOptions {
  /** 127.0.0.1 unless somebody means it otherwise: whoever reaches the page can open every case. */
  readonly host?: string;
  /** 0 or left out: any free port. */
  readonly port?: number;
  /** Where the devices keep their records; in memory when left out. */
  readonly dataDir?: string;
  readonly terminals: readonly TerminalSpec[];
  readonly trust: TerminalTrust;
  readonly clock?: WallClock;
  readonly tuning?: Tuning;
  /** Origins besides loopback whose pages may use the simulated cables. */
  readonly allowedOrigins?: readonly string[];
  /** Second factors of demo accounts, shown with their present code. */
  readonly authenticators?: readonly Authenticator[];
  /** More text panels on the page. */
  readonly extras?: readonly ExtraPanel[];
  /** Address of the server to which the terminals hand in what was unlocked on site; nothing is handed in without it. */
  readonly serverUrl?: string;
}

/** What a registry needs to know of a terminal. */
export interface TerminalIdentity {
  readonly serial: string;
  readonly label: string;
  readonly model: string;
  /** 8 bytes. */
  readonly deviceId: Uint8Array;
  /** Ed25519, 32 bytes. */
  readonly identityPublicKey: Uint8Array;
  /** X25519, 32 bytes: setting-up orders made ahead are sealed to it. */
  readonly packagePublicKey: Uint8Array;
}

/** The running bench. */
export interface Terminals {
  /** Address of the page. */
  readonly url: string;
  readonly identities: readonly TerminalIdentity[];
  /** Address of a terminal's simulated cable. */
  cableUrl(serial: string): string;
  /** Throws on an unknown serial. */
  device(serial: string): SecureDevice;
  /** Puts a terminal on a pseudo-terminal too; unplugging takes it away with the rest. */
  openPort(serial: string): Promise<PtyCable>;
  close(): Promise<void>;
}

const defaultTuning: Tuning = { stepMs: 120, rebootMs: 1500 };

function makeDevice(spec: TerminalSpec, options: TerminalsOptions): SecureDevice {
  const { dataDir, trust, clock = Date.now, tuning = defaultTuning } = options;
  const { serial, label, model, parameters } = spec;
  if (!/^[A-Za-z0-9-]{1,32}$/.test(serial)) throw new RangeError(`terminals.serial: ${serial}`);
  const device = new SecureDevice({
    store: dataDir === undefined ? memoryStore() : directoryStore(join(dataDir, serial)),
    clock,
    random: (length) => new Uint8Array(randomBytes(length)),
    tuning,
    provisioning: {
      serial,
      label,
      model,
      deviceId: new Uint8Array(randomBytes(8)),
      identitySecret: new Uint8Array(randomBytes(32)),
      ...trust,
      ...(parameters === undefined ? {} : { parameters }),
    },
  });
  if (!equalBytes(device.factory.rootPublicKey, trust.rootPublicKey)) {
    throw new Error(`terminal ${serial} was made for another server: remove its folder ${dataDir ?? ''}`);
  }
  const { acquirerPublicKey } = device.factory;
  const isOthers =
    acquirerPublicKey.length > 0 && !equalBytes(acquirerPublicKey, trust.acquirerPublicKey ?? acquirerPublicKey);
  if (isOthers) throw new Error(`terminal ${serial} was made for another acquirer: remove its folder ${dataDir ?? ''}`);
  device.powerOn();
  return device;
}

/** Starts the bench: devices, simulated cables, page. The same `dataDir` brings the same devices back. */
export async function startTerminals(options: TerminalsOptions): Promise<Terminals> {
  const bays = new Map<string, TerminalBay>();
  const made = options.terminals.map((spec) => ({ spec, device: makeDevice(spec, options) }));
  const panel = await openPanel(bays, options);
  for (const { spec, device } of made) {
    const { baud, noise } = spec;
    const cable: CableOptions = { ...(baud === undefined ? {} : { baud }), ...(noise === undefined ? {} : { noise }) };
    bays.set(spec.serial, new TerminalBay(device, cable, panel.changed));
    device.listen(panel.changed);
  }
  const bayOf = (serial: string): TerminalBay => {
    const bay = bays.get(serial);
    if (bay === undefined) throw new RangeError(`terminals.serial: ${serial}`);
    return bay;
  };
  const { serverUrl } = options;
  const uplinks = serverUrl === undefined ? [] : made.map(({ device }) => new Uplink(device, { serverUrl }));
  for (const uplink of uplinks) uplink.start();
  return {
    url: panel.url,
    identities: [...bays.values()].map(({ device }) => {
      const { serial, label, model, deviceId, identityPublicKey, packagePublicKey } = device.factory;
      return { serial, label, model, deviceId, identityPublicKey, packagePublicKey };
    }),
    cableUrl: (serial) => `${panel.url.replace(/^http/, 'ws')}cable/${bayOf(serial).device.factory.serial}`,
    device: (serial) => bayOf(serial).device,
    openPort: (serial) => bayOf(serial).openPort(),
    async close() {
      for (const uplink of uplinks) uplink.stop();
      await panel.close();
      await Promise.all([...bays.values()].map((bay) => bay.close()));
    },
  };
}
