import { isAccount } from '../../../protocol/fees/account-cipher.ts';
import type { SignedDocument } from '../../../protocol/fees/documents.ts';
import { keyOfGuard, newPasskeyGuard } from './passkey-key.ts';
import { profileKey } from './presence.ts';
import { emptyProfile, withReceipt } from './profile.ts';
import type { Profile } from './profile.ts';
import { newPinGuard, openByPin, openWith, parseRecord, pinChars, seal, triesMax } from './vault.ts';
import type { OpenError, OpenVault, VaultRecord } from './vault.ts';

/** What went wrong, each with a sentence. */
export type ProfileProblem =
  OpenError | 'short' | 'differ' | 'account' | 'elsewhere' | 'storage' | 'passkey' | 'not-opened' | 'no-prf' | 'file';
/** What went right. */
export type ProfileNews = 'saved' | 'kept' | 'wiped';

function read(): VaultRecord | undefined {
  try {
    return parseRecord(localStorage.getItem(profileKey));
  } catch {
    return undefined;
  }
}

/** What the form changes: receipts are only ever added. */
function details({ name, households, account }: Profile): string {
  return JSON.stringify([name, households, account]);
}

/**
 * The profile on this phone: made, opened, changed, copied, wiped. It calls no server at all: what is in it leaves only
 * into a file that the resident saves, and, encrypted to the bank, as an account to pay with.
 */
export class ProfileDesk {
  #open = $state.raw<OpenVault>();
  #record = $state.raw<VaultRecord | undefined>(read());
  isBusy = $state(false);
  problem = $state<ProfileProblem>();
  news = $state<ProfileNews>();
  readonly phase: 'none' | 'locked' | 'open' = $derived(
    this.#open !== undefined ? 'open' : this.#record === undefined ? 'none' : 'locked',
  );
  readonly guard = $derived(this.#record?.guard);
  /** Wrong PINs that are left, said once there were some. */
  readonly triesLeft = $derived.by(() => {
    const guard = this.#record?.guard;
    return guard?.kind === 'pin' && guard.tries > 0 ? triesMax - guard.tries : undefined;
  });

  /** What is kept; empty while it is closed. */
  get profile(): Profile {
    return this.#open?.profile ?? emptyProfile;
  }

  /** Seconds until the next PIN may be tried. */
  waitSeconds(nowMs: number): number {
    const guard = this.#record?.guard;
    return guard?.kind === 'pin' ? Math.max(0, Math.ceil((guard.waitUntilMs - nowMs) / 1000)) : 0;
  }

  /** Makes an empty profile behind a PIN. */
  makeByPin(pin: string, again: string): Promise<void> {
    return this.#act(async () => {
      if (pin.length < pinChars.min) return 'short';
      if (pin !== again) return 'differ';
      return this.#write({ profile: emptyProfile, ...(await newPinGuard(crypto, pin)) });
    });
  }

  /** Makes an empty profile behind the phone's lock. */
  makeByPasskey(name: string): Promise<void> {
    return this.#act(async () => {
      const made = await newPasskeyGuard(name);
      return made.ok ? this.#write({ profile: emptyProfile, ...made.value }) : made.error;
    });
  }

  /** Opens it by PIN. */
  openByPin(pin: string): Promise<void> {
    return this.#act(async () => {
      // Read again: another tab may have counted in between.
      const record = read();
      if (record === undefined) return 'damaged';
      const opened = await openByPin(crypto, record, pin, Date.now(), (next) => {
        this.#keep(next);
      });
      if (!opened.ok) return opened.error;
      this.#open = opened.value;
      return undefined;
    });
  }

  /** Opens it by the phone's lock. */
  openByPasskey(): Promise<void> {
    return this.#act(async () => {
      const record = this.#record;
      if (record?.guard.kind !== 'passkey') return 'damaged';
      const key = await keyOfGuard(record.guard);
      if (key === undefined) return 'not-opened';
      const opened = await openWith(crypto, record, key);
      if (!opened.ok) return opened.error;
      this.#open = opened.value;
      return undefined;
    });
  }

  /** Keeps changed details; not over those of another tab that were never seen here, the first time. */
  save(change: Pick<Profile, 'name' | 'households' | 'account'>): Promise<void> {
    return this.#act(async () => {
      if (this.#open === undefined) return 'damaged';
      if (change.account !== '' && !isAccount(change.account)) return 'account';
      const before = details(this.profile);
      if (!(await this.#takeLatest())) return 'damaged';
      if (details(this.profile) !== before) return 'elsewhere';
      const households = change.households.filter(({ number }) => number.trim() !== '');
      const failed = await this.#write({ ...this.#open, profile: { ...this.profile, ...change, households } });
      if (failed === undefined) this.news = 'saved';
      return failed;
    });
  }

  /** Keeps a receipt. */
  keepReceipt(receipt: SignedDocument): Promise<void> {
    return this.#act(async () => {
      if (!(await this.#takeLatest()) || this.#open === undefined) return 'damaged';
      const failed = await this.#write({ ...this.#open, profile: withReceipt(this.profile, receipt) });
      if (failed === undefined) this.news = 'kept';
      return failed;
    });
  }

  /** The record as a file: encrypted as it lies here. */
  exported(): Blob | undefined {
    return this.#record && new Blob([JSON.stringify(this.#record)], { type: 'application/json' });
  }

  /** Takes a record from a file; it is locked then, and opens with the secret it was made with. */
  take(text: string): void {
    const record = parseRecord(text);
    this.news = undefined;
    this.problem = record === undefined ? 'file' : undefined;
    if (record === undefined) return;
    this.#open = undefined;
    if (!this.#keep(record)) this.problem = 'storage';
  }

  /** Deletes everything. */
  wipe(): void {
    this.#open = undefined;
    this.#keep(undefined);
    this.problem = undefined;
    this.news = 'wiped';
  }

  /** Takes what another tab has written since; false, and closed, when this tab's key does not open it or it is gone. */
  async #takeLatest(): Promise<boolean> {
    const record = read();
    if (this.#open === undefined || record?.iv === this.#record?.iv) return this.#open !== undefined;
    const opened = record && (await openWith(crypto, record, this.#open.key));
    this.#record = record;
    this.#open = opened?.ok === true ? opened.value : undefined;
    return this.#open !== undefined;
  }

  async #write(open: OpenVault): Promise<ProfileProblem | undefined> {
    const record = await seal(crypto, open);
    if (!this.#keep(record)) return 'storage';
    this.#open = { ...open, guard: record.guard };
    return undefined;
  }

  #keep(record: VaultRecord | undefined): boolean {
    try {
      if (record === undefined) localStorage.removeItem(profileKey);
      else localStorage.setItem(profileKey, JSON.stringify(record));
    } catch {
      return false;
    }
    this.#record = record;
    return true;
  }

  async #act(work: () => Promise<ProfileProblem | undefined>): Promise<void> {
    if (this.isBusy) return;
    this.isBusy = true;
    this.problem = undefined;
    this.news = undefined;
    try {
      this.problem = await work();
    } catch {
      this.problem = 'damaged';
    }
    this.isBusy = false;
  }
}
