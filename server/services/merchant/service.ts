import { ok } from '../../../domain/result.ts';
import type { ExportQuery, HistoryFilter, HistoryPage, MerchantHome, Today } from '../../../protocol/http/merchant.ts';
import type {
  Balance,
  ChangeMerchantSettings,
  MerchantControl,
  MerchantRefund,
  MerchantSettings,
  MerchantTerminal,
  Story,
} from '../../../protocol/http/merchant-acts.ts';
import type { ControlView } from '../../../protocol/http/control.ts';
import type { OrderView } from '../../../protocol/http/payments.ts';
import type { Confirm, Invitation, Person } from '../../../protocol/http/people.ts';
import type { Actor, Answer } from '../../answer.ts';
import type { FactorService } from '../../auth/factors.ts';
import type { Core } from '../../core.ts';
import { readSettings } from '../channels/settings.ts';
import type { PaymentService } from '../payments/service.ts';
import type { PeopleService } from '../people.ts';
import { readBalance } from './balance.ts';
import { createExporter, type ExportFile } from './export.ts';
import { countHistory, readHistory, type Slice } from './history.ts';
import { readHome } from './names.ts';
import { refundByPerson } from './refund.ts';
import { changeOwnSettings } from './settings.ts';
import { changeStaff, inviteStaff, listStaff, reinviteStaff } from './staff.ts';
import { readStory } from './story.ts';
import { controlByMerchant, readTerminals } from './terminals.ts';
import { createPastDays, readToday } from './today.ts';

/** A person of the merchant; the merchant is that of the session. */
export type MerchantActor = Actor & { readonly merchantId: string };

/** Everything that the merchant's people see and do. Nothing of another merchant is ever in an answer. */
export interface MerchantService {
  home(actor: MerchantActor): Promise<Answer<MerchantHome>>;
  /** `day`: `yyyy-mm-dd` in Asia/Shanghai; the present one when absent. */
  today(actor: MerchantActor, day: string | undefined): Promise<Answer<Today>>;
  history(actor: MerchantActor, filter: HistoryFilter, slice: Slice): Promise<Answer<HistoryPage>>;
  count(actor: MerchantActor, filter: HistoryFilter): Promise<Answer<{ count: number; isCapped: boolean }>>;
  export(actor: MerchantActor, query: ExportQuery): Answer<ExportFile>;
  story(actor: MerchantActor, orderId: string): Promise<Answer<Story>>;
  /** `factor-needed` above the merchant's amount; the challenge is made for the refund's id. */
  refund(actor: MerchantActor, orderId: string, body: MerchantRefund): Promise<Answer<OrderView>>;
  balance(actor: MerchantActor, at: string | undefined): Promise<Answer<Balance>>;
  terminals(actor: MerchantActor): Promise<Answer<{ shop: ControlView; items: MerchantTerminal[] }>>;
  control(actor: MerchantActor, terminalId: string, body: MerchantControl): Promise<Answer<MerchantTerminal>>;
  staff(actor: MerchantActor): Promise<Answer<{ items: Person[] }>>;
  inviteStaff(
    actor: MerchantActor,
    body: { readonly email: string; readonly name: string; readonly confirm?: Confirm | undefined },
  ): Promise<Answer<Invitation>>;
  /** `not-in-state` when the colleague has signed in already. */
  reinviteStaff(actor: MerchantActor, personId: string, confirm: Confirm | undefined): Promise<Answer<Invitation>>;
  changeStaff(actor: MerchantActor, personId: string, body: { readonly disabled: boolean }): Promise<Answer<Person>>;
  settings(actor: MerchantActor): Promise<Answer<MerchantSettings>>;
  changeSettings(actor: MerchantActor, body: ChangeMerchantSettings): Promise<Answer<MerchantSettings>>;
}

/** What the service works with. */
export interface MerchantServiceParts {
  readonly core: Core;
  readonly payments: PaymentService;
  readonly factors: FactorService;
  readonly people: PeopleService;
}

/** Builds the service. */
export function createMerchantService(parts: MerchantServiceParts): MerchantService {
  const { core, payments, people } = parts;
  const exporter = createExporter(core);
  const pastDays = createPastDays();
  return {
    home: async ({ merchantId }) => ok(await readHome(core, merchantId)),
    today: async ({ merchantId }, day) => ok(await readToday(core, pastDays, merchantId, day)),
    history: async ({ merchantId }, filter, slice) => ok(await readHistory(core, merchantId, filter, slice)),
    count: async ({ merchantId }, filter) => ok(await countHistory(core, merchantId, filter)),
    export: ({ merchantId }, query) => exporter(merchantId, query),
    story: ({ merchantId }, orderId) => readStory(core, payments, { merchantId, orderId }),
    refund: (actor, orderId, body) => refundByPerson(parts, actor, { merchantId: actor.merchantId, orderId }, body),
    balance: async ({ merchantId }, at) => ok(await readBalance(core, merchantId, at)),
    terminals: async ({ merchantId }) => ok(await readTerminals(core, merchantId)),
    control: (actor, terminalId, body) => controlByMerchant(core, actor, actor.merchantId, terminalId, body),
    staff: async ({ merchantId }) => ok({ items: await listStaff(people, merchantId) }),
    inviteStaff: (actor, body) => inviteStaff(people, actor, actor.merchantId, body),
    reinviteStaff: (actor, personId, confirm) => reinviteStaff(people, actor, actor.merchantId, personId, confirm),
    changeStaff: (actor, personId, body) => changeStaff(people, actor, actor.merchantId, personId, body),
    settings: async ({ merchantId }) => ok(await readSettings(core, merchantId)),
    changeSettings: (actor, body) => changeOwnSettings(parts, actor, actor.merchantId, body),
  };
}
