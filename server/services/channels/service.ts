import type {
  AddKey,
  ChangeAccount,
  ChangeLimit,
  ChangeSettings,
  ChannelAccountView,
  ChannelView,
  CreateAccount,
  CreateLimit,
  KeyFacts,
  LimitRuleView,
  MerchantSettings,
} from '../../../protocol/http/channels.ts';
import type { ControlView, SetControl } from '../../../protocol/http/control.ts';
import type { Actor, Answer } from '../../answer.ts';
import type { ChannelDefinition } from '../../channels/channel.ts';
import type { FactorService } from '../../auth/factors.ts';
import type { Core } from '../../core.ts';
import { changeAccount, createAccount, listAccounts } from './accounts.ts';
import { controlMerchant, controlTerminal } from './control.ts';
import { ensureAccount, ensureLimit, type SeedAccount, type SeedLimit } from './ensure.ts';
import { keyFactsOf } from './key-facts.ts';
import { type AccountPlace, addKeyByPerson, retireKey } from './keys.ts';
import { changeLimit, createLimit, listLimits } from './limits.ts';
import { changeSettings, readSettings } from './settings.ts';

/** Where a limit is. */
export interface LimitPlace {
  readonly merchantId: string;
  readonly limitId: string;
}

/** A merchant's accounts with platforms, their keys, limits and settings, and who may take payments at all. */
export interface ChannelService {
  /** Every kind of channel, as data. */
  definitions(): ChannelView[];
  /** What a pasted key is; nothing is kept. */
  inspectKey(material: string): KeyFacts;
  accounts(merchantId: string): Promise<ChannelAccountView[]>;
  createAccount(actor: Actor, merchantId: string, body: CreateAccount): Promise<Answer<ChannelAccountView>>;
  changeAccount(actor: Actor, place: AccountPlace, body: ChangeAccount): Promise<Answer<ChannelAccountView>>;
  /** `factor-needed`: a key is only added with a second factor. */
  addKey(actor: Actor, place: AccountPlace, body: AddKey): Promise<Answer<ChannelAccountView>>;
  retireKey(actor: Actor, place: AccountPlace, keyId: string): Promise<Answer<ChannelAccountView>>;
  limits(merchantId: string): Promise<LimitRuleView[]>;
  createLimit(actor: Actor, merchantId: string, body: CreateLimit): Promise<Answer<LimitRuleView>>;
  changeLimit(actor: Actor, place: LimitPlace, body: ChangeLimit): Promise<Answer<LimitRuleView>>;
  settings(merchantId: string): Promise<MerchantSettings>;
  /** `actor` is absent for start-up code. */
  changeSettings(actor: Actor | undefined, merchantId: string, body: ChangeSettings): Promise<Answer<MerchantSettings>>;
  controlTerminal(actor: Actor, terminalId: string, body: SetControl): Promise<Answer<ControlView>>;
  controlMerchant(actor: Actor, merchantId: string, body: SetControl): Promise<Answer<ControlView>>;
  /** For start-up code; both may be called at every start and throw with the fault. @returns the id. */
  ensureAccount(seed: SeedAccount): Promise<string>;
  ensureLimit(seed: SeedLimit): Promise<string>;
}

/** Builds the service. */
export function createChannelService(core: Core, factors: FactorService): ChannelService {
  return {
    definitions: () => core.channels.map(definitionView),
    inspectKey: keyFactsOf,
    accounts: (merchantId) => listAccounts(core, merchantId),
    createAccount: (actor, merchantId, body) => createAccount(core, actor, merchantId, body),
    changeAccount: (actor, place, body) => changeAccount(core, actor, place, body),
    addKey: (actor, place, body) => addKeyByPerson(core, factors, actor, place, body),
    retireKey: (actor, place, keyId) => retireKey(core, actor, place, keyId),
    limits: (merchantId) => listLimits(core, merchantId),
    createLimit: (actor, merchantId, body) => createLimit(core, actor, merchantId, body),
    changeLimit: (actor, place, body) => changeLimit(core, actor, place, body),
    settings: (merchantId) => readSettings(core, merchantId),
    changeSettings: (actor, merchantId, body) => changeSettings(core, actor, merchantId, body),
    controlTerminal: (actor, terminalId, body) => controlTerminal(core, actor, terminalId, body),
    controlMerchant: (actor, merchantId, body) => controlMerchant(core, actor, merchantId, body),
    ensureAccount: (seed) => ensureAccount(core, seed),
    ensureLimit: (seed) => ensureLimit(core, seed),
  };
}

function definitionView({ code, name, capabilities, fields }: ChannelDefinition): ChannelView {
  const { kinds, minFen, maxFen, refundDays, settles } = capabilities;
  return {
    code,
    name: { ...name },
    kinds: [...kinds],
    minFen,
    maxFen,
    refundDays,
    settles,
    fields: fields.map((field) => ({ ...field, label: { ...field.label } })),
  };
}
