import { base64UrlDecode, base64UrlEncode } from '../../../protocol/bytes.ts';
import type { UnlockCase } from '../../../protocol/http/unlocks.ts';
import type { ApiClient } from '../../api/client.ts';
import type { DeviceSession } from '../../device/session.svelte.ts';
import { cableFailure, pageFailure, serverFailure } from './failure.ts';
import type { ActFailure } from './failure.ts';
import type { Journal } from './journal.ts';
import type { Act } from './next-act.ts';
import type { DeviceStatus, Keyset, RunRecord } from './observation.ts';

/** What the acts read and change. The run keeps it, shows it and writes the record to the journal. */
export interface RunMemory {
  record: RunRecord;
  case: UnlockCase | undefined;
  isCaseFresh: boolean;
  device: DeviceStatus | undefined;
  order: string | undefined;
  keyset: Keyset | undefined;
}

/** What the acts work with. */
export interface RunTools {
  readonly session: Pick<DeviceSession, 'request'>;
  readonly api: Pick<ApiClient, 'call' | 'putPhoto'>;
  readonly journal: Pick<Journal, 'readPhoto'>;
  /** Resolves when everything written so far is in the journal. */
  saved(): Promise<void>;
  wallNow(): number;
  newId(): string;
  /** Leaves a performance mark `tk:<name>`. */
  mark(name: string): void;
}

/** Undefined when the act succeeded. */
type Outcome = Promise<ActFailure | undefined>;

/** How long a commissioning order may take on the terminal. */
const orderTimeoutMs = 120_000;

/** Does one machine act. Every act may be repeated: ids are made before, orders and receipts repeat the stored answer. */
export function perform(act: Act, memory: RunMemory, tools: RunTools): Outcome {
  switch (act.do) {
    case 'read-status':
      return readStatus(memory, tools);
    case 'fetch-case':
      return fetchCase(memory, tools);
    case 'read-request':
      return readRequest(act.fresh, memory, tools);
    case 'ask':
      return ask(memory, tools);
    case 'send-inspection':
      return sendInspection(memory, tools);
    case 'give-keyset':
      return giveKeyset(memory, tools);
    case 'give-grant':
      return giveGrant(memory, tools);
    case 'post-receipt':
      return postReceipt(memory, tools);
    case 'recover-receipt':
      return recoverReceipt(memory, tools);
    case 'give-abort':
      return giveAbort(memory, tools);
    case 'exchange-order':
      return exchangeOrder(memory, tools);
    case 'carry-order':
      return carryOrder(memory, tools);
    default:
      throw new Error(`perform: '${act.do}' is no machine act`);
  }
}

/** Keeps the server's word; a run of this ticket sees it again after a reload without network. */
export function setCase(memory: RunMemory, unlock: UnlockCase): void {
  memory.case = unlock;
  memory.isCaseFresh = true;
  if (unlock.keyset.sequence > (memory.keyset?.sequence ?? 0)) memory.keyset = unlock.keyset;
  memory.record = { ...memory.record, lastCase: unlock };
}

type OptionalKey = { [K in keyof RunRecord]-?: object extends Pick<RunRecord, K> ? K : never }[keyof RunRecord];

function without(record: RunRecord, ...keys: OptionalKey[]): RunRecord {
  const left = Object.entries(record).filter(([name]) => !(keys as string[]).includes(name));
  return Object.fromEntries(left) as unknown as RunRecord;
}

async function readStatus(memory: RunMemory, { session, mark }: RunTools): Outcome {
  const answer = await session.request('lock.status', {});
  if (!answer.ok) return cableFailure(answer.error, answer.detail);
  mark('status');
  memory.device = answer.value;
  memory.record = { ...memory.record, lastState: answer.value.state };
  return undefined;
}

async function fetchCase(memory: RunMemory, { api }: RunTools): Outcome {
  const { ticketId } = memory.record;
  const list = await api.call('listUnlocks', { query: { ticketId, limit: '1' } });
  if (!list.ok) return serverFailure(list);
  const newest = list.value.items[0];
  if (newest === undefined) {
    memory.case = undefined;
    memory.isCaseFresh = true;
    memory.record = without(memory.record, 'lastCase');
    return undefined;
  }
  const needsAll = newest.state === 'granted' && newest.grant?.sealed === undefined;
  const one = needsAll ? await api.call('getUnlock', { params: { id: newest.id } }) : undefined;
  if (one !== undefined && !one.ok) return serverFailure(one);
  setCase(memory, one?.value ?? newest);
  return undefined;
}

async function readRequest(fresh: boolean, memory: RunMemory, tools: RunTools): Outcome {
  const { session, newId, wallNow, mark, saved } = tools;
  const { device } = memory;
  const answer = await session.request('lock.request', { fresh });
  if (!answer.ok) {
    if (answer.error === 'not-in-state') memory.device = undefined;
    return cableFailure(answer.error, answer.detail);
  }
  mark('request');
  const { sealed, requestBytes, signed, ageSeconds, screenNumber } = answer.value;
  const lockEpoch = device?.lockEpoch ?? 0;
  const earlier = memory.record.request;
  const isLaterLock = earlier !== undefined && earlier.lockEpoch !== lockEpoch;
  const base = isLaterLock && !fresh ? without(memory.record, 'startedAtMs', 'inspection') : memory.record;
  const draft = base.inspection && { ...base.inspection, numberSame: false, isReady: false };
  memory.record = {
    ...without(base, 'wantsFresh', 'grantRefusal', 'finishedAtMs', 'inspection'),
    ...(draft === undefined ? {} : { inspection: draft }),
    request: {
      caseId: newId(),
      sealed: base64UrlEncode(sealed),
      requestBytes,
      isSigned: signed,
      lockEpoch,
      screenNumber,
      readAtMs: wallNow(),
      ageSeconds,
    },
  };
  if (device !== undefined) memory.device = { ...device, screenNumber, challengeAgeSeconds: ageSeconds };
  await saved();
  return undefined;
}

async function ask(memory: RunMemory, { api, mark }: RunTools): Outcome {
  const { request, ticketId } = memory.record;
  if (request === undefined) throw new Error('ask: record.request is missing');
  const { caseId, sealed, requestBytes } = request;
  const answer = await api.call('createUnlock', {
    body: { id: caseId, ticketId, sealedRequest: sealed, requestBytes },
  });
  if (!answer.ok) {
    memory.isCaseFresh = memory.isCaseFresh && answer.error !== 'not-in-state' && answer.error !== 'already-exists';
    return serverFailure(answer);
  }
  mark('case');
  if (answer.value.grant?.sealed !== undefined) mark('granted');
  setCase(memory, answer.value);
  return undefined;
}

async function sendInspection(memory: RunMemory, tools: RunTools): Outcome {
  const { api } = tools;
  const unlock = memory.case;
  const draft = memory.record.inspection;
  if (unlock === undefined || draft === undefined) throw new Error('sendInspection: case or draft is missing');
  for (const photo of draft.photos) {
    if (photo.uploadedTo === unlock.id) continue;
    const failure = await uploadPhoto(photo.id, photo.kind, unlock.id, tools);
    if (failure !== undefined) return failure;
    const now = memory.record.inspection ?? draft;
    const photos = now.photos.map((note) => (note.id === photo.id ? { ...note, uploadedTo: unlock.id } : note));
    memory.record = { ...memory.record, inspection: { ...now, photos } };
  }
  const answer = await api.call('submitInspection', {
    params: { id: unlock.id },
    body: {
      sealFound: draft.sealFound,
      sealNew: draft.sealNew,
      screenNumber: unlock.request.screenNumber,
      note: draft.note,
      photoIds: draft.photos.map(({ id }) => id),
    },
  });
  if (!answer.ok) {
    if (answer.error === 'not-in-state') memory.isCaseFresh = false;
    return serverFailure(answer);
  }
  setCase(memory, answer.value);
  return undefined;
}

async function uploadPhoto(id: string, kind: 'rear' | 'seal' | 'other', caseId: string, tools: RunTools): Outcome {
  const photo = await tools.journal.readPhoto(id);
  if (photo === undefined) return pageFailure('photo-missing', false, kind);
  const answer = await tools.api.putPhoto(caseId, id, kind, photo);
  return answer.ok ? undefined : serverFailure(answer);
}

async function giveKeyset(memory: RunMemory, { session }: RunTools): Outcome {
  const keyset = base64UrlDecode(memory.keyset?.bytes ?? '');
  if (keyset === undefined) throw new Error('giveKeyset: keyset.bytes is not base64url');
  const answer = await session.request('lock.keyset', { keyset });
  if (!answer.ok) return cableFailure(answer.error, answer.detail);
  if (memory.device !== undefined) {
    memory.device = { ...memory.device, keysetSequence: answer.value.keysetSequence };
  }
  return undefined;
}

async function giveGrant(memory: RunMemory, { session, mark, wallNow }: RunTools): Outcome {
  const unlock = memory.case;
  const sealed = base64UrlDecode(unlock?.grant?.sealed ?? '');
  if (unlock === undefined || sealed === undefined) throw new Error('giveGrant: no sealed grant');
  const answer = await session.request('lock.grant', { sealed });
  memory.device = undefined;
  if (!answer.ok) return cableFailure(answer.error, answer.detail);
  const { accepted, receipt, refusal, retryAfterSeconds } = answer.value;
  mark('receipt');
  if (accepted) {
    const bytes = base64UrlEncode(receipt);
    memory.record = { ...without(memory.record, 'grantRefusal'), receipt: { caseId: unlock.id, bytes } };
    return undefined;
  }
  const waitSeconds = retryAfterSeconds > 0 ? retryAfterSeconds : refusal === 'not-yet-valid' ? 5 : undefined;
  const retry = waitSeconds === undefined ? {} : { retryAtMs: wallNow() + waitSeconds * 1000 };
  memory.record = { ...memory.record, grantRefusal: { caseId: unlock.id, code: refusal, ...retry } };
  return undefined;
}

async function postReceipt(memory: RunMemory, { api, mark }: RunTools): Outcome {
  const { receipt } = memory.record;
  if (receipt === undefined) throw new Error('postReceipt: record.receipt is missing');
  const answer = await api.call('submitReceipt', { params: { id: receipt.caseId }, body: { receipt: receipt.bytes } });
  if (!answer.ok) return serverFailure(answer);
  mark('receipt-posted');
  memory.record = without(memory.record, 'receipt');
  setCase(memory, answer.value);
  return undefined;
}

async function recoverReceipt(memory: RunMemory, { session }: RunTools): Outcome {
  const unlock = memory.case;
  if (unlock === undefined) throw new Error('recoverReceipt: case is missing');
  const answer = await session.request('lock.lastReceipt', {});
  if (!answer.ok) return cableFailure(answer.error, answer.detail);
  if (answer.value.receipt.length === 0) return pageFailure('no-receipt', false);
  const bytes = base64UrlEncode(answer.value.receipt);
  memory.record = { ...memory.record, receipt: { caseId: unlock.id, bytes } };
  return undefined;
}

async function giveAbort(memory: RunMemory, { session }: RunTools): Outcome {
  const abort = base64UrlDecode(memory.case?.abort ?? '');
  if (abort === undefined) throw new Error('giveAbort: case.abort is missing');
  const answer = await session.request('lock.abort', { abort });
  memory.device = undefined;
  return answer.ok ? undefined : cableFailure(answer.error, answer.detail);
}

async function exchangeOrder(memory: RunMemory, { api }: RunTools): Outcome {
  const { report } = memory.record;
  const id = report?.caseId ?? memory.case?.id;
  if (id === undefined) throw new Error('exchangeOrder: case is missing');
  const before = memory.case?.state;
  const answer = await api.call('commission', {
    params: { id },
    body: report === undefined ? {} : { report: report.bytes },
  });
  if (!answer.ok) {
    if (answer.error === 'not-in-state') memory.isCaseFresh = false;
    return serverFailure(answer);
  }
  const { order, case: unlock } = answer.value;
  memory.record = without(memory.record, 'report');
  memory.order = order;
  if (unlock.state === 'probation' || unlock.state === 'done') memory.device = undefined;
  setCase(memory, unlock);
  const isStuck = order === undefined && report === undefined && unlock.state === before;
  return isStuck && unlock.state !== 'done' ? pageFailure('no-order', true) : undefined;
}

async function carryOrder(memory: RunMemory, { session }: RunTools): Outcome {
  const order = base64UrlDecode(memory.order ?? '');
  const id = memory.case?.id;
  if (order === undefined || id === undefined) throw new Error('carryOrder: no order');
  const answer = await session.request('lock.order', { order }, orderTimeoutMs);
  memory.order = undefined;
  if (!answer.ok) {
    memory.device = undefined;
    return cableFailure(answer.error, answer.detail);
  }
  memory.record = { ...memory.record, report: { caseId: id, bytes: base64UrlEncode(answer.value.report) } };
  return undefined;
}
