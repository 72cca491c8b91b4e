import { err, ok } from '../../domain/result.ts';
import type { Photo } from '../../protocol/http/unlocks.ts';
import { photoKindHeader, photoKinds } from '../../protocol/http/photos.ts';
import type { RouteName } from '../../protocol/http/paths.ts';
import type { ServerContext } from '../context.ts';
import { errorResponse } from '../http/errors.ts';
import type { Handlers } from '../http/mount.ts';
import { openApiDocument } from '../http/openapi.ts';
import { listAudit } from '../services/history.ts';
import { pageQuery } from '../services/paging.ts';
import { base64url } from '../services/unlocks/view.ts';

/** The version that /healthz and the OpenAPI document name. */
export const version = '0.1.0';

type Named<N extends RouteName> = Handlers<N>;

/** Routes about the system itself. */
export function systemHandlers({ core, services, streams, trust }: ServerContext) {
  const document = openApiDocument(version);
  return {
    me: ({ actor }) => services.people.me(actor.id),
    events: async ({ actor }) => streams.open(actor.id, actor.merchantId) ?? errorResponse('rate-limited'),
    trust: async () => {
      const keyset = trust.keyset();
      const ring = core.keys();
      return ok({
        rootPublicKey: base64url(ring.rootPublicKey),
        keyset: base64url(keyset.bytes),
        keysetSequence: keyset.sequence,
        transportPublicKey: base64url(ring.transportPublicKey),
      });
    },
    policy: async () => {
      const { policy } = core;
      const rules = policy.rules.map(({ number, outcome, text }) => ({ number, outcome, text }));
      return ok({ version: policy.version, policy: { ...policy }, rules });
    },
    alarms: async ({ query }) => {
      const open = query.open === undefined ? {} : { open: query.open === 'true' };
      return ok(await services.alarms.list({ ...pageQuery(query), ...open }));
    },
    closeAlarm: ({ actor, params }) => services.alarms.close(actor, params['id'] ?? ''),
    audit: async ({ query }) => ok(await listAudit(core, { ...pageQuery(query), subject: query.subject })),
    healthz: async () => ok({ status: 'ok' as const, version }),
    readyz: async () => {
      const isReady = await core.pool.query('select 1').then(
        () => true,
        () => false,
      );
      return isReady
        ? ok({ status: 'ok' as const, version })
        : Response.json({ status: 'failing', version }, { status: 503 });
    },
    openapi: async () => Response.json(document),
  } satisfies Named<
    'me' | 'events' | 'trust' | 'policy' | 'alarms' | 'closeAlarm' | 'audit' | 'healthz' | 'readyz' | 'openapi'
  >;
}

/** Demo routes; every one is 404 unless the server was started in demo mode. */
export function demoHandlers({ config, services, factors, auth }: ServerContext) {
  const isDemoAccount = (email: string): boolean =>
    config.demo !== undefined && email.toLowerCase().endsWith(`@${config.demo.accountDomain}`);
  return {
    demo: async () => {
      if (config.demo === undefined) return err('not-found');
      const { items } = await services.people.list();
      const accounts = await Promise.all(
        items
          .filter((person) => person.state === 'active' && isDemoAccount(person.email))
          .map(async ({ id, email, name, role, totp }) => {
            const totpCode = totp ? await factors.demoCode(id) : undefined;
            return { email, name, role, ...(totpCode === undefined ? {} : { totpCode }) };
          }),
      );
      return ok({ accounts, terminals: [...config.demo.terminals], worldUrl: config.demo.worldUrl });
    },
    demoSignIn: async ({ body, http }) => {
      if (config.demo === undefined) return err('not-found');
      const person = isDemoAccount(body.email) ? await services.people.findByEmail(body.email) : undefined;
      if (person === undefined) return err('not-found', 'email');
      const { headers } = await auth.api.demoSignIn({
        body: { userId: person.id },
        headers: http.req.raw.headers,
        returnHeaders: true,
      });
      for (const cookie of headers.getSetCookie()) http.header('set-cookie', cookie, { append: true });
      return services.people.me(person.id);
    },
  } satisfies Named<'demo' | 'demoSignIn'>;
}

/** Staff accounts, invitations and second factors. */
export function peopleHandlers({ services, factors }: ServerContext) {
  return {
    listPeople: async () => ok(await services.people.list()),
    invitePerson: ({ actor, body }) => services.people.invite(actor, body),
    reinvitePerson: ({ actor, params, body }) => services.people.reinvite(actor, params['id'] ?? '', body.confirm),
    changePerson: ({ actor, params, body }) => services.people.change(actor, params['id'] ?? '', body),
    viewInvitation: ({ params }) => services.people.viewInvitation(params['token'] ?? ''),
    acceptInvitation: ({ params, body }) => services.people.acceptInvitation(params['token'] ?? '', body.password),
    passkeyChallenge: async ({ actor, body }) => ok(await factors.passkeyChallenge(actor, body.caseId)),
  } satisfies Named<
    | 'listPeople'
    | 'invitePerson'
    | 'reinvitePerson'
    | 'changePerson'
    | 'viewInvitation'
    | 'acceptInvitation'
    | 'passkeyChallenge'
  >;
}

/** Merchants, terminals and tickets. */
export function registryHandlers({ services: { registry, tickets } }: ServerContext) {
  return {
    listMerchants: async () => ok(await registry.listMerchants()),
    createMerchant: ({ actor, body }) => registry.createMerchant(actor, body),
    changeMerchant: ({ actor, params, body }) => registry.changeMerchant(actor, params['id'] ?? '', body),
    listTerminals: async ({ query }) => ok(await registry.listTerminals({ ...query, ...pageQuery(query) })),
    registerTerminal: ({ actor, body }) => registry.registerTerminal(actor, body),
    getTerminal: ({ params }) => registry.getTerminal(params['id'] ?? ''),
    changeTerminal: ({ actor, params, body }) => registry.changeTerminal(actor, params['id'] ?? '', body),
    listTickets: async ({ actor, query }) => {
      const mine = query.mine === 'true' ? actor.id : undefined;
      return ok(await tickets.list({ ...pageQuery(query), mine, state: query.state }));
    },
    getTicket: ({ params }) => tickets.get(params['id'] ?? ''),
    createTicket: ({ actor, body }) => tickets.create(actor, body),
    claimTicket: ({ actor, params }) => tickets.claim(actor, params['id'] ?? ''),
    assignTicket: ({ actor, params, body }) => tickets.assign(actor, params['id'] ?? '', body),
    closeTicket: ({ actor, params, body }) => tickets.close(actor, params['id'] ?? '', body),
  } satisfies Named<
    | 'listMerchants'
    | 'createMerchant'
    | 'changeMerchant'
    | 'listTerminals'
    | 'registerTerminal'
    | 'getTerminal'
    | 'changeTerminal'
    | 'listTickets'
    | 'getTicket'
    | 'createTicket'
    | 'claimTicket'
    | 'assignTicket'
    | 'closeTicket'
  >;
}

function photoKind(header: string | undefined): Photo['kind'] | undefined {
  return photoKinds.find((kind) => kind === header);
}

const bytesOf = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'base64url'));

/** Unlock cases. */
export function unlockHandlers({ services: { unlocks } }: ServerContext) {
  return {
    createUnlock: ({ actor, body }) => unlocks.create(actor, body),
    listUnlocks: async ({ actor, query }) => ok(await unlocks.list(actor, { ...query, ...pageQuery(query) })),
    getUnlock: ({ actor, params }) => unlocks.get(actor, params['id'] ?? ''),
    putPhoto: async ({ actor, params, body, http }) => {
      const kind = photoKind(http.req.header(photoKindHeader));
      if (kind === undefined) return err('bad-request', photoKindHeader);
      return unlocks.putPhoto(actor, {
        caseId: params['id'] ?? '',
        photoId: params['photoId'] ?? '',
        kind,
        bytes: body,
      });
    },
    getPhoto: async ({ actor, params }) => {
      const photo = await unlocks.getPhoto(actor, params['id'] ?? '', params['photoId'] ?? '');
      if (!photo.ok) return photo;
      const headers = { 'content-type': photo.value.type, 'cache-control': 'private, max-age=86400, immutable' };
      return new Response(new Uint8Array(photo.value.bytes), { headers });
    },
    submitInspection: ({ actor, params, body }) => unlocks.inspect(actor, params['id'] ?? '', body),
    openUnlock: ({ actor, params }) => unlocks.open(actor, params['id'] ?? ''),
    decideUnlock: ({ actor, params, body }) => unlocks.decide(actor, params['id'] ?? '', body),
    withdrawUnlock: ({ actor, params }) => unlocks.withdraw(actor, params['id'] ?? ''),
    submitReceipt: ({ actor, params, body }) => unlocks.receipt(actor, params['id'] ?? '', bytesOf(body.receipt)),
    commission: ({ actor, params, body }) =>
      unlocks.commission(actor, params['id'] ?? '', body.report === undefined ? undefined : bytesOf(body.report)),
    releaseUnlock: ({ actor, params, body }) => unlocks.release(actor, params['id'] ?? '', body),
  } satisfies Named<
    | 'createUnlock'
    | 'listUnlocks'
    | 'getUnlock'
    | 'putPhoto'
    | 'getPhoto'
    | 'submitInspection'
    | 'openUnlock'
    | 'decideUnlock'
    | 'withdrawUnlock'
    | 'submitReceipt'
    | 'commission'
    | 'releaseUnlock'
  >;
}
