import 'fake-indexeddb/auto';
import { webcrypto } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { base64UrlEncode } from '../../../protocol/bytes.ts';
import { decodeSiteAnswer, encodeSiteAsk, isAnswerTo, siteAskPayload } from '../../../protocol/codes/site.ts';
import type { SiteAsk } from '../../../protocol/codes/site.ts';
import type { DelegationView } from '../../../protocol/http/field.ts';
import { softwareSigner, verifyStrict } from '../../../protocol/unlock/v1/ed25519.ts';
import type { Delegation } from '../../../protocol/unlock/v1/messages.ts';
import { screenNumber } from '../../../protocol/unlock/v1/screen-number.ts';
import { responseSignedBytes, secondKeyHash } from '../../../protocol/unlock/v1/site.ts';
import type { ApiClient } from '../../../src/api/client.ts';
import type { FieldKeyEnvironment } from '../../../src/field-key/environment.ts';
import type { OpenFieldKey } from '../../../src/field-key/field-key.ts';
import { readKnowledge, refreshKnowledge } from '../../../src/field-key/knowledge.ts';
import type { SiteKnowledge } from '../../../src/field-key/knowledge.ts';
import { answerAsk, judgeAsk } from '../../../src/field-key/second.ts';
import type { SecondSide } from '../../../src/field-key/second.ts';
import { BrowserFieldKeyStore } from '../../../src/field-key/store.ts';
import {
  makeAsk,
  makeDelegation,
  makeKeyset,
  makeRequest,
  siteKeys,
  siteSecrets,
  siteStartSeconds,
} from '../codes/site-make.ts';

const hourMs = 3_600_000;
const startMs = siteStartSeconds * 1000;

function knowledge(changes: Partial<SiteKnowledge> = {}): SiteKnowledge {
  return {
    personId: 'p-2',
    rootPublicKey: Uint8Array.from(siteKeys.root),
    keyset: Uint8Array.from(makeKeyset()),
    trustAtMs: startMs,
    delegations: [],
    ...changes,
  };
}

function side(changes: Partial<SecondSide> = {}): SecondSide {
  return { personId: 'p-2', publicKey: siteKeys.second, knowledge: knowledge(), nowMs: startMs + hourMs, ...changes };
}

function judge(ask: Partial<SiteAsk> = {}, changes: Partial<SecondSide> = {}): unknown {
  const verdict = judgeAsk(encodeSiteAsk(makeAsk(ask)), side(changes));
  return verdict.ok ? 'may-sign' : verdict.error;
}

function judgeWith(delegation: Partial<Delegation>, changes: Partial<SecondSide> = {}): unknown {
  return judge({ delegation: makeDelegation(delegation) }, changes);
}

const otherDevice = new Uint8Array(8).fill(0x70);
const listedDevice = Uint8Array.of(0x54, 0x4b, 0, 0, 0, 0, 0, 9);

const known: DelegationView = {
  id: '0190c9d2-0000-7000-8000-000000000001',
  number: 'D-3391',
  state: 'active',
  technician: { id: 'p-1', name: 'Wang Wei' },
  fieldKey: { id: '0190c9d2-0000-7000-8000-000000000002', label: 'Laptop' },
  terminals: [
    {
      ticketId: '0190c9d2-0000-7000-8000-000000000003',
      ticketNumber: 'T-1',
      terminal: {
        id: '0190c9d2-0000-7000-8000-000000000004',
        label: 'G3-02',
        serial: 'QT60-G302',
        model: 'QT-60',
        deviceId: '544b000000000009',
        merchantName: 'Guiyuan Property',
        place: 'Lobby',
        seal: '1',
      },
      deviceId: base64UrlEncode(listedDevice),
      secondKeyIds: [],
      uses: 0,
      kit: true,
    },
  ],
  seconds: [],
  actions: ['clearTamper'],
  reasonsOk: ['case'],
  usesMax: 4,
  usesPerTerminalMax: 2,
  hours: 9,
  note: '',
  askedAt: '2026-11-24T08:00:00.000Z',
  checks: [],
  uses: [],
  missing: [],
  doubled: [],
};

describe('the second person’s device judges before it asks', () => {
  test('what is in order may be signed, and is shown in its own words', () => {
    const ask = makeAsk();
    const verdict = judgeAsk(encodeSiteAsk(ask), side({ knowledge: knowledge({ delegations: [known] }) }));
    expect(verdict).toMatchObject({
      ok: true,
      value: {
        number: 'D-3391',
        actions: ['clearTamper'],
        screenNumber: screenNumber(ask.request),
        notAfterMs: startMs + 9 * hourMs,
        terminal: { label: 'G3-02', place: 'Lobby' },
        technicianName: 'Wang Wei',
        isNameKnown: true,
      },
    });
  });

  test('of a delegation that it never heard of it shows the device’s number, and that the name is only said', () => {
    const verdict = judgeAsk(encodeSiteAsk(makeAsk({ technicianName: 'Somebody' })), side());
    expect(verdict).toMatchObject({
      ok: true,
      value: { terminal: undefined, deviceId: '544b000000000009', technicianName: 'Somebody', isNameKnown: false },
    });
  });

  const strangers = { ...siteSecrets, approver: siteSecrets.stranger };
  const sameTwice = { ...siteSecrets, approver: siteSecrets.issuer };
  const cases: readonly (readonly [string, () => unknown])[] = [
    ['nothing-known', () => judge({}, { knowledge: undefined })],
    ['nothing-known', () => judge({}, { knowledge: knowledge({ rootPublicKey: Uint8Array.from(siteKeys.stranger) }) })],
    ['not-genuine', () => judge({ delegation: makeDelegation({}, strangers) })],
    ['not-genuine', () => judge({ delegation: makeDelegation({}, sameTwice) })],
    ['keys-too-old', () => judge({ delegation: makeDelegation({ keysetFloor: 2 }, strangers) })],
    ['own-ask', () => judge({}, { publicKey: siteKeys.technician })],
    ['own-ask', () => judge({}, { personId: 'p-1', knowledge: knowledge({ delegations: [known] }) })],
    ['wrong-terminal', () => judge({ request: makeRequest({ deviceId: otherDevice }) })],
    ['not-listed', () => judge({}, { publicKey: siteKeys.stranger })],
    [
      'not-here',
      () =>
        judgeWith({
          devices: [listedDevice, otherDevice],
          seconds: [{ keyHash: secondKeyHash(siteKeys.second), deviceMask: 2 }],
        }),
    ],
    ['not-yet', () => judge({}, { nowMs: startMs - 61_000 })],
    ['may-sign', () => judge({}, { nowMs: startMs - 60_000 })],
    ['may-sign', () => judge({}, { nowMs: startMs + 9 * hourMs + 60_000 })],
    ['expired', () => judge({}, { nowMs: startMs + 9 * hourMs + 61_000 })],
    ['wrong-time', () => judge({ madeAtSeconds: siteStartSeconds - 61 })],
    ['wrong-time', () => judge({ madeAtSeconds: siteStartSeconds + 9 * 3600 + 61 })],
    ['too-much', () => judge({ actions: 12 })],
    ['used-up', () => judge({ useIndex: 5 })],
    ['revoked', () => judge({}, { knowledge: knowledge({ delegations: [{ ...known, state: 'revoked' }] }) })],
    ['revoked', () => judge({}, { knowledge: knowledge({ delegations: [{ ...known, state: 'ended' }] }) })],
    ['damaged', () => judge({ delegation: makeRequest() })],
  ];
  test.each(cases)('%# it says %s', (expected, act) => {
    expect(act()).toBe(expected);
  });

  test('no change of a single byte of the ask is ever signed as if it were the same', () => {
    const bytes = encodeSiteAsk(makeAsk());
    const original = judgeAsk(bytes, side());
    if (!original.ok) throw new Error('expected to be in order');
    for (let i = 0; i < bytes.length; i++) {
      const changed = Uint8Array.from(bytes);
      changed[i] = (changed[i] ?? 0) ^ 1;
      const verdict = judgeAsk(changed, side());
      if (!verdict.ok) continue;
      // What may differ is shown or signed: the request, the use, the time; or it is only the name that is said.
      const { read, screenNumber: digits, technicianName } = verdict.value;
      const isSigned = Buffer.compare(read.payload, original.value.read.payload) !== 0;
      const isShown = digits !== original.value.screenNumber || technicianName !== original.value.technicianName;
      expect(isSigned || isShown).toBe(true);
    }
  });

  test('it signs the response that it rebuilt, and names it in its answer', async () => {
    const ask = makeAsk();
    const verdict = judgeAsk(encodeSiteAsk(ask), side());
    const signer = softwareSigner(siteSecrets.second);
    const key = {
      publicKey: siteKeys.second,
      sign: (bytes: Uint8Array) => Promise.resolve({ ok: true, value: signer.sign(bytes) }),
    } as unknown as OpenFieldKey;
    const payload = siteAskPayload(ask);
    if (!verdict.ok || !payload.ok) throw new Error('expected to be in order');
    const answered = await answerAsk(verdict.value, key);
    const answer = answered.ok ? decodeSiteAnswer(answered.value) : answered;
    if (!answer.ok) throw new Error('expected an answer');
    expect(isAnswerTo(answer.value, payload.value.payload)).toBe(true);
    expect(verifyStrict(siteKeys.second, responseSignedBytes(payload.value.payload), answer.value.signature)).toBe(
      true,
    );
  });
});

describe('what is known without a network', () => {
  const environment: FieldKeyEnvironment = {
    credentials: undefined,
    crypto: webcrypto as unknown as Crypto,
    origin: 'https://till.example',
    host: 'till.example',
    store: new BrowserFieldKeyStore(),
    now: () => startMs,
    isOnline: () => true,
  };

  function server(trust: { root: Uint8Array; keyset: Uint8Array } | undefined, list?: DelegationView[]): ApiClient {
    const offline = { ok: false, error: 'offline' };
    const answers: Record<string, object> = {
      trust: trust
        ? {
            ok: true,
            value: { rootPublicKey: base64UrlEncode(trust.root), keyset: base64UrlEncode(trust.keyset) },
          }
        : offline,
      listDelegations: list ? { ok: true, value: { items: list } } : offline,
    };
    return { call: (name: string) => Promise.resolve(answers[name]) } as unknown as ApiClient;
  }

  test('is kept, renewed, and never goes back or to another root', async () => {
    const refresh = (api: ApiClient): ReturnType<typeof refreshKnowledge> => refreshKnowledge('p-9', api, environment);
    expect(await readKnowledge('p-9', environment)).toBeUndefined();
    expect(await refresh(server(undefined))).toMatchObject({ ok: false, error: 'offline' });
    const { root } = siteKeys;
    expect(await refresh(server({ root, keyset: makeKeyset(2) }, [known]))).toMatchObject({ ok: true });
    const second = makeKeyset(2);
    expect(await readKnowledge('p-9', environment)).toMatchObject({ delegations: [known], delegationsAtMs: startMs });
    // The list could not be had: the one that is kept stays.
    await refresh(server({ root, keyset: makeKeyset(1) }));
    expect(await readKnowledge('p-9', environment)).toMatchObject({ delegations: [known] });
    expect(Array.from((await readKnowledge('p-9', environment))?.keyset ?? [])).toEqual(Array.from(second));
    expect(await refresh(server({ root: siteKeys.stranger, keyset: makeKeyset(3) }, []))).toMatchObject({
      error: 'root-changed',
    });
    expect(await refresh(server({ root, keyset: makeRequest() }, []))).toMatchObject({ error: 'bad-keyset' });
    expect(await readKnowledge('p-9', environment)).toMatchObject({ delegations: [known] });
  });
});
