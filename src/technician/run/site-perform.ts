import { sha256 } from '@noble/hashes/sha2.js';
import { base64UrlDecode, base64UrlEncode, equalBytes } from '../../../protocol/bytes.ts';
import type { SubmitInspection } from '../../../protocol/http/unlocks.ts';
import { decodeReceipt, decodeReport, decodeRequest } from '../../../protocol/unlock/v1/codec.ts';
import { isSignedByDevice } from '../../../protocol/unlock/v1/ed25519.ts';
import { refusals } from '../../../protocol/unlock/v1/refusals.ts';
import { screenNumber } from '../../../protocol/unlock/v1/screen-number.ts';
import { assembleResponse, encodeSiteBundle } from '../../../protocol/unlock/v1/site.ts';
import { cableFailure, pageFailure, serverFailure } from './failure.ts';
import type { ActFailure } from './failure.ts';
import type { Act } from './next-act.ts';
import type { InspectionDraft } from './observation.ts';
import type { RunMemory, RunTools } from './perform.ts';
import { needsSiteInspection } from './site-act.ts';
import { afterOrder, kitOf } from './site-work.ts';
import type { SiteQueue, SiteStore } from './site-tools.ts';
import type { CountedUse, KeptDelegation, SiteWork } from './site-work.ts';

/** What the acts on site read and change beyond the run's own memory. */
export interface SiteMemory extends RunMemory {
  delegation: KeptDelegation | undefined;
}

/** What the acts on site work with beyond the run's own tools. */
export interface SiteRunTools extends RunTools {
  readonly site: { readonly store: SiteStore; readonly queue: SiteQueue };
}

/** Undefined when the act succeeded. */
type Outcome = Promise<ActFailure | undefined>;

/** How long a setting-up order may take on the terminal. */
const orderTimeoutMs = 120_000;
/** How long the terminal waits before it takes a message that came too early, when it does not say. */
const earlyRetrySeconds = 5;
/** Records that a terminal keeps of its unlocks on site. */
const recordsKept = 16;

/** Does one act of the work on site; false when `act` is another one. Every act may be repeated. */
export function performSite(act: Act, memory: SiteMemory, tools: SiteRunTools): Outcome | false {
  switch (act.do) {
    case 'load-delegation':
      return loadDelegation(memory, tools);
    case 'site-request':
      return siteRequest(memory, tools);
    case 'site-unlock':
      return siteUnlock(memory, tools);
    case 'site-recover':
      return siteRecover(memory, tools);
    case 'carry-kit':
      return carryKit(memory, tools);
    case 'keep-record':
      return keepRecord(memory, tools);
    case 'keep-report':
      return keepReport(memory, tools);
    case 'keep-request':
      return keepRequest(memory, tools);
    default:
      return false;
  }
}

function presentSite(memory: SiteMemory): SiteWork {
  const { site } = memory.record;
  if (site === undefined) throw new Error('record.site is missing');
  return site;
}

function presentDelegation(memory: SiteMemory): KeptDelegation {
  if (memory.delegation === undefined) throw new Error('memory.delegation is missing');
  return memory.delegation;
}

function bytesOf(text: string | undefined, name: string): Uint8Array {
  const bytes = base64UrlDecode(text ?? '');
  if (bytes === undefined || bytes.length === 0) throw new Error(`${name} is not base64url`);
  return bytes;
}

function changeSite(memory: SiteMemory, site: SiteWork): void {
  memory.record = { ...memory.record, site };
}

/** Without what belongs to one challenge: the next one is signed anew. */
function unsigned({ request: _request, signed: _signed, second: _second, sent: _sent, ...rest }: SiteWork): SiteWork {
  return rest;
}

/** The delegation from this device, and the keys that the terminal needs to check it. */
async function loadDelegation(memory: SiteMemory, { site }: SiteRunTools): Outcome {
  const { delegationId } = presentSite(memory);
  const kept = (await site.store.delegations()).find(({ id }) => id === delegationId);
  if (kept === undefined) return pageFailure('delegation-gone', false);
  memory.delegation = kept;
  if (kept.pack.keyset.sequence > (memory.keyset?.sequence ?? 0)) memory.keyset = kept.pack.keyset;
  return undefined;
}

/** The terminal's own request, which must be of the terminal that the delegation lists, and signed by it. */
async function siteRequest(memory: SiteMemory, { session, wallNow, saved, mark }: SiteRunTools): Outcome {
  const listed = presentDelegation(memory).pack.terminals.find(
    ({ terminalId }) => terminalId === memory.record.terminal.id,
  );
  if (listed === undefined) return pageFailure('site-not-listed', false);
  const answer = await session.request('lock.siteRequest', {});
  if (!answer.ok) {
    memory.device = undefined;
    return cableFailure(answer.error, answer.detail);
  }
  const { request } = answer.value;
  const decoded = decodeRequest(request);
  if (!decoded.ok) return pageFailure('site-request-unreadable', false, decoded.error);
  const { deviceId, lockEpoch, reasons } = decoded.value.message;
  if (base64UrlEncode(deviceId) !== listed.deviceId) return pageFailure('site-other-terminal', false);
  const key = bytesOf(listed.identityPublicKey, 'identityPublicKey');
  if (!isSignedByDevice('request', decoded.value, key)) return pageFailure('site-request-unsigned', false);
  if (screenNumber(request) !== answer.value.screenNumber) return pageFailure('site-number-differs', false);
  mark('site-request');
  const bytes = base64UrlEncode(request);
  changeSite(memory, {
    ...unsigned(presentSite(memory)),
    request: { bytes, lockEpoch, reasons, screenNumber: answer.value.screenNumber, readAtMs: wallNow() },
  });
  // A terminal that has locked again since is looked at anew before anything else.
  const { device } = memory;
  const { screenNumber: shown } = answer.value;
  memory.device = device?.lockEpoch === lockEpoch ? { ...device, screenNumber: shown } : undefined;
  await saved();
  return undefined;
}

function bundleOf(site: SiteWork, kept: KeptDelegation): Uint8Array {
  const response = assembleResponse({
    payload: bytesOf(site.signed?.payload, 'site.signed.payload'),
    technicianSignature: bytesOf(site.signed?.signature, 'site.signed.signature'),
    secondKey: bytesOf(site.second?.key, 'site.second.key'),
    secondSignature: bytesOf(site.second?.signature, 'site.second.signature'),
  });
  return encodeSiteBundle({ delegation: bytesOf(kept.pack.bytes, 'pack.bytes'), response });
}

function useOf(memory: SiteMemory, nowMs: number, state: CountedUse['state']): CountedUse {
  const site = presentSite(memory);
  const { ticketId, terminal } = memory.record;
  const useIndex = site.signed?.useIndex ?? 0;
  return { delegationId: site.delegationId, useIndex, state, ticketId, terminalId: terminal.id, atMs: nowMs };
}

/**
 * Takes the number for good before the terminal can see it: a number that is given to two terminals, or skipped, costs
 * the technician the next delegation. False when another ticket has taken it meanwhile.
 */
async function spendNumber(memory: SiteMemory, { site: { store }, wallNow }: SiteRunTools): Promise<boolean> {
  const use = useOf(memory, wallNow(), 'sent');
  return store.exclusively(async () => {
    const uses = await store.uses();
    const isTaken = uses.some(({ delegationId, useIndex }) => {
      return delegationId === use.delegationId && useIndex === use.useIndex;
    });
    if (isTaken) return false;
    await store.putUse(use);
    return true;
  });
}

/** Hands the bundle over. The same one again is harmless: the terminal answers with the same receipt. */
async function siteUnlock(memory: SiteMemory, tools: SiteRunTools): Outcome {
  const { session, saved, mark } = tools;
  const site = presentSite(memory);
  const isRepeat = site.sent !== undefined;
  const sent = site.sent ?? base64UrlEncode(bundleOf(site, presentDelegation(memory)));
  if (!isRepeat) {
    if (!(await spendNumber(memory, tools))) {
      const { signed: _signed, second: _second, ...rest } = site;
      changeSite(memory, rest);
      return pageFailure('use-number-taken', true);
    }
    const { refusal: _refusal, ...rest } = site;
    changeSite(memory, { ...rest, sent });
    await saved();
  }
  const answer = await session.request('lock.siteUnlock', { bundle: bytesOf(sent, 'site.sent') });
  memory.device = undefined;
  if (!answer.ok) return cableFailure(answer.error, answer.detail);
  if (answer.value.accepted) {
    mark('receipt');
    await keepReceipt(memory, tools, answer.value.receipt);
    return undefined;
  }
  // A bundle that was handed over before may have been taken, and something happened to the terminal since.
  const earlier = isRepeat ? await recordedReceipt(sent, tools) : undefined;
  if (earlier !== undefined) await keepReceipt(memory, tools, earlier);
  else await refused(memory, tools, answer.value.refusal, answer.value.retryAfterSeconds);
  return undefined;
}

async function keepReceipt(
  memory: SiteMemory,
  { site: { store }, wallNow, saved }: SiteRunTools,
  receipt: Uint8Array,
): Promise<void> {
  const { refusal: _refusal, ...rest } = presentSite(memory);
  changeSite(memory, { ...rest, receipt: base64UrlEncode(receipt) });
  await store.exclusively(() => store.putUse(useOf(memory, wallNow(), 'spent')));
  await saved();
}

/** A refused number was not used: it is free again, before anything else is decided by the refusal. */
async function refused(
  memory: SiteMemory,
  tools: SiteRunTools,
  code: string,
  retryAfterSeconds: number,
): Promise<void> {
  const { store } = tools.site;
  const use = useOf(memory, tools.wallNow(), 'sent');
  await store.exclusively(() => store.removeUse(use.delegationId, use.useIndex));
  const waitSeconds = retryAfterSeconds > 0 ? retryAfterSeconds : code === 'not-yet-valid' ? earlyRetrySeconds : 0;
  const retry = waitSeconds === 0 ? {} : { retryAtMs: tools.wallNow() + waitSeconds * 1000 };
  const { sent: _sent, ...kept } = presentSite(memory);
  const isBurnt = refusals[code as keyof typeof refusals]?.burns ?? true;
  changeSite(memory, { ...(isBurnt ? unsigned(kept) : kept), refusal: { code, ...retry } });
  await tools.saved();
}

function isReceiptFor(receipt: Uint8Array, sent: string): boolean {
  const decoded = decodeReceipt(receipt);
  return decoded.ok && equalBytes(decoded.value.message.grantHash, sha256(bytesOf(sent, 'site.sent')));
}

/** The receipt of a bundle among the records that the terminal keeps; undefined when it never took the bundle. */
async function recordedReceipt(sent: string, { session }: SiteRunTools): Promise<Uint8Array | undefined> {
  const bundle = bytesOf(sent, 'site.sent');
  let number = 0;
  for (let read = 0; read <= recordsKept; read += 1) {
    const answer = await session.request('lock.siteRecord', { number });
    if (!answer.ok) return undefined;
    if (answer.value.bundle.length > 0 && equalBytes(answer.value.bundle, bundle)) return answer.value.receipt;
    number = read === 0 ? answer.value.next - 1 : number - 1;
    if (number < answer.value.first || number < 0) return undefined;
  }
  return undefined;
}

/** The terminal is not locked any more: whether by this bundle, its last receipt and its records tell. */
async function siteRecover(memory: SiteMemory, tools: SiteRunTools): Outcome {
  const { sent } = presentSite(memory);
  if (sent === undefined) throw new Error('siteRecover: site.sent is missing');
  const answer = await tools.session.request('lock.lastReceipt', {});
  if (!answer.ok) return cableFailure(answer.error, answer.detail);
  const { receipt: last } = answer.value;
  const receipt = last.length > 0 && isReceiptFor(last, sent) ? last : await recordedReceipt(sent, tools);
  if (receipt === undefined) return pageFailure('no-receipt', false);
  await keepReceipt(memory, tools, receipt);
  return undefined;
}

/** What the server must learn of the unlock goes into the outbox, photos and seals with it. */
async function keepRecord(memory: SiteMemory, { site: { queue }, saved }: SiteRunTools): Outcome {
  const site = presentSite(memory);
  const { inspection, ticketId } = memory.record;
  const { caseId, request, sent = '', receipt = '' } = site;
  const looked = inspection?.isReady === true && needsSiteInspection(request?.reasons ?? 0) ? inspection : undefined;
  const body = { caseId, ticketId, request: request?.bytes ?? '', bundle: sent, receipt };
  const after = { ...memory.record, site: { ...site, isRecorded: true } };
  await saved();
  // A request that was on its way when the delegation was chosen asks for nothing any more.
  if (memory.record.request !== undefined) await queue.forgetRequest(memory.record.request.caseId);
  const failure = await queue.siteRecord(
    site.recordId,
    looked === undefined ? body : { ...body, inspection: inspectionOf(looked, request?.screenNumber ?? '') },
    looked?.photos ?? [],
    after,
  );
  if (failure !== undefined) return serverFailure(failure);
  memory.record = after;
  return undefined;
}

function inspectionOf(draft: InspectionDraft, number: string): SubmitInspection {
  const { sealFound, sealNew, note, photos } = draft;
  return { sealFound, sealNew, screenNumber: number, note, photoIds: photos.map(({ id }) => id) };
}

/** Carries out the next order that was made ahead. */
async function carryKit(memory: SiteMemory, { session, saved, newId }: SiteRunTools): Outcome {
  const site = presentSite(memory);
  const orders = kitOf(memory.delegation, memory.record.terminal.id, site.kitPart);
  const order = orders[site.kitAt];
  if (order === undefined) {
    memory.device = undefined;
    return undefined;
  }
  const answer = await session.request('lock.order', { order: bytesOf(order.bytes, 'order.bytes') }, orderTimeoutMs);
  memory.device = undefined;
  if (!answer.ok) return cableFailure(answer.error, answer.detail);
  const report = decodeReport(answer.value.report);
  const isDone = report.ok && report.value.message.result === 0;
  const bytes = base64UrlEncode(answer.value.report);
  changeSite(memory, { ...site, report: { id: newId(), bytes }, ...afterOrder(orders, site.kitAt, isDone) });
  await saved();
  return undefined;
}

/** A report of the kit goes into the outbox, behind the ones before it. */
async function keepReport(memory: SiteMemory, { site: { queue }, saved }: SiteRunTools): Outcome {
  const { report, ...site } = presentSite(memory);
  if (report === undefined) throw new Error('keepReport: site.report is missing');
  const after = { ...memory.record, site };
  await saved();
  const failure = await queue.report(report.id, site.caseId, report.bytes, after);
  if (failure !== undefined) return serverFailure(failure);
  memory.record = after;
  return undefined;
}

/** The request is kept until the server can be asked; the grant may then wait for the terminal. */
async function keepRequest(memory: SiteMemory, { site: { queue }, saved }: SiteRunTools): Outcome {
  const { request, later, ticketId } = memory.record;
  if (request === undefined || later === undefined) throw new Error('keepRequest: record.request is missing');
  const { caseId, sealed, requestBytes } = request;
  const after = { ...memory.record, later: { ...later, isKept: true } };
  await saved();
  const failure = await queue.request(
    { id: caseId, ticketId, sealedRequest: sealed, requestBytes, deferred: true },
    after,
  );
  if (failure !== undefined) return serverFailure(failure);
  memory.record = after;
  return undefined;
}
