import { ok } from '../../domain/result.ts';
import type { ServerContext } from '../context.ts';
import { errorResponse } from '../http/errors.ts';
import type { Handlers } from '../http/mount.ts';
import { createRateLimit } from '../http/rate-limit.ts';
import { pageQuery } from '../services/paging.ts';

/** Calls of terminals from one address in ten minutes: a shop's terminals after a day without network, and some more. */
const deviceCallsMax = 60;
const deviceWindowMs = 600_000;

/** Work on site: keys of persons, delegations, and what came of them. */
export function fieldHandlers({ clientAddress, services: { field } }: ServerContext) {
  const deviceLimit = createRateLimit(deviceCallsMax, deviceWindowMs);
  return {
    enrolFieldKey: ({ actor, body }) => field.enrolKey(actor, body),
    listFieldKeys: async ({ actor, query }) =>
      ok(await field.listKeys(actor, { ...pageQuery(query), personId: query.personId })),
    revokeFieldKey: ({ actor, params, body }) => field.revokeKey(actor, params['id'] ?? '', body),
    listSeconds: ({ actor, query }) => field.seconds(actor, query.ticketId),
    askDelegation: ({ actor, body }) => field.ask(actor, body),
    listDelegations: async ({ actor, query }) => {
      const { state, technicianId } = query;
      return ok(await field.list(actor, { ...pageQuery(query), state, technicianId, second: query.second === 'true' }));
    },
    getDelegation: ({ actor, params }) => field.get(actor, params['id'] ?? ''),
    decideDelegation: ({ actor, params, body }) => field.decide(actor, params['id'] ?? '', body),
    revokeDelegation: ({ actor, params, body }) => field.revoke(actor, params['id'] ?? '', body),
    getDelegationPackage: ({ actor, params }) => field.package(actor, params['id'] ?? ''),
    submitSiteRecord: ({ actor, body }) => field.submit(actor, body),
    deviceSiteRecords: async ({ body, http }) => {
      const isAllowed = deviceLimit.take(clientAddress(http));
      return isAllowed ? field.submitByDevice(body) : errorResponse('rate-limited');
    },
  } satisfies Handlers<
    | 'enrolFieldKey'
    | 'listFieldKeys'
    | 'revokeFieldKey'
    | 'listSeconds'
    | 'askDelegation'
    | 'listDelegations'
    | 'getDelegation'
    | 'decideDelegation'
    | 'revokeDelegation'
    | 'getDelegationPackage'
    | 'submitSiteRecord'
    | 'deviceSiteRecords'
  >;
}
