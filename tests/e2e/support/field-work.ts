import { expect } from 'vitest';
import type { Locator, Page } from 'playwright-core';
import { codeText, readCode } from '../../../protocol/codes/code.ts';
import { decodeSiteAsk, encodeSiteAnswer, siteAskPayload, sitePayloadHash } from '../../../protocol/codes/site.ts';
import { responseSignedBytes } from '../../../protocol/unlock/v1/site.ts';
import type { DelegationPackage, DelegationView } from '../../../protocol/http/field.ts';
import { uuidv7 } from '../../../server/store/uuid.ts';
import { base64UrlEncode } from '../../../protocol/bytes.ts';
import { technicianSiteCodesEn } from '../../../src/i18n/technician-site-codes.en.ts';
import { onSiteEn } from '../../../src/i18n/on-site.en.ts';
import { onSiteZh } from '../../../src/i18n/on-site.zh.ts';
import { addAuthenticator } from './passkey.ts';
import { FieldPerson } from './field-person.ts';
import { approveDelegation, seedShopPerson, shopPerson } from './second-person.ts';
import { worldPeople } from './seed.ts';
import type { TechnicianScreen } from './technician.ts';
import type { Authenticator } from './totp.ts';
import type { World } from './world.ts';

/** A technician whose laptop can work on site, and the person who confirms beside them. */
export class FieldWork {
  readonly screen: TechnicianScreen;
  readonly second: FieldPerson;
  readonly #world: World;
  readonly #authenticator: Authenticator;

  private constructor(world: World, screen: TechnicianScreen, second: FieldPerson, authenticator: Authenticator) {
    this.#world = world;
    this.screen = screen;
    this.second = second;
    this.#authenticator = authenticator;
  }

  /** Sets both up: a field key with a passkey in the laptop's browser, and a key of the shop's person. */
  static async prepare(world: World, screen: TechnicianScreen, authenticator: Authenticator): Promise<FieldWork> {
    const { page } = screen;
    await addAuthenticator(page, { prf: true });
    await page.goto(`${world.origin}/account`);
    const setUp = (name: string): Locator => page.getByRole('button', { name });
    await setUp(onSiteEn.key.setUp).or(setUp(onSiteZh.key.setUp)).click();
    const ready = (word: string): Locator => page.getByTestId('field-key-state').getByText(word, { exact: true });
    await ready(onSiteEn.key.ready).or(ready(onSiteZh.key.ready)).waitFor();
    await seedShopPerson(world);
    const second = await FieldPerson.enrol(world.origin, shopPerson.email, 'Phone');
    return new FieldWork(world, screen, second, authenticator);
  }

  get #page(): Page {
    return this.screen.page;
  }

  /** A delegation over the tickets, approved and fetched by the laptop, which is ready to lose the network. */
  async delegate(ticketIds: readonly string[], hours = 8): Promise<DelegationView> {
    const { origin } = this.#world;
    const [key] = await this.#world.query(
      `SELECT k.id FROM field_keys k JOIN "user" u ON u.id = k.person_id WHERE u.email = $1 ORDER BY k.enrolled_at DESC`,
      [worldPeople.technician.email],
    );
    const secondKeyIds = [this.second.key?.id ?? ''];
    const body = {
      id: uuidv7(Date.now()),
      fieldKeyId: String(key?.['id']),
      terminals: ticketIds.map((ticketId) => ({ ticketId, secondKeyIds })),
      hours,
      note: '',
    };
    const answer = await this.#page.request.post(`${origin}/api/delegations`, { data: body, headers: { origin } });
    const asked = (await answer.json()) as DelegationView;
    if (asked.state !== 'waiting') throw new Error(`askDelegation: ${JSON.stringify(asked)}`);
    await approveDelegation(origin, asked.id, this.#authenticator);
    const [row] = await this.#world.query('SELECT sequence FROM delegations WHERE id = $1', [asked.id]);
    const number = `D-${String(row?.['sequence'])}`;
    await this.#page.goto(`${origin}/technician/delegations`);
    await this.#page.locator(`[data-testid="delegation-${number}"][data-kept="true"]`).waitFor();
    await this.#page.evaluate(async () => navigator.serviceWorker.ready);
    return { ...asked, number };
  }

  /** Takes the laptop's network away. */
  async loseNetwork(): Promise<void> {
    await this.#page.context().setOffline(true);
  }

  async findNetwork(): Promise<void> {
    await this.#page.context().setOffline(false);
  }

  /** Starts the run, and takes the offer to use the delegation. */
  async takeOffer(): Promise<void> {
    await this.screen.press('start');
    await this.#page.getByTestId('offer-delegation').getByRole('button').first().click();
  }

  /** The technician signs; the code for the second person stands on the screen. */
  async sign(): Promise<void> {
    await this.#page.getByTestId('site-use').getByRole('button').first().click();
    await this.#page.getByTestId('site-ask-code').getByTestId('code-picture').waitFor();
  }

  /** What somebody with a phone answers to the code on the screen. */
  async answerOf(person: FieldPerson): Promise<string> {
    const { payload } = await this.#asked();
    const signature = person.sign(responseSignedBytes(payload));
    const answer = { payloadHash: sitePayloadHash(payload), secondKey: person.publicKey, signature };
    return codeText({ kind: 'siteAnswer', bytes: encodeSiteAnswer(answer) });
  }

  /** Hands the answer over as text. */
  async paste(answer: string): Promise<void> {
    await this.#page
      .locator('details')
      .filter({ has: this.#page.getByTestId('site-answer-input') })
      .locator('summary')
      .click();
    await this.#page.getByTestId('site-answer-input').locator('textarea, input').first().fill(answer);
    await this.#page.getByTestId('site-answer-use').getByRole('button').click();
  }

  /** Both persons sign, as one step. */
  async confirm(person = this.second): Promise<void> {
    await this.sign();
    await this.paste(await this.answerOf(person));
  }

  /** Trips the terminal, plugs it in, and opens the run of its ticket. */
  async lockedRun(world: World, label: string, ticketId: string): Promise<void> {
    world.device(label).trip('drop');
    await world.plugIn(label);
    await this.screen.openRun(ticketId);
    await this.screen.waitForTerminal('LOCKED');
  }

  /** The terminal locked again after the run had ended: another round, on site again. */
  async askAgain(): Promise<void> {
    await this.screen.press('ask-again');
    await this.#page.getByTestId('offer').waitFor();
  }

  async takeOfferAgain(): Promise<void> {
    await this.askAgain();
    await this.useOffer();
  }

  /** Presses the offer that stands on the screen. */
  async useOffer(): Promise<void> {
    await this.#page.getByTestId('offer-delegation').getByRole('button').first().click();
  }

  /** After a refusal by the terminal: the same way once more. */
  async again(): Promise<void> {
    await this.#page.getByTestId('site-again').getByRole('button').first().click();
  }

  /** Waits until the screen says that the terminal refused, and why in words. */
  async refused(code: string): Promise<void> {
    const note = this.#page.locator(`[data-testid="refusal"][data-code="${code}"]`).first();
    await note.waitFor();
    const [what, next] = technicianSiteCodesEn.deviceRefusal[code] ?? [];
    expect(what, `no words for ${code}`).toBeTruthy();
    await expect.poll(() => note.innerText()).toContain(what);
    await expect.poll(() => note.innerText()).toContain(next);
  }

  /** Opens the run, which hands over what was changed, and waits for the terminal's refusal. */
  async handsOver(ticketId: string, refusal: string): Promise<void> {
    await this.screen.openRun(ticketId);
    await this.refused(refusal);
  }

  /** Somebody with a key that the delegation does not name. */
  passerBy(): Promise<FieldPerson> {
    return FieldPerson.enrol(this.#world.origin, shopPerson.email, 'Another phone');
  }

  /** A person's signature under the code on the screen, as the run's record keeps it. */
  async signatureOf(person: FieldPerson): Promise<NonNullable<SavedSite['second']>> {
    const { payload } = await this.#asked();
    const signature = base64UrlEncode(person.sign(responseSignedBytes(payload)));
    return { key: base64UrlEncode(person.publicKey), signature, name: 'Somebody' };
  }

  /** The use of a delegation as the run's record keeps it. */
  async savedSite(ticketId: string): Promise<SavedSite> {
    const record = await this.#read<{ readonly site?: SavedSite }>('runs', ticketId);
    if (record.site === undefined) throw new Error('The run has no use of a delegation');
    return record.site;
  }

  /** Changes the use of a delegation behind the page's back, as the laptop's owner could. */
  async changeSite(ticketId: string, change: (site: SavedSite) => SavedSite): Promise<void> {
    await this.#page.goto(`${this.#world.origin}/account`);
    const record = await this.#read<{ readonly site: SavedSite }>('runs', ticketId);
    await this.#page.evaluate(writeRow, { store: 'runs', row: { ...record, site: change(record.site) } });
  }

  /** Lets the laptop forget which numbers it has used, while `act` runs. */
  async withoutCount(act: () => Promise<void>): Promise<void> {
    const uses = await this.#page.evaluate(takeRows, 'uses');
    await act();
    await this.#page.goto(`${this.#world.origin}/account`);
    for (const row of uses) await this.#page.evaluate(writeRow, { store: 'uses', row });
  }

  /** Changes the view of a delegation on the laptop; the signed message stays what it is. */
  async changePackage(id: string, change: (pack: DelegationPackage) => DelegationPackage): Promise<void> {
    await this.#page.goto(`${this.#world.origin}/account`);
    const kept = await this.#read<{ readonly pack: DelegationPackage }>('delegations', id);
    await this.#page.evaluate(writeRow, { store: 'delegations', row: { ...kept, pack: change(kept.pack) } });
  }

  /** The package with another terminal in the place of its only one. */
  listing(pack: DelegationPackage, world: World, label: string, ticketId: string): DelegationPackage {
    const { factory } = world.device(label).firmware ?? {};
    const [shown] = pack.delegation.terminals;
    const [given] = pack.terminals;
    if (factory === undefined || shown === undefined || given === undefined) throw new Error(`No terminal ${label}`);
    const id = world.terminalId(label);
    const deviceId = base64UrlEncode(factory.deviceId);
    const terminal = { ...shown.terminal, id, label, serial: factory.serial };
    const identityPublicKey = base64UrlEncode(factory.identityPublicKey);
    return {
      ...pack,
      delegation: { ...pack.delegation, terminals: [{ ...shown, ticketId, deviceId, terminal }] },
      terminals: [{ ...given, terminalId: id, deviceId, identityPublicKey }],
    };
  }

  async #read<T>(store: string, key: string): Promise<T> {
    const row = await this.#page.evaluate(readRow, { store, key });
    if (row === undefined) throw new Error(`${store} has no ${key}`);
    return row as T;
  }

  async #asked(): Promise<{ readonly payload: Uint8Array }> {
    const text = await this.#page.getByTestId('code-picture').first().getAttribute('data-text');
    const code = readCode(text ?? '');
    if (!code.ok || !('bytes' in code.value)) throw new Error(`No code in ${text ?? 'nothing'}`);
    const ask = decodeSiteAsk(code.value.bytes);
    const read = ask.ok ? siteAskPayload(ask.value) : ask;
    if (!read.ok) throw new Error(read.error);
    return read.value;
  }
}

/** The part of a run's record that the tests read and change. */
export interface SavedSite {
  readonly signed?: unknown;
  readonly second?: { readonly key: string; readonly signature: string; readonly name: string } | undefined;
}

interface Place {
  readonly store: string;
  readonly key: string;
}

async function readRow({ store, key }: Place): Promise<unknown> {
  const names = (await indexedDB.databases()).map(({ name }) => name ?? '');
  const name = names.find((one) => one.startsWith('tillkeeper-technician:')) ?? '';
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open(name);
    opening.onerror = () => reject(new Error('no database'));
    opening.onsuccess = () => {
      const asking = opening.result.transaction(store).objectStore(store).get(key);
      asking.onsuccess = () => {
        opening.result.close();
        resolve(asking.result);
      };
    };
  });
}

/** Empties a store; what was in it. */
async function takeRows(store: string): Promise<unknown[]> {
  const names = (await indexedDB.databases()).map(({ name }) => name ?? '');
  const name = names.find((one) => one.startsWith('tillkeeper-technician:')) ?? '';
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open(name);
    opening.onerror = () => reject(new Error('no database'));
    opening.onsuccess = () => {
      const change = opening.result.transaction(store, 'readwrite');
      const asking = change.objectStore(store).getAll();
      change.objectStore(store).clear();
      change.oncomplete = () => {
        opening.result.close();
        resolve(asking.result as unknown[]);
      };
    };
  });
}

async function writeRow({ store, row }: { readonly store: string; readonly row: unknown }): Promise<void> {
  const names = (await indexedDB.databases()).map(({ name }) => name ?? '');
  const name = names.find((one) => one.startsWith('tillkeeper-technician:')) ?? '';
  await new Promise<void>((resolve, reject) => {
    const opening = indexedDB.open(name);
    opening.onerror = () => reject(new Error('no database'));
    opening.onsuccess = () => {
      const change = opening.result.transaction(store, 'readwrite');
      change.objectStore(store).put(row);
      change.oncomplete = () => {
        opening.result.close();
        resolve();
      };
    };
  });
}
