import { expect, test } from 'vitest';
import { verifyKeyset } from '../../../protocol/unlock/v1/authority.ts';
import { refusalCodes } from '../../../protocol/unlock/v1/refusals.ts';
import { verifyGrant } from '../../../protocol/unlock/v1/verify-grant.ts';
import { verifySite } from '../../../protocol/unlock/v1/verify-site.ts';
import { makeSiteVerdicts } from './make-site-verdicts.ts';
import { makeVerdicts, type VerdictVector } from './make-verdicts.ts';
import { fromHex, readVectors } from './read-vectors.ts';

const file = readVectors<{ rootKey: string; keyset: string; cases: VerdictVector[] }>('unlock/grant-verdicts.json');
const accepted = verifyKeyset(fromHex(file.keyset), [fromHex(file.rootKey)], undefined);
if (!accepted.ok) throw new Error(`the keyset of the vectors: ${accepted.error}`);
const { keyset } = accepted.value;

test('the file is what the generator makes', () => {
  expect(makeVerdicts()).toEqual(file);
});

test('every refusal that a grant can meet has a case', () => {
  const orderOnly = ['wrong-state', 'step-missing', 'not-openable', 'order-failed'];
  const durableOnly = ['too-many-attempts'];
  const siteOnly = ['not-listed', 'revoked', 'uses-exhausted', 'wrong-delegation', 'wrong-second'];
  const covered = new Set(file.cases.map((row) => row.verdict));
  expect(refusalCodes.filter((code) => !covered.has(code))).toEqual([...durableOnly, ...orderOnly, ...siteOnly]);
});

test.each(file.cases)('verdict on "$name": $verdict', ({ device, grant, verdict, grantedActions }) => {
  const { nonce, deviceId, ...rest } = device;
  const view = { ...rest, deviceId: fromHex(deviceId), ...(nonce === undefined ? {} : { nonce: fromHex(nonce) }) };
  const result = verifyGrant(fromHex(grant), view, keyset);
  expect(result.ok ? 'accepted' : result.error).toBe(verdict);
  if (result.ok) expect(result.value.grantedActions).toBe(grantedActions);
});

const siteFile = readVectors<ReturnType<typeof makeSiteVerdicts>>('unlock/site-verdicts.json');

test('the file of bundles is what the generator makes, for the same keyset', () => {
  expect(makeSiteVerdicts()).toEqual(siteFile);
  expect([siteFile.rootKey, siteFile.keyset]).toEqual([file.rootKey, file.keyset]);
});

test('every refusal that a bundle can meet has a case', () => {
  const elsewhere = ['too-many-attempts', 'wrong-state', 'step-missing', 'not-openable', 'order-failed'];
  const covered = new Set(siteFile.cases.map((row) => row.verdict));
  expect(refusalCodes.filter((code) => !covered.has(code))).toEqual(elsewhere);
});

test.each(siteFile.cases)('verdict on site on "$name": $verdict', ({ device, bundle, verdict, grantedActions }) => {
  const { nonce, deviceId, lastDelegation, ...rest } = device;
  const last =
    lastDelegation === undefined ? {} : { lastDelegation: { ...lastDelegation, hash: fromHex(lastDelegation.hash) } };
  const view = {
    ...{ ...rest, deviceId: fromHex(deviceId), lastGrantSequence: 0, ...last },
    ...(nonce === undefined ? {} : { nonce: fromHex(nonce) }),
  };
  const result = verifySite(fromHex(bundle), view, keyset);
  expect(result.ok ? 'accepted' : result.error).toBe(verdict);
  if (result.ok) expect(result.value.grantedActions).toBe(grantedActions);
});
