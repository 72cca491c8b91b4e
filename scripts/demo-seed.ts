import { Buffer } from 'node:buffer';
import type { Result } from '../domain/result.ts';
import type { Terminals } from '../mock-server/terminal/terminals.ts';
import type { ServerContext } from '../server/context.ts';
import { uuidv7 } from '../server/store/uuid.ts';
import { demoMerchants, demoPeople, demoTerminals, type DemoTerminal } from './demo-data.ts';

/** What seeding did: nothing when the database already knows the demo's terminals. */
export interface SeedReport {
  readonly isNew: boolean;
  /** The demo's merchants by name. */
  readonly merchantIds: ReadonlyMap<string, string>;
}

function must<T>(result: Result<T, string>, what: string): T {
  if (result.ok) return result.value;
  throw new Error(`demo data, ${what}: ${result.error} ${result.detail ?? ''}`);
}

/** Fills in the demo's people, merchants, terminals and tickets, and trips the terminals that the story needs locked. */
export async function seedDemo(context: ServerContext, terminals: Terminals, nowMs: number): Promise<SeedReport> {
  const { registry, people } = context.services;
  const merchantIds = await seedMerchants(context, nowMs);
  const personIds = new Map<string, string>();
  for (const { merchant, ...person } of demoPeople) {
    const merchantId = merchant === undefined ? undefined : merchantIds.get(merchant);
    personIds.set(person.email, await people.ensurePerson({ ...person, merchantId }));
  }
  const known = await registry.listTerminals({ limit: 1 });
  if (known.counts.total > 0) return { isNew: false, merchantIds };
  for (const terminal of demoTerminals) {
    await seedTerminal(context, terminals, terminal, { merchantIds, personIds }, nowMs);
  }
  return { isNew: true, merchantIds };
}

/** The demo's merchants by name; made unless the database has them. */
async function seedMerchants(context: ServerContext, nowMs: number): Promise<Map<string, string>> {
  const { registry } = context.services;
  const { items } = await registry.listMerchants();
  const ids = new Map(items.map((merchant) => [merchant.name, merchant.id]));
  for (const name of demoMerchants) {
    if (ids.has(name)) continue;
    const body = { id: uuidv7(nowMs), name, contact: '', address: '' };
    ids.set(name, must(await registry.createMerchant(undefined, body), name).id);
  }
  return ids;
}

/** What earlier steps of the seeding made: merchant by name, person by e-mail address. */
interface KnownIds {
  readonly merchantIds: ReadonlyMap<string, string>;
  readonly personIds: ReadonlyMap<string, string>;
}

async function seedTerminal(
  context: ServerContext,
  terminals: Terminals,
  terminal: DemoTerminal,
  ids: KnownIds,
  nowMs: number,
): Promise<void> {
  const { label, serial, model, place, seal, merchant, trip, ticket } = terminal;
  const identity = terminals.identities.find((candidate) => candidate.serial === serial);
  const merchantId = ids.merchantIds.get(merchant);
  if (identity === undefined || merchantId === undefined)
    throw new Error(`demo data, ${serial}: no such terminal or merchant`);
  const registered = await context.services.registry.registerTerminal(undefined, {
    ...{ id: uuidv7(nowMs), merchantId, label, serial, model, place, seal },
    deviceId: Buffer.from(identity.deviceId).toString('hex'),
    identityPublicKey: Buffer.from(identity.identityPublicKey).toString('base64url'),
    packagePublicKey: Buffer.from(identity.packagePublicKey).toString('base64url'),
  });
  const { id: terminalId } = must(registered, serial);
  if (trip !== undefined) tripTerminal(terminals, serial, trip);
  if (ticket !== undefined) {
    const assigneeId = ids.personIds.get(ticket.assignee ?? '');
    const assigned = assigneeId === undefined ? {} : { assigneeId };
    const created = { id: uuidv7(nowMs), terminalId, note: ticket.summary, ...assigned };
    must(await context.services.tickets.create(undefined, created), serial);
  }
}

const wrongPinsToLock = 10;

/** Makes a terminal lock itself for the given reason. */
export function tripTerminal(terminals: Terminals, serial: string, trip: NonNullable<DemoTerminal['trip']>): void {
  const device = terminals.device(serial);
  if (trip !== 'pin-tries') return device.trip(trip);
  for (let tries = 0; tries < wrongPinsToLock; tries++) device.enterWrongPin();
}
