import { createHash, randomBytes } from 'node:crypto';
import type { DelegationPolicy } from '../../../domain/unlock/delegation-policy.ts';
import { defaultDelegationPolicy } from '../../../domain/unlock/delegation-policy-default.ts';
import type {
  AskDelegation,
  DelegationPackage,
  DelegationView,
  SubmitSiteRecord,
} from '../../../protocol/http/field.ts';
import type { UnlockCase } from '../../../protocol/http/unlocks.ts';
import { decodeRequest, decodeReport } from '../../../protocol/unlock/v1/codec.ts';
import { actionBits } from '../../../protocol/unlock/v1/constants.ts';
import { signingPublicKey, softwareSigner } from '../../../protocol/unlock/v1/ed25519.ts';
import { fieldKeyProofBytes } from '../../../protocol/unlock/v1/field-key.ts';
import type { SiteResponse } from '../../../protocol/unlock/v1/messages.ts';
import { refusalOfNumber } from '../../../protocol/unlock/v1/refusals.ts';
import {
  assembleResponse,
  encodeResponsePayload,
  encodeSiteBundle,
  responseSignedBytes,
} from '../../../protocol/unlock/v1/site.ts';
import { createDevice, type SecureDevice } from '../../../mock-server/terminal/secure-device.ts';
import { memoryStore } from '../../../mock-server/terminal/store.ts';
import { callFirmware } from '../../unit/terminal/technician.ts';
import { bytes, text } from './device.ts';
import { type Cluster, newId, type Person, type Reply, totpSecrets, World } from './world.ts';

/** The default policy without its counts, for tests that are about something else. */
export const openPolicy: DelegationPolicy = {
  ...defaultDelegationPolicy,
  ...{ activeMax: 1_000, perDayMax: 1_000, siteWeekLimit: 1_000, pairMonthLimit: 1_000 },
};

/** A person with a field key on a device of their own. */
export interface FieldPerson {
  readonly person: Person;
  readonly keyId: string;
  readonly publicKey: Uint8Array;
  readonly secret: Uint8Array;
}

/** The emulated terminal, as registered and on a ticket. */
export interface FieldTerminal {
  readonly device: SecureDevice;
  readonly terminalId: string;
  readonly ticketId: string;
  readonly deviceId: string;
}

/** One use as the laptop keeps it: what it must hand in. */
export interface UseRecord {
  readonly caseId: string;
  readonly ticketId: string;
  readonly request: string;
  readonly bundle: string;
  readonly receipt: string;
}

/** What the terminal said to a bundle. */
export type UseAnswer = { readonly record: UseRecord } | { readonly refusal: string };

/** A server with a merchant, technicians, a merchant's person and an approver, and emulated terminals. */
export class FieldSite {
  readonly world: World;
  readonly merchantId: string;
  wang!: FieldPerson;
  li!: FieldPerson;
  chen!: FieldPerson;
  zhou!: Person;
  lin!: Person;

  private constructor(world: World, merchantId: string) {
    this.world = world;
    this.merchantId = merchantId;
  }

  static async start(cluster: Cluster, config: Parameters<typeof World.start>[1] = {}): Promise<FieldSite> {
    const world = await World.start(cluster, { delegationPolicy: openPolicy, ...config });
    const merchantId = newId();
    const { registry } = world.server.context.services;
    await registry.createMerchant(undefined, { id: merchantId, name: '桂园物业', contact: '', address: '' });
    const site = new FieldSite(world, merchantId);
    site.wang = await site.enrol(await world.person('wang', 'technician'));
    site.li = await site.enrol(await world.person('li', 'technician'));
    site.chen = await site.enrol(await site.merchantPerson('chen', merchantId));
    site.zhou = await world.person('zhou', 'approver', totpSecrets.zhou);
    site.lin = await world.person('lin', 'operator');
    return site;
  }

  async merchantPerson(name: string, merchantId: string): Promise<Person> {
    const email = `${name}@test.invalid`;
    const { people } = this.world.server.context.services;
    return this.world.signIn(await people.ensurePerson({ name, email, role: 'merchant', merchantId }), email);
  }

  /** A body that enrols a key of this person, and the key. */
  newKey(person: Person) {
    const secret = new Uint8Array(randomBytes(32));
    const publicKey = signingPublicKey(secret);
    const proof = text(softwareSigner(secret).sign(fieldKeyProofBytes(person.id, publicKey)));
    const rest = { label: 'Laptop', protection: 'passkey-prf' as const, engine: 'web-crypto' as const };
    return { secret, publicKey, body: { id: newId(), publicKey: text(publicKey), proof, ...rest } };
  }

  async enrol(person: Person): Promise<FieldPerson> {
    const { secret, publicKey, body } = this.newKey(person);
    const reply = await person.call('enrolFieldKey', {}, body);
    if (reply.code !== undefined) throw new Error(`enrol: ${reply.code} ${reply.field ?? ''}`);
    return { person, keyId: body.id, publicKey, secret };
  }

  /** A new emulated terminal that works, with a ticket of `technician`. */
  async terminal(technician = this.wang, merchantId = this.merchantId): Promise<FieldTerminal> {
    const { keys, trust, services } = this.world.server.context;
    const terminalId = newId();
    const serial = `QT60-${terminalId.slice(-8)}`;
    const device = createDevice({
      store: memoryStore(),
      clock: () => this.world.nowMs,
      random: (length) => new Uint8Array(randomBytes(length)),
      tuning: { stepMs: 0 },
      provisioning: {
        ...{ serial, label: 'G3-02', model: 'QT-60', deviceId: new Uint8Array(randomBytes(8)) },
        identitySecret: new Uint8Array(randomBytes(32)),
        ...{ rootPublicKey: keys().rootPublicKey, keyset: trust.keyset().bytes },
      },
    });
    const { factory } = device;
    const registered = await services.registry.registerTerminal(undefined, {
      ...{ id: terminalId, merchantId, label: 'G3-02', serial, model: 'QT-60', place: 'Lobby', seal: '0047 8812' },
      deviceId: Buffer.from(factory.deviceId).toString('hex'),
      identityPublicKey: text(factory.identityPublicKey),
      packagePublicKey: text(factory.packagePublicKey),
    });
    if (!registered.ok) throw new Error(`terminal: ${registered.error}`);
    const ticketId = await this.ticket(terminalId, technician);
    return { device, terminalId, ticketId, deviceId: text(factory.deviceId) };
  }

  async ticket(terminalId: string, technician = this.wang): Promise<string> {
    const ticketId = newId();
    const { tickets } = this.world.server.context.services;
    const made = await tickets.create(undefined, {
      ...{ id: ticketId, terminalId, note: '', assigneeId: technician.person.id },
    });
    if (!made.ok) throw new Error(`ticket: ${made.error}`);
    return ticketId;
  }

  wish(terminals: readonly FieldTerminal[], change: Partial<AskDelegation> = {}): AskDelegation {
    return {
      id: newId(),
      fieldKeyId: this.wang.keyId,
      terminals: terminals.map(({ ticketId }) => ({ ticketId, secondKeyIds: [this.li.keyId] })),
      ...{ hours: 8, note: '', ...change },
    };
  }

  async factor(person = this.zhou) {
    return { kind: 'totp' as const, code: await this.world.code(person) };
  }

  async decide(id: string, decision: 'approve' | 'refuse' = 'approve'): Promise<Reply<DelegationView>> {
    return this.zhou.call(
      'decideDelegation',
      { id },
      { decision, reason: 'day’s tickets', factor: await this.factor() },
    );
  }

  /** Asked for, approved, fetched: what is on the laptop when it leaves. */
  async ready(
    terminals: readonly FieldTerminal[],
    change: Partial<AskDelegation> = {},
    technician = this.wang,
  ): Promise<Laptop> {
    const wish = this.wish(terminals, { fieldKeyId: technician.keyId, ...change });
    const asked = await technician.person.call('askDelegation', {}, wish);
    if (asked.body.state !== 'waiting') throw new Error(`ask: ${asked.code ?? asked.body.refusal?.code ?? ''}`);
    const decided = await this.decide(wish.id);
    if (decided.body.state !== 'active') throw new Error(`decide: ${decided.code ?? decided.body.refusal?.code ?? ''}`);
    const fetched = await technician.person.call('getDelegationPackage', { id: wish.id });
    if (fetched.code !== undefined) throw new Error(`package: ${fetched.code}`);
    return new Laptop(this, technician, this.li, fetched.body);
  }

  /** A terminal that tripped and was unlocked on site; the server has not heard of it. */
  async used(sensor: 'case' | 'drop' = 'case'): Promise<{
    terminal: FieldTerminal;
    laptop: Laptop;
    record: UseRecord;
  }> {
    const terminal = await this.terminal();
    const laptop = await this.ready([terminal]);
    terminal.device.trip(sensor);
    return { terminal, laptop, record: await laptop.mustUse(terminal) };
  }

  /** What a terminal hands in by itself: all its records, or those from `first`. */
  async uplink(terminal: FieldTerminal, first = 0): Promise<Reply<{ taken: number; known: number }>> {
    return postRecords(this.world.server.url, recordsOf(terminal).slice(first));
  }
}

/** The on-site records that a device keeps, as it would send them. */
export function recordsOf({ device }: FieldTerminal): { request: string; bundle: string; receipt: string }[] {
  const records = device.firmware?.core.siteRecords.records ?? [];
  return records.map((kept) => ({
    ...{ request: text(kept.request), bundle: text(kept.bundle), receipt: text(kept.receipt) },
  }));
}

/** Hands records in without a session. */
export async function postRecords(url: string, records: unknown): Promise<Reply<{ taken: number; known: number }>> {
  const response = await fetch(`${url}/api/device/site-records`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ records }),
  });
  const body = (await response.json()) as { taken: number; known: number; error?: { code: string; field?: string } };
  return { status: response.status, body, code: body.error?.code, field: body.error?.field };
}

/** The words of an inspection with these photos. */
export function inspectionWith(photoIds: readonly string[]) {
  const seals = { sealFound: '0047 8812', sealNew: '0099 1122' };
  return { ...seals, screenNumber: '123456', note: '', photoIds: [...photoIds] };
}

/** What makes a use wrong. */
export interface UseChange {
  readonly useIndex?: number;
  readonly second?: FieldPerson;
  readonly response?: Partial<SiteResponse>;
}

/** The technician's laptop without a network: a package, a count of uses, and the second person at hand. */
export class Laptop {
  readonly package: DelegationPackage;
  readonly technician: FieldPerson;
  readonly second: FieldPerson;
  useIndex = 0;
  readonly #site: FieldSite;

  constructor(site: FieldSite, technician: FieldPerson, second: FieldPerson, fetched: DelegationPackage) {
    this.#site = site;
    this.technician = technician;
    this.second = second;
    this.package = fetched;
  }

  get id(): string {
    return this.package.delegation.id;
  }

  /** Signs for the terminal's present request and offers it; the count rises only when the terminal took it. */
  async use(terminal: FieldTerminal, change: UseChange = {}): Promise<UseAnswer> {
    const asked = await callFirmware(terminal.device, 'lock.siteRequest', {});
    if (!asked.ok) return { refusal: asked.error };
    const bundle = this.bundle(asked.value.request, change);
    const answer = await callFirmware(terminal.device, 'lock.siteUnlock', { bundle });
    if (!answer.ok) return { refusal: answer.error };
    if (!answer.value.accepted) return { refusal: answer.value.refusal };
    if (change.useIndex === undefined) this.useIndex += 1;
    const caseId = newId();
    const { ticketId } = terminal;
    const record = { caseId, ticketId, request: text(asked.value.request), bundle: text(bundle) };
    return { record: { ...record, receipt: text(answer.value.receipt) } };
  }

  /** As `use`, and it must work. */
  async mustUse(terminal: FieldTerminal, change: UseChange = {}): Promise<UseRecord> {
    const answer = await this.use(terminal, change);
    if ('refusal' in answer) throw new Error(`refused: ${answer.refusal}`);
    return answer.record;
  }

  bundle(request: Uint8Array, { useIndex = this.useIndex + 1, second = this.second, response }: UseChange = {}) {
    const decoded = decodeRequest(request);
    if (!decoded.ok) throw new Error(decoded.error);
    const { deviceId, lockEpoch, nonce } = decoded.value.message;
    const delegation = bytes(this.package.bytes);
    const payload = encodeResponsePayload({
      ...{ deviceId, lockEpoch, nonce, useIndex },
      delegationHash: new Uint8Array(createHash('sha256').update(delegation).digest()),
      actions: actionBits.clearSoft | actionBits.clearTamper,
      madeAtSeconds: Math.floor(this.#site.world.nowMs / 1000),
      ...response,
    });
    const signed = responseSignedBytes(payload);
    const technicianSignature = softwareSigner(this.technician.secret).sign(signed);
    const secondSignature = softwareSigner(second.secret).sign(signed);
    const parts = { payload, technicianSignature, secondKey: second.publicKey, secondSignature };
    return encodeSiteBundle({ delegation, response: assembleResponse(parts) });
  }

  /** The orders of the package for one use on this terminal; the first when none is named. */
  orders(terminal: FieldTerminal, use = 0) {
    const orders = this.package.terminals.find((entry) => entry.deviceId === terminal.deviceId)?.orders ?? [];
    const starts = orders.flatMap(({ step }, place) => (step === 'keys' ? [place] : []));
    return starts[use] === undefined ? [] : orders.slice(starts[use], starts[use + 1]);
  }

  /** Carries the kit out on the terminal, a spare only when a step failed. @returns the reports, in order. */
  async setUp(terminal: FieldTerminal, upTo = 'probation', use = 0): Promise<string[]> {
    const reports: string[] = [];
    let done = '';
    for (const order of this.orders(terminal, use)) {
      if (order.step === done) continue;
      const answer = await callFirmware(terminal.device, 'lock.order', { order: bytes(order.bytes) });
      if (!answer.ok) throw new Error(`${order.step}: ${answer.error} ${answer.detail ?? ''}`);
      reports.push(text(answer.value.report));
      const report = decodeReport(answer.value.report);
      if (!report.ok) throw new Error(report.error);
      if (report.value.message.result === 0) done = order.step;
      else if (refusalOfNumber(report.value.message.result) !== 'order-failed') throw new Error(`${order.step} failed`);
      if (done === upTo) break;
    }
    return reports;
  }

  submit(record: UseRecord & Partial<SubmitSiteRecord>): Promise<Reply<UnlockCase>> {
    return this.technician.person.call('submitSiteRecord', {}, { ...record });
  }

  /** Hands reports in, in order. @returns the case's state after the last. */
  async report(caseId: string, reports: readonly string[]): Promise<string | undefined> {
    let state: string | undefined;
    for (const report of reports) {
      const reply = await this.technician.person.call('commission', { id: caseId }, { report });
      if (reply.code !== undefined) throw new Error(`report: ${reply.code} ${reply.field ?? ''}`);
      state = reply.body.case.state;
    }
    return state;
  }

  view(): Promise<Reply<DelegationView>> {
    return this.technician.person.call('getDelegation', { id: this.id });
  }
}

/** An online unlock from request to receipt; the server's case. Throws when it is not granted at once. */
export async function unlockOnline(
  site: FieldSite,
  terminal: FieldTerminal,
  technician = site.wang,
  change: Record<string, unknown> = {},
): Promise<UnlockCase> {
  const asked = await askOnline(terminal, technician, change);
  const sealed = asked.body.grant?.sealed;
  if (sealed === undefined) throw new Error(`online: ${asked.code ?? asked.body.state}`);
  return grantAndReceipt(terminal, technician, asked.body.id, sealed);
}

/** Sends the terminal's request to the server. */
export async function askOnline(
  terminal: FieldTerminal,
  technician: FieldPerson,
  change: Record<string, unknown> = {},
): Promise<Reply<UnlockCase>> {
  const asked = await callFirmware(terminal.device, 'lock.request', { fresh: false });
  if (!asked.ok) throw new Error(`request: ${asked.error}`);
  const { sealed, requestBytes } = asked.value;
  const body = { id: newId(), ticketId: terminal.ticketId, sealedRequest: text(sealed), requestBytes, ...change };
  return technician.person.call('createUnlock', {}, body);
}

/** Gives the grant to the terminal and its receipt to the server. */
export async function grantAndReceipt(
  terminal: FieldTerminal,
  technician: FieldPerson,
  caseId: string,
  sealed: string,
): Promise<UnlockCase> {
  const answer = await callFirmware(terminal.device, 'lock.grant', { sealed: bytes(sealed) });
  if (!answer.ok || !answer.value.accepted)
    throw new Error(`grant: ${answer.ok ? answer.value.refusal : answer.error}`);
  const receipt = text(answer.value.receipt);
  return (await technician.person.call('submitReceipt', { id: caseId }, { receipt })).body;
}
