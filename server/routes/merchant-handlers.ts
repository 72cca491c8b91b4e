import { err } from '../../domain/result.ts';
import type { HistoryFilter } from '../../protocol/http/merchant.ts';
import { pageDefaultRows } from '../../protocol/http/limits.ts';
import type { Actor, Answer } from '../answer.ts';
import type { ServerContext } from '../context.ts';
import type { Handlers } from '../http/mount.ts';
import { placeOf, type Slice } from '../services/merchant/history.ts';
import type { MerchantActor } from '../services/merchant/service.ts';

/** Does it for the merchant of the session; a person without one may see nothing. */
async function own<T>(actor: Actor, act: (actor: MerchantActor) => Promise<Answer<T>>): Promise<Answer<T>> {
  const { merchantId } = actor;
  return merchantId === undefined ? err('forbidden') : act({ ...actor, merchantId });
}

/** No row of that instant lies before it, so that an instant is a place too. */
const smallestId = '00000000-0000-0000-0000-000000000000';

interface PageQuery {
  readonly cursor?: string | undefined;
  readonly before?: string | undefined;
  readonly direction?: Slice['direction'] | undefined;
  readonly limit?: number | undefined;
}

/** The page that is asked for; `undefined` when the cursor is none of ours. */
function sliceOf({ cursor, before, direction = 'older', limit = pageDefaultRows }: PageQuery): Slice | undefined {
  const beginning = before === undefined ? undefined : { atMs: Date.parse(before), id: smallestId };
  const from = cursor === undefined ? beginning : placeOf(cursor);
  return cursor !== undefined && from === undefined ? undefined : { from, direction, limit };
}

/** What the merchant's people see and do. */
export function merchantHandlers({ services: { merchant, receipts, reviews } }: ServerContext) {
  return {
    merchantHome: ({ actor }) => own(actor, (person) => merchant.home(person)),
    merchantToday: ({ actor, query }) => own(actor, (person) => merchant.today(person, query.day)),
    merchantHistory: ({ actor, query: { cursor, before, direction, limit, ...filter } }) =>
      own(actor, async (person) => {
        const slice = sliceOf({ cursor, before, direction, limit });
        return slice === undefined ? err('bad-request', 'cursor') : merchant.history(person, filter, slice);
      }),
    merchantHistoryCount: ({ actor, query }) =>
      own(actor, (person) => merchant.count(person, query satisfies HistoryFilter)),
    merchantExport: async ({ actor, query }) => {
      const file = await own(actor, async (person) => merchant.export(person, query));
      if (!file.ok) return file;
      const { name, type, body } = file.value;
      return new Response(body, {
        headers: { 'content-type': type, 'content-disposition': `attachment; filename="${name}"` },
      });
    },
    merchantStory: ({ actor, params }) => own(actor, (person) => merchant.story(person, params['id'] ?? '')),
    merchantRefund: ({ actor, params, body }) =>
      own(actor, (person) => merchant.refund(person, params['id'] ?? '', body)),
    merchantReview: ({ actor, params }) => own(actor, (person) => reviews.read(params['id'] ?? '', person.merchantId)),
    decideMerchantReview: ({ actor, params, body }) =>
      own(actor, (person) => reviews.decide(person, params['id'] ?? '', body, person.merchantId)),
    merchantPrinted: ({ actor, params, body }) =>
      own(actor, (person) => receipts.printed(person.merchantId, params['id'] ?? '', body, person.name)),
    merchantBalance: ({ actor, query }) => own(actor, (person) => merchant.balance(person, query.at)),
    merchantTerminals: ({ actor }) => own(actor, (person) => merchant.terminals(person)),
    merchantControl: ({ actor, params, body }) =>
      own(actor, (person) => merchant.control(person, params['id'] ?? '', body)),
    merchantStaff: ({ actor }) => own(actor, (person) => merchant.staff(person)),
    inviteStaff: ({ actor, body }) => own(actor, (person) => merchant.inviteStaff(person, body)),
    reinviteStaff: ({ actor, params, body }) =>
      own(actor, (person) => merchant.reinviteStaff(person, params['id'] ?? '', body.confirm)),
    changeStaff: ({ actor, params, body }) =>
      own(actor, (person) => merchant.changeStaff(person, params['id'] ?? '', body)),
    merchantSettings: ({ actor }) => own(actor, (person) => merchant.settings(person)),
    changeMerchantSettings: ({ actor, body }) => own(actor, (person) => merchant.changeSettings(person, body)),
  } satisfies Handlers<
    | 'merchantHome'
    | 'merchantToday'
    | 'merchantHistory'
    | 'merchantHistoryCount'
    | 'merchantExport'
    | 'merchantStory'
    | 'merchantRefund'
    | 'merchantReview'
    | 'decideMerchantReview'
    | 'merchantPrinted'
    | 'merchantBalance'
    | 'merchantTerminals'
    | 'merchantControl'
    | 'merchantStaff'
    | 'inviteStaff'
    | 'reinviteStaff'
    | 'changeStaff'
    | 'merchantSettings'
    | 'changeMerchantSettings'
  >;
}
