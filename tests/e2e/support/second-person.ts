import type { Page } from 'playwright-core';
import { readCode } from '../../../protocol/codes/code.ts';
import { decodeSiteAnswer, siteAskPayload } from '../../../protocol/codes/site.ts';
import type { SiteAnswer, SiteAsk } from '../../../protocol/codes/site.ts';
import { base64UrlDecode } from '../../../protocol/bytes.ts';
import { actionBits } from '../../../protocol/unlock/v1/constants.ts';
import { assembleResponse, encodeSiteBundle, responseSignedBytes } from '../../../protocol/unlock/v1/site.ts';
import { useKeyset } from '../../../mock-server/terminal/grants.ts';
import { askSiteRequest, useSiteBundle } from '../../../mock-server/terminal/site.ts';
import { endpoints, routePath } from '../../../protocol/http/paths.ts';
import { uuidv7 } from '../../../server/store/uuid.ts';
import { FieldPerson } from './field-person.ts';
import { worldPeople } from './seed.ts';
import type { Authenticator } from './totp.ts';
import type { World } from './world.ts';

/** The person of the shop that confirms beside the technician. */
export const shopPerson = {
  name: 'Chen Merchant',
  email: 'merchant@world.invalid',
  role: 'merchant',
  locale: 'en',
} as const;

const newId = (): string => uuidv7(Date.now());

/** Gives the world's merchant somebody who can sign in. */
export async function seedShopPerson(world: World): Promise<string> {
  const [merchant] = await world.query('SELECT id FROM merchants');
  return world.server.context.services.people.ensurePerson({ ...shopPerson, merchantId: String(merchant?.['id']) });
}

/** Approves a delegation with a fresh code, as the office does. */
export async function approveDelegation(origin: string, id: string, authenticator: Authenticator): Promise<void> {
  const headers = { 'content-type': 'application/json' };
  const body = JSON.stringify({ email: worldPeople.approver.email });
  const signedIn = await fetch(origin + routePath('demoSignIn'), { method: 'POST', headers, body });
  const cookie = signedIn.headers
    .getSetCookie()
    .map((line) => line.split(';')[0])
    .join('; ');
  const factor = { kind: 'totp', code: await authenticator.nextCode() };
  const decided = await fetch(origin + routePath('decideDelegation', { id }), {
    method: endpoints.decideDelegation[0],
    headers: { ...headers, cookie },
    body: JSON.stringify({ decision: 'approve', reason: 'day’s tickets', factor }),
  });
  if (!decided.ok) throw new Error(`decideDelegation: ${await decided.text()}`);
}

/** The technician's side of one unlock on site, without a browser. */
export class TechnicianSide {
  readonly person: FieldPerson;
  readonly #world: World;

  private constructor(world: World, person: FieldPerson) {
    this.#world = world;
    this.person = person;
  }

  static async enter(world: World): Promise<TechnicianSide> {
    return new TechnicianSide(world, await FieldPerson.enrol(world.origin, worldPeople.technician.email, 'Laptop'));
  }

  /** Locks the terminal, and has a delegation for it that names the shop person's newest key; what the code asks. */
  async ask(label: string, authenticator: Authenticator): Promise<SiteAsk> {
    const device = this.#world.device(label);
    device.trip('case');
    const ticketId = await this.#world.ticketFor(label);
    const [key] = await this.#world.query(
      `SELECT k.id FROM field_keys k JOIN "user" u ON u.id = k.person_id WHERE u.email = $1 ORDER BY k.enrolled_at DESC`,
      [shopPerson.email],
    );
    const id = newId();
    const asked = await this.person.call('askDelegation', {
      id,
      fieldKeyId: this.person.key?.id ?? '',
      terminals: [{ ticketId, secondKeyIds: [String(key?.['id'])] }],
      hours: 8,
      note: '',
    });
    if (asked.state !== 'waiting') throw new Error(`askDelegation: ${asked.state} ${JSON.stringify(asked.refusal)}`);
    await approveDelegation(this.#world.origin, id, authenticator);
    const given = await this.person.call('getDelegationPackage', undefined, { id });
    const { firmware } = device;
    if (firmware === undefined) throw new Error('The terminal is off');
    useKeyset(firmware, base64UrlDecode(given.keyset.bytes) ?? new Uint8Array(0));
    const request = askSiteRequest(firmware);
    if (!request.ok) throw new Error(request.error);
    return {
      delegation: base64UrlDecode(given.bytes) ?? new Uint8Array(0),
      request: request.value.request,
      actions: actionBits.clearTamper,
      useIndex: 1,
      madeAtSeconds: Math.floor(Date.now() / 1000),
      technicianName: worldPeople.technician.name,
    };
  }

  /** Hands the bundle with both signatures to the terminal; the refusal, empty when it opened. */
  use(label: string, ask: SiteAsk, answer: SiteAnswer): string {
    const { firmware } = this.#world.device(label);
    const read = siteAskPayload(ask);
    if (firmware === undefined || !read.ok) throw new Error('The terminal is off, or the ask is not readable');
    const { payload } = read.value;
    const response = assembleResponse({
      payload,
      technicianSignature: this.person.sign(responseSignedBytes(payload)),
      secondKey: answer.secondKey,
      secondSignature: answer.signature,
    });
    return useSiteBundle(firmware, encodeSiteBundle({ delegation: ask.delegation, response })).refusal;
  }
}

/** The answer in the code that the page shows. */
export async function answerOn(page: Page): Promise<SiteAnswer> {
  const text = await page.getByTestId('code-picture').getAttribute('data-text');
  const code = readCode(text ?? '');
  if (!code.ok || !('bytes' in code.value)) throw new Error(`No answer in ${text ?? 'nothing'}`);
  const answer = decodeSiteAnswer(code.value.bytes);
  if (!answer.ok) throw new Error(answer.error);
  return answer.value;
}
