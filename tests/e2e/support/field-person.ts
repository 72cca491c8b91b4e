import { createHash, randomBytes } from 'node:crypto';
import { actionBits } from '../../../protocol/unlock/v1/constants.ts';
import { decodeRequest } from '../../../protocol/unlock/v1/codec.ts';
import { signingPublicKey, softwareSigner } from '../../../protocol/unlock/v1/ed25519.ts';
import { fieldKeyProofBytes } from '../../../protocol/unlock/v1/field-key.ts';
import {
  assembleResponse,
  encodeResponsePayload,
  encodeSiteBundle,
  responseSignedBytes,
} from '../../../protocol/unlock/v1/site.ts';
import { base64UrlDecode, base64UrlEncode } from '../../../protocol/bytes.ts';
import type { DelegationView, FieldKey } from '../../../protocol/http/field.ts';
import { endpoints, routePath } from '../../../protocol/http/paths.ts';
import type { RouteName } from '../../../protocol/http/paths.ts';
import type { RouteBody, RouteReply } from '../../../protocol/http/routes.ts';
import type { UnlockCase } from '../../../protocol/http/unlocks.ts';
import { useKeyset } from '../../../mock-server/terminal/grants.ts';
import { askSiteRequest, useSiteBundle } from '../../../mock-server/terminal/site.ts';
import type { SecureDevice } from '../../../mock-server/terminal/secure-device.ts';
import { uuidv7 } from '../../../server/store/uuid.ts';

/** What one unlock on site needs. */
export interface SiteUse {
  readonly device: SecureDevice;
  readonly delegation: DelegationView;
  readonly ticketId: string;
  readonly second: FieldPerson;
  readonly useIndex: number;
}

/** What an unlock on site left, ready to be handed in. */
export type SiteRecord = RouteBody<'submitSiteRecord'>;

const newId = (): string => uuidv7(Date.now());

/** Somebody with a field key, signed in to a demo server over HTTP: a technician, or who confirms beside one. */
export class FieldPerson {
  readonly id: string;
  readonly #url: string;
  readonly #cookie: string;
  readonly #secret = new Uint8Array(randomBytes(32));
  readonly #signer = softwareSigner(this.#secret);
  readonly publicKey = signingPublicKey(this.#secret);
  key: FieldKey | undefined;

  private constructor(url: string, cookie: string, id: string) {
    this.#url = url;
    this.#cookie = cookie;
    this.id = id;
  }

  /** Signs a demo account in, and enrols a key under `label`. */
  static async enrol(url: string, email: string, label: string): Promise<FieldPerson> {
    const response = await fetch(url + routePath('demoSignIn'), {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ email }),
    });
    const me = (await response.json()) as RouteReply<'demoSignIn'>;
    const cookie = response.headers.getSetCookie().map((line) => line.split(';')[0]);
    const person = new FieldPerson(url, cookie.join('; '), me.id);
    person.key = await person.call('enrolFieldKey', {
      ...{ id: newId(), label, protection: 'passkey-prf', engine: 'web-crypto' },
      publicKey: base64UrlEncode(person.publicKey),
      proof: base64UrlEncode(person.sign(fieldKeyProofBytes(person.id, person.publicKey))),
    });
    return person;
  }

  sign(bytes: Uint8Array): Uint8Array {
    return this.#signer.sign(bytes);
  }

  /** Calls the server as this person. Throws when it refuses. */
  async call<N extends RouteName>(
    name: N,
    body?: RouteBody<N>,
    params: Record<string, string> = {},
  ): Promise<RouteReply<N>> {
    const response = await fetch(this.#url + routePath(name, params), {
      method: endpoints[name][0],
      headers: { cookie: this.#cookie, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${name}: ${String(response.status)} ${text}`);
    return JSON.parse(text) as RouteReply<N>;
  }

  /** Asks for a delegation over the tickets, all confirmed by `second`. */
  ask(ticketIds: readonly string[], second: FieldPerson, hours = 8, note = ''): Promise<DelegationView> {
    const secondKeyIds = [second.#keyId];
    const terminals = ticketIds.map((ticketId) => ({ ticketId, secondKeyIds }));
    return this.call('askDelegation', { id: newId(), fieldKeyId: this.#keyId, terminals, hours, note });
  }

  /** Unlocks the terminal under a delegation that is in force, as laptop and phone do it without a network. */
  async unlockOnSite({ device, delegation, ticketId, second, useIndex }: SiteUse): Promise<SiteRecord> {
    const { firmware } = device;
    if (firmware === undefined) throw new Error('The terminal is off');
    const given = await this.call('getDelegationPackage', undefined, { id: delegation.id });
    const delegationBytes = base64UrlDecode(given.bytes) ?? new Uint8Array(0);
    useKeyset(firmware, base64UrlDecode(given.keyset.bytes) ?? new Uint8Array(0));
    const asked = askSiteRequest(firmware);
    if (!asked.ok) throw new Error(asked.error);
    const bundle = this.#bundle(delegationBytes, asked.value.request, second, useIndex);
    const answer = useSiteBundle(firmware, bundle);
    if (answer.refusal !== '') throw new Error(answer.refusal);
    return {
      ...{ caseId: newId(), ticketId },
      request: base64UrlEncode(asked.value.request),
      bundle: base64UrlEncode(bundle),
      receipt: base64UrlEncode(answer.receipt),
    };
  }

  /** Hands an unlock on site in. */
  handIn(record: SiteRecord): Promise<UnlockCase> {
    return this.call('submitSiteRecord', record);
  }

  get #keyId(): string {
    if (this.key === undefined) throw new Error('No key is enrolled');
    return this.key.id;
  }

  #bundle(delegation: Uint8Array, request: Uint8Array, second: FieldPerson, useIndex: number): Uint8Array {
    const decoded = decodeRequest(request);
    if (!decoded.ok) throw new Error(decoded.error);
    const { deviceId, lockEpoch, nonce } = decoded.value.message;
    const payload = encodeResponsePayload({
      ...{ deviceId, lockEpoch, nonce, useIndex },
      delegationHash: new Uint8Array(createHash('sha256').update(delegation).digest()),
      actions: actionBits.clearSoft | actionBits.clearTamper,
      madeAtSeconds: Math.floor(Date.now() / 1_000),
    });
    const signed = responseSignedBytes(payload);
    const response = assembleResponse({
      payload,
      technicianSignature: this.sign(signed),
      secondKey: second.publicKey,
      secondSignature: second.sign(signed),
    });
    return encodeSiteBundle({ delegation, response });
  }
}
