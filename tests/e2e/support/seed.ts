import { uuidv7 } from '../../../server/store/uuid.ts';
import { base64UrlEncode } from '../../../protocol/bytes.ts';
import type { RunningServer } from '../../../server/start.ts';
import type { TerminalIdentity } from '../../../mock-server/terminal/terminals.ts';

/** The people of a test's world. Secrets are made up and mean nothing elsewhere. */
export const worldPeople = {
  technician: {
    name: 'Wang Technician',
    email: 'technician@world.invalid',
    role: 'technician',
    locale: 'en',
    password: 'correct horse battery staple 7',
    totpSecret: 'O5XXE3DEFV2GKY3INZUWG2LBNYWWWZLZ',
  },
  approver: {
    name: 'Zhou Approver',
    email: 'approver@world.invalid',
    role: 'approver',
    locale: 'en',
    totpSecret: 'O5XXE3DEFVQXA4DSN53GK4RNNNSXSLJR',
  },
  operator: { name: 'Lin Operator', email: 'operator@world.invalid', role: 'operator', locale: 'en' },
} as const;

/** The seal number that every terminal of a world is registered with. */
export const registeredSeal = '00478812';

/** Ids of what was seeded. */
export interface Seeded {
  readonly technicianId: string;
  readonly merchantId: string;
  /** Serial → id of the registered terminal. */
  readonly terminalIds: ReadonlyMap<string, string>;
}

function valueOf<T>(answer: { readonly ok: boolean; readonly value?: T; readonly error?: string }, what: string): T {
  if (!answer.ok || answer.value === undefined)
    throw new Error(`Seeding ${what} failed: ${answer.error ?? 'no value'}`);
  return answer.value;
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

/** Puts people, one merchant and the terminals into an empty server. Throws when the server refuses any of it. */
export async function seedWorld(server: RunningServer, identities: readonly TerminalIdentity[]): Promise<Seeded> {
  const { people, registry } = server.context.services;
  const technicianId = await people.ensurePerson(worldPeople.technician);
  await people.ensurePerson(worldPeople.approver);
  await people.ensurePerson(worldPeople.operator);
  const nowMs = Date.now();
  const merchant = { id: uuidv7(nowMs), name: 'Guiyuan Property', contact: '', address: '' };
  valueOf(await registry.createMerchant(undefined, merchant), 'the merchant');
  const terminalIds = new Map<string, string>();
  for (const { serial, label, model, deviceId, identityPublicKey, packagePublicKey } of identities) {
    const id = uuidv7(nowMs);
    const body = {
      id,
      merchantId: merchant.id,
      ...{ label, serial, model, place: 'Lobby', seal: registeredSeal },
      deviceId: hex(deviceId),
      identityPublicKey: base64UrlEncode(identityPublicKey),
      packagePublicKey: base64UrlEncode(packagePublicKey),
    };
    valueOf(await registry.registerTerminal(undefined, body), serial);
    terminalIds.set(serial, id);
  }
  return { technicianId, merchantId: merchant.id, terminalIds };
}

/** Opens a ticket for a terminal and gives it to a technician; its id. */
export async function openTicket(server: RunningServer, terminalId: string, assigneeId: string): Promise<string> {
  const id = uuidv7(Date.now());
  const { tickets } = server.context.services;
  const created = await tickets.create(undefined, { id, terminalId, note: 'Locked this morning', assigneeId });
  valueOf(created, 'a ticket');
  return id;
}
