import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { profileKey } from '../../../src/resident/profile/presence.ts';
import { ProfileDesk } from '../../../src/resident/profile/profile-desk.svelte.ts';

// The cost of a PIN is measured elsewhere.
vi.mock('@noble/hashes/argon2.js', () => ({
  argon2idAsync: (words: Uint8Array) => Promise.resolve(new Uint8Array(32).fill(words.length)),
}));

const pin = '135790';
const details = { name: '', households: [], account: '' };

beforeEach(() => {
  const kept = new Map<string, string>();
  vi.stubGlobal('localStorage', {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => kept.set(key, value),
    removeItem: (key: string) => kept.delete(key),
  });
});
afterEach(() => vi.unstubAllGlobals());

/** The same profile, open in two tabs. */
async function twoTabs(): Promise<readonly [ProfileDesk, ProfileDesk]> {
  const one = new ProfileDesk();
  await one.makeByPin(pin, pin);
  const other = new ProfileDesk();
  await other.openByPin(pin);
  return [one, other];
}

async function keptNow(): Promise<ProfileDesk> {
  const desk = new ProfileDesk();
  await desk.openByPin(pin);
  return desk;
}

test('a save over what another tab saved is refused once and says why, then done', async () => {
  const [one, other] = await twoTabs();
  await one.save({ ...details, name: 'Ms Zhou' });
  await other.save({ ...details, name: 'Mr Wang' });
  expect(other.problem).toBe('elsewhere');
  expect((await keptNow()).profile.name).toBe('Ms Zhou');
  await other.save({ ...details, name: 'Mr Wang' });
  expect(other.news).toBe('saved');
  expect((await keptNow()).profile.name).toBe('Mr Wang');
});

test('a receipt that another tab keeps is lost by neither a save nor another receipt', async () => {
  const [one, other] = await twoTabs();
  const receipt = (bytes: string) => ({ bytes, signature: 'A'.repeat(86), kid: 'fees' });
  await one.keepReceipt(receipt('one'));
  await other.save({ ...details, name: 'Mr Wang' });
  expect(other.news).toBe('saved');
  await one.keepReceipt(receipt('two'));
  const { profile } = await keptNow();
  expect(profile.name).toBe('Mr Wang');
  expect(profile.receipts.length).toBe(2);
});

test('a profile that another tab has wiped is not written back', async () => {
  const [one, other] = await twoTabs();
  one.wipe();
  await other.save({ ...details, name: 'Mr Wang' });
  expect(other.phase).toBe('none');
  expect(localStorage.getItem(profileKey)).toBe(null);
});
