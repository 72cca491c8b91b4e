import { join } from 'node:path';
import type { Logger } from 'pino';
import { defaultDelegationPolicy } from '../domain/unlock/delegation-policy-default.ts';
import { defaultUnlockPolicy } from '../domain/unlock/policy-default.ts';
import { type Checkpointer, createCheckpointer } from './audit/checkpoints.ts';
import { createSequencer, type Sequencer } from './audit/sequencer.ts';
import { type Auth, createAuth } from './auth/auth.ts';
import { createFactorService, type FactorService } from './auth/factors.ts';
import { channelDefinitions } from './channels/registry.ts';
import type { ServerConfig } from './config.ts';
import type { Core } from './core.ts';
import { createEventBus } from './events/bus.ts';
import { type ClientAddress, createClientAddress, createRequestAddress } from './http/client-address.ts';
import { createEventStreams, type EventStreams } from './http/event-stream.ts';
import { parseKeyFile, readOrMakeKeyFile } from './keys/key-file.ts';
import { createKeyRing, type KeyRing } from './keys/key-ring.ts';
import { createTrust, type Trust } from './keys/trust.ts';
import { createRelay, type Relay } from './relay/relay.ts';
import { type AlarmService, createAlarmService } from './services/alarms.ts';
import { createLogService, type LogService } from './services/log.ts';
import { createFeeOfficeService, type FeeOfficeService } from './services/fees/office.ts';
import { createFieldService, type FieldService } from './services/field/service.ts';
import { createPaymentServices, type PaymentServices } from './services/payment-services.ts';
import { createPeopleService, type PeopleService } from './services/people.ts';
import { createRegistryService, type RegistryService } from './services/registry.ts';
import { createTicketService, type TicketService } from './services/tickets.ts';
import { createDutyDesk } from './services/unlocks/duty.ts';
import { createUnlockService, type UnlockService } from './services/unlocks/service.ts';
import { openStore, type Store } from './store/database.ts';

/** The configuration with nothing left open. */
export type ResolvedConfig = ServerConfig &
  Required<Pick<ServerConfig, 'publicUrl' | 'allowedOrigins' | 'databaseUrl'>>;

/** Everything that a running server consists of; start-up code seeds through `services`. */
export interface ServerContext {
  readonly config: ResolvedConfig;
  readonly store: Store;
  readonly core: Core;
  /** The key ring in force. */
  readonly keys: () => KeyRing;
  readonly auth: Auth;
  readonly trust: Trust;
  readonly factors: FactorService;
  readonly streams: EventStreams;
  /** Who calls, for limits by address. */
  readonly clientAddress: ClientAddress;
  /** Mailboxes of phone links. `relay.guestAddress(linkId)`: the phone's address on the net. */
  readonly relay: Relay;
  readonly sequencer: Sequencer;
  readonly checkpoints: Checkpointer;
  readonly services: PaymentServices & {
    readonly people: PeopleService;
    readonly registry: RegistryService;
    readonly tickets: TicketService;
    readonly unlocks: UnlockService;
    readonly field: FieldService;
    readonly alarms: AlarmService;
    readonly log: LogService;
    readonly feeOffice: FeeOfficeService;
  };
  close(): Promise<void>;
}

const poolMaxDefault = 12;

/** Wires everything together over a database that is up to date. */
export async function createContext(config: ResolvedConfig, log: Logger): Promise<ServerContext> {
  const store = openStore(config.databaseUrl, config.poolMax ?? poolMaxDefault, log);
  const clock = config.clock ?? Date.now;
  const bus = await createEventBus(store.pool, config.databaseUrl, log);
  let ring = createKeyRing(readKeys(config, clock()));
  const core = coreOf(config, store, { clock, log, bus, keys: () => ring });
  const trust = await createTrust(core);
  const { publicUrl, allowedOrigins, factorClock = Date.now } = config;
  const secret = ring.signInSecret;
  const auth = createAuth({ db: store.db, publicUrl, allowedOrigins, secret, log });
  const factors = createFactorService(core, { publicUrl, allowedOrigins, secret, clock: factorClock });
  const streams = createEventStreams(bus);
  const firstOrigin = config.logOrigin ?? `${new URL(publicUrl).host}/log`;
  const checkpoints = createCheckpointer({ pool: store.pool, keys: core.keys, clock, log, firstOrigin });
  const sequencer = createSequencer(store.pool, log, checkpoints.grown);
  const duty = createDutyDesk(core, streams.isPresent);
  const unsubscribe = bus.subscribe((event) => {
    if (event.name === 'audit') sequencer.poke();
    if (event.name !== 'keys') return;
    ring = createKeyRing(readKeys(config, clock()));
    trust.refresh().catch((error: unknown) => {
      log.error({ err: error }, 'the keyset could not be renewed');
    });
  });
  sequencer.poke();
  checkpoints.grown();
  const logService = createLogService({ core, firstOrigin, settle: () => settleLog(sequencer, checkpoints) });
  const unlocks = createUnlockService({ core, trust, factors, duty, log: logService });
  const people = createPeopleService(core, trust, { publicUrl, secret, factors });
  const callers = callersOf(config);
  const { guestAddress } = callers.relay;
  const isDemo = config.demo !== undefined;
  const money = createPaymentServices({ core, factors, people, publicUrl, isDemo, guestAddress });
  const services = {
    people,
    registry: createRegistryService(core),
    tickets: createTicketService(core),
    unlocks,
    field: createFieldService({ core, trust, factors, unlocks }),
    alarms: createAlarmService(core),
    log: logService,
    feeOffice: createFeeOfficeService(core),
    ...money.services,
  };
  const close = async (): Promise<void> => {
    unsubscribe();
    callers.relay.close();
    money.close();
    streams.closeAll();
    await sequencer.close();
    await checkpoints.close();
    await bus.close();
    await store.close();
  };
  return {
    config,
    store,
    core,
    keys: core.keys,
    auth,
    trust,
    factors,
    streams,
    ...callers,
    sequencer,
    checkpoints,
    services,
    close,
  };
}

/** All records that there are become leaves, and the log is signed. */
async function settleLog(sequencer: Sequencer, checkpoints: Checkpointer): Promise<void> {
  await sequencer.drain();
  await checkpoints.sign();
}

/** Who calls from where, and the relay that phones call. */
function callersOf(config: ResolvedConfig): Pick<ServerContext, 'clientAddress' | 'relay'> {
  const trusted = config.trustedProxies ?? [];
  const clientAddress = createClientAddress(trusted);
  const relay = createRelay({
    origins: [new URL(config.publicUrl).origin, ...config.allowedOrigins],
    clientAddress,
    requestAddress: createRequestAddress(trusted),
    ...(config.phoneJoinsMax === undefined ? {} : { joinsMax: config.phoneJoinsMax }),
  });
  return { clientAddress, relay };
}

function coreOf(config: ServerConfig, store: Store, rest: Pick<Core, 'clock' | 'log' | 'bus' | 'keys'>): Core {
  return {
    ...rest,
    pool: store.pool,
    db: store.db,
    policy: config.policy ?? defaultUnlockPolicy,
    delegationPolicy: config.delegationPolicy ?? defaultDelegationPolicy,
    channels: config.channels ?? channelDefinitions,
  };
}

function readKeys(config: ServerConfig, nowMs: number) {
  return config.keys === undefined
    ? readOrMakeKeyFile(join(config.dataDir, 'keys.json'), nowMs)
    : parseKeyFile(config.keys);
}
