import { randomBytes } from 'node:crypto';
import { lockReasonBits } from '../../../domain/unlock/states.ts';
import { base64UrlEncode } from '../../../protocol/bytes.ts';
import { flagBits } from '../../../protocol/unlock/v1/constants.ts';
import { encodeRequest } from '../../../protocol/unlock/v1/codec.ts';
import { signingPublicKey, softwareSigner } from '../../../protocol/unlock/v1/ed25519.ts';
import { sealRequest } from '../../../protocol/unlock/v1/seal.ts';
import type { RunningServer } from '../../../server/start.ts';
import { uuidv7 } from '../../../server/store/uuid.ts';

/** What preparing needs to know of the server. */
export interface PreparationSite {
  readonly server: RunningServer;
  readonly merchantId: string;
  readonly technicianId: string;
  /** X25519 key of the server to which devices seal. */
  readonly transportKey: Uint8Array;
  readonly keysetSequence: number;
}

const bytes = (length: number): Uint8Array => new Uint8Array(randomBytes(length));

function mustBeOk(answer: { readonly ok: boolean; readonly error?: string }): void {
  if (!answer.ok) throw new Error(`The bench could not be prepared: ${answer.error ?? ''}`);
}

/** One registered terminal with a ticket, and the body of its POST /api/unlocks: dropped once, decided by policy. */
async function prepareOne(site: PreparationSite, index: number): Promise<string> {
  const { registry, tickets } = site.server.context.services;
  const identitySecret = bytes(32);
  const deviceId = bytes(8);
  const terminalId = uuidv7(Date.now());
  const registered = await registry.registerTerminal(undefined, {
    id: terminalId,
    merchantId: site.merchantId,
    ...{ label: `B-${index}`, serial: `BENCH-${index}`, model: 'QT-60', place: '', seal: String(index + 1) },
    deviceId: Buffer.from(deviceId).toString('hex'),
    identityPublicKey: base64UrlEncode(signingPublicKey(identitySecret)),
  });
  mustBeOk(registered);
  const ticketId = uuidv7(Date.now());
  mustBeOk(await tickets.create(undefined, { id: ticketId, terminalId, note: '', assigneeId: site.technicianId }));
  const request = encodeRequest(
    {
      deviceId,
      model: 60,
      firmware: 0x04020100,
      lockEpoch: 1,
      nonce: bytes(16),
      reasons: lockReasonBits.drop,
      logHead: bytes(16),
      bootCount: 1,
      deviceTimeSeconds: Math.floor(Date.now() / 1000),
      flags: flagBits.identityAlive | flagBits.clockTrusted | flagBits.batteryOk,
      keysetSequence: site.keysetSequence,
    },
    softwareSigner(identitySecret),
  );
  const { sealed } = sealRequest(request, site.transportKey, bytes(32));
  const body = {
    id: uuidv7(Date.now()),
    ticketId,
    sealedRequest: base64UrlEncode(sealed),
    requestBytes: request.length,
  };
  return JSON.stringify(body);
}

/** `count` bodies for POST /api/unlocks, each of another registered terminal with its own ticket. */
export async function prepareRequests(site: PreparationSite, count: number): Promise<readonly string[]> {
  const bodies: string[] = [];
  const atOnce = 8;
  while (bodies.length < count) {
    const batch = Array.from({ length: Math.min(atOnce, count - bodies.length) }, (_, k) =>
      prepareOne(site, bodies.length + k),
    );
    bodies.push(...(await Promise.all(batch)));
  }
  return bodies;
}
