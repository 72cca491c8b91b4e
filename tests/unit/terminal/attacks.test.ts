import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { actionBits } from '../../../protocol/unlock/v1/constants.ts';
import { refusals } from '../../../protocol/unlock/v1/refusals.ts';
import type { RefusalCode } from '../../../protocol/unlock/v1/refusals.ts';
import { sealGrant } from '../../../protocol/unlock/v1/seal.ts';
import type { OpenedRequest } from './authority.ts';
import { lockedBench, makeBench, openedRequest, ordered, plugIn, unlocked } from './bench.ts';
import type { Bench } from './bench.ts';
import { call } from './host.ts';
import type { TestHost } from './host.ts';

let bench: Bench & { readonly host: TestHost };
let opened: OpenedRequest;

beforeEach(async () => {
  bench = await lockedBench();
  opened = await openedRequest(bench, bench.host);
});

afterEach(() => {
  bench.host.close();
});

async function present(sealed: Uint8Array): Promise<{ accepted: boolean; refusal: string }> {
  return await call(bench.host, 'lock.grant', { sealed });
}

/** Refused with `refusal`, still LOCKED without keys, and the challenge burnt or kept as the code says. */
async function expectRefused(sealed: Uint8Array, refusal: RefusalCode): Promise<void> {
  const before = await call(bench.host, 'lock.status', {});
  expect(await present(sealed)).toMatchObject({ accepted: false, refusal });
  const after = await call(bench.host, 'lock.status', {});
  const { burns, counts } = refusals[refusal];
  expect(after).toMatchObject({ state: 'LOCKED', keysPresent: false, lockEpoch: before.lockEpoch, lifetimeUnlocks: 0 });
  expect(after.screenNumber === '').toBe(burns);
  expect(after.failedAttempts).toBe(before.failedAttempts + (counts ? 1 : 0));
}

describe('attacks at the device, over the cable', () => {
  test('replay: the grant of an earlier lock is refused after a new lock', async () => {
    const sealed = bench.authority.grant(opened);
    expect(await present(sealed)).toMatchObject({ accepted: true });
    bench.device.trip('drop');
    await openedRequest(bench, bench.host);
    expect(await present(sealed)).toMatchObject({ accepted: false, refusal: 'wrong-nonce' });
    expect(await call(bench.host, 'lock.status', {})).toMatchObject({ state: 'LOCKED', lifetimeUnlocks: 1 });
  });

  test('multiple use: the same grant again does nothing and gives the same receipt', async () => {
    const sealed = bench.authority.grant(opened);
    const first = await call(bench.host, 'lock.grant', { sealed });
    const status = await call(bench.host, 'lock.status', {});
    expect(await call(bench.host, 'lock.grant', { sealed })).toEqual(first);
    expect(await call(bench.host, 'lock.lastReceipt', {})).toEqual({ receipt: first.receipt });
    expect(await call(bench.host, 'lock.status', {})).toEqual(status);
  });

  test('multiple use: a second grant for the same challenge finds nothing to unlock', async () => {
    const [first, second] = [bench.authority.grant(opened), bench.authority.grant(opened)];
    expect(await present(first)).toMatchObject({ accepted: true });
    expect(await present(second)).toMatchObject({ accepted: false, refusal: 'not-locked' });
    bench.device.trip('case');
    await openedRequest(bench, bench.host);
    expect(await present(second)).toMatchObject({ accepted: false, refusal: 'wrong-nonce' });
  });

  test('wrong device: a grant for another terminal, sealed for this one', async () => {
    await expectRefused(bench.authority.grant(opened, { deviceId: new Uint8Array(8).fill(2) }), 'wrong-device');
  });

  test('wrong device: a grant sealed for another terminal', async () => {
    const other = makeBench({ number: 2, clock: bench.clock, authority: bench.authority });
    other.device.trip('case');
    const otherHost = await plugIn(other.device);
    const theirs = await openedRequest(other, otherHost);
    otherHost.close();
    await expectRefused(bench.authority.grant(theirs), 'wrong-nonce');
  });

  test.each([1, 3])('wrong epoch: %i', async (lockEpoch) => {
    await expectRefused(bench.authority.grant(opened, { lockEpoch }), 'wrong-epoch');
  });

  test('wrong nonce: one bit', async () => {
    const nonce = opened.request.nonce.slice();
    nonce[15] = (nonce[15] ?? 0) ^ 1;
    await expectRefused(bench.authority.grant(opened, { nonce }), 'wrong-nonce');
  });

  test('wrong nonce: superseded by a fresh challenge', async () => {
    bench.clock.pass(11);
    await openedRequest(bench, bench.host, true);
    await expectRefused(bench.authority.grant(opened), 'wrong-nonce');
  });

  test('after a wrong grant the right one for the same challenge fails too', async () => {
    await expectRefused(bench.authority.grant(opened, { lockEpoch: 9 }), 'wrong-epoch');
    expect(await present(bench.authority.grant(opened))).toMatchObject({ refusal: 'no-challenge' });
    await openedRequest(bench, bench.host);
    expect(await present(bench.authority.grant(opened))).toMatchObject({ refusal: 'wrong-nonce' });
  });

  test('swapped class: issuer and approver exchanged', async () => {
    const { approver, issuer } = bench.authority;
    await expectRefused(bench.authority.grant(opened, {}, [approver, issuer]), 'wrong-class');
  });

  test('swapped class: two issuers', async () => {
    const { issuer, secondIssuer } = bench.authority;
    await expectRefused(bench.authority.grant(opened, {}, [issuer, secondIssuer]), 'wrong-class');
  });

  test('the same person signing twice', async () => {
    const { issuer } = bench.authority;
    await expectRefused(bench.authority.grant(opened, {}, [issuer, issuer]), 'same-signer');
  });

  test('a key that the keyset does not list', async () => {
    const { issuer, stranger } = bench.authority;
    await expectRefused(bench.authority.grant(opened, {}, [issuer, stranger]), 'unknown-key');
  });

  test('a signature by the wrong secret under a listed key id', async () => {
    const { issuer, approver, stranger } = bench.authority;
    const forged = { kid: approver.kid, sign: stranger.sign.bind(stranger) };
    await expectRefused(bench.authority.grant(opened, {}, [issuer, forged]), 'bad-signature');
  });

  test('over-asking is cut to the subset that the device allows, and the receipt says so', async () => {
    const sealed = bench.authority.grant(opened, { actions: 127 });
    const { receipt } = await call(bench.host, 'lock.grant', { sealed });
    const stated = bench.authority.receipt(receipt, bench.device.factory.identityPublicKey);
    const { diagRead, clearTamper, wipeReinit, setParameters } = actionBits;
    expect(stated.grantedActions).toBe(diagRead | clearTamper | wipeReinit | setParameters);
  });

  test('over-asking: nothing of it is allowed', async () => {
    await expectRefused(bench.authority.grant(opened, { actions: actionBits.changeOwner }), 'nothing-allowed');
  });

  test('a soft clearing does not clear a tamper', async () => {
    await expectRefused(bench.authority.grant(opened, { actions: actionBits.clearSoft }), 'nothing-allowed');
  });

  test('a reason that the signers did not know', async () => {
    await expectRefused(bench.authority.grant(opened, { reasonsOk: 256 }), 'reason-not-covered');
  });

  test('expired', async () => {
    const sealed = bench.authority.grant(opened);
    bench.clock.pass(900 + 61);
    await expectRefused(sealed, 'expired');
  });

  test('not yet valid', async () => {
    const from = bench.authority.nowSeconds() + 300;
    await expectRefused(
      bench.authority.grant(opened, { notBeforeSeconds: from, notAfterSeconds: from + 900 }),
      'not-yet-valid',
    );
  });

  test('a span that is too long', async () => {
    await expectRefused(
      bench.authority.grant(opened, { notAfterSeconds: bench.authority.nowSeconds() + 604_801 }),
      'span-too-long',
    );
  });

  test('floor raise: a grant that demands a newer keyset waits for it, and then works', async () => {
    const sealed = bench.authority.grant(opened, { keysetFloor: 2 });
    await expectRefused(sealed, 'keyset-stale');
    expect(await call(bench.host, 'lock.keyset', { keyset: bench.authority.keyset(2) })).toEqual({ keysetSequence: 2 });
    expect(await present(sealed)).toMatchObject({ accepted: true });
  });

  test('keyset rollback and a keyset by a stranger are refused', async () => {
    await call(bench.host, 'lock.keyset', { keyset: bench.authority.keyset(3) });
    const older = bench.host.session.request('lock.keyset', { keyset: bench.authority.keyset(2) }, bench.host.now());
    expect(await older).toMatchObject({ ok: false, error: 'refused', detail: 'stale-sequence' });
    const forged = bench.authority.keyset(4, bench.authority.stranger);
    const theirs = bench.host.session.request('lock.keyset', { keyset: forged }, bench.host.now());
    expect(await theirs).toMatchObject({ ok: false, error: 'refused', detail: 'unknown-key' });
    expect(await call(bench.host, 'lock.status', {})).toMatchObject({ keysetSequence: 3 });
  });

  test('an old grant sequence', async () => {
    expect(await present(bench.authority.grant(opened, { grantSequence: 40 }))).toMatchObject({ accepted: true });
    bench.device.trip('case');
    opened = await openedRequest(bench, bench.host);
    const answer = await present(bench.authority.grant(opened, { grantSequence: 40 }));
    expect(answer).toMatchObject({ accepted: false, refusal: 'stale-sequence' });
  });

  test('malformed: every single bit of a sealed grant', { timeout: 60_000 }, async () => {
    const good = bench.authority.grant(opened);
    const { device } = bench;
    for (let at = 0; at < good.length; at += 7) {
      const bad = good.slice();
      bad[at] = (bad[at] ?? 0) ^ (1 << (at % 8));
      const answer = await present(bad);
      expect(answer.accepted).toBe(false);
      bench.clock.pass(86_400);
      await openedRequest(bench, bench.host);
    }
    expect(device.firmware?.core).toMatchObject({ state: 'LOCKED', lifetimeUnlocks: 0 });
  });

  test('modified field: the plain grant with any byte changed, sealed correctly', async () => {
    for (let round = 0; round < 24; round++) {
      const plain = bench.authority.plainGrant(opened);
      const at = (round * 37) % plain.length;
      plain[at] = (plain[at] ?? 0) ^ 0x10;
      const answer = await present(sealGrant(plain, opened.responseSecret, bench.authority.random(32)));
      expect(answer.accepted).toBe(false);
      bench.clock.pass(86_400);
      opened = await openedRequest(bench, bench.host);
    }
    expect(bench.device.firmware?.core).toMatchObject({ state: 'LOCKED', lifetimeUnlocks: 0 });
  });

  test('clock invalid: a grant works without a clock, and the journal marks it', async () => {
    bench.device.trip('flat-cell');
    bench.clock.pass(5_000_000);
    opened = await openedRequest(bench, bench.host);
    expect(opened.request.flags & 2).toBe(0);
    expect(await present(bench.authority.grant(opened))).toMatchObject({ accepted: true });
    const records = bench.device.firmware?.core.journal.records ?? [];
    expect(records.some((record) => Buffer.from(record).includes('time-unproven'))).toBe(true);
  });

  test('an order for an earlier lock is refused', async () => {
    const receipt = await unlocked(bench, bench.host);
    const stale = bench.authority.order('installKeys', receipt);
    bench.device.trip('case');
    await unlocked(bench, bench.host);
    const answer = await bench.host.session.request('lock.order', { order: stale }, bench.host.now());
    expect(answer).toMatchObject({ ok: false, error: 'refused', detail: 'wrong-epoch' });
  });

  test('an order by the approver, or by a stranger, is refused', async () => {
    const receipt = await unlocked(bench, bench.host);
    const { approver, stranger } = bench.authority;
    for (const [signer, detail] of [
      [approver, 'wrong-class'],
      [stranger, 'unknown-key'],
    ] as const) {
      const order = bench.authority.order('installKeys', receipt, signer);
      const answer = await bench.host.session.request('lock.order', { order }, bench.host.now());
      expect(answer).toMatchObject({ ok: false, error: 'refused', detail });
    }
  });

  test('a release before PROBATION, and a lower order sequence, are refused', async () => {
    const receipt = await unlocked(bench, bench.host);
    const release = bench.authority.order('release', receipt);
    const early = await bench.host.session.request('lock.order', { order: release }, bench.host.now());
    expect(early).toMatchObject({ ok: false, error: 'not-in-state', detail: 'wrong-state' });
    const old = bench.authority.order('setParameters', receipt);
    expect(await ordered(bench, bench.host, 'installKeys', receipt)).toMatchObject({ result: 0 });
    const late = await bench.host.session.request('lock.order', { order: old }, bench.host.now());
    expect(late).toMatchObject({ ok: false, error: 'refused', detail: 'stale-sequence' });
  });
});
