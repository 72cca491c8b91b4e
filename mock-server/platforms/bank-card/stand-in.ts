import type { MountedStandIn, StandInMaker, StandInTools } from '../frame/platforms.ts';
import { underFaults } from '../frame/wire.ts';
import type { WireAnswer, WireRequest } from '../frame/wire.ts';
import type { StandInAccount, StandInPayment } from '../stand-in.ts';
import { emptyState } from './books.ts';
import type { BookState, Entry } from './books.ts';
import { desCheckValue } from './ciphers.ts';
import { answerFile, dayFile, filesPath } from './files.ts';
import { AcquirerHost, terminalOf } from './host.ts';
import { openPort } from './port.ts';

/** Most terminals of one stand-in. */
const terminalsMax = 1_000;
const paymentsMax = 200;

/** A bank-card stand-in and what only it can do. */
export interface BankCardStandIn extends MountedStandIn {
  readonly host: AcquirerHost;
  /** TCP port of the host. */
  readonly tcpPort: number;
}

/** Makes the acquirer of bank cards: its host on a TCP port of its own, its file service on the shared port. */
export const bankCardStandIn: StandInMaker = {
  code: 'bank-card',
  create: createBankCardStandIn,
};

/** Starts the acquirer. */
export async function createBankCardStandIn(tools: StandInTools): Promise<BankCardStandIn> {
  const { clock, faults, state: file } = tools;
  const state = (file.load() as BookState | undefined) ?? emptyState();
  const changed = (): void => {
    file.changed(() => state);
  };
  const host = new AcquirerHost(state, clock, changed);
  const at = { host: tools.host, port: tools.port === 0 ? 0 : tools.port + 1 };
  const port = await openPort(at, host, faults, clock);
  return {
    code: 'bank-card',
    name: { zh: '银行卡', en: 'Bank card' },
    paths: [filesPath],
    host,
    tcpPort: port.port,
    account: (seed) => {
      if (!state.seeds.includes(seed)) {
        if (state.seeds.length >= terminalsMax) throw new RangeError('seed: too many terminals');
        state.seeds.push(seed);
        changed();
      }
      return accountOf(seed, tools, port.port);
    },
    payments: () =>
      state.entries
        .filter(({ kind }) => kind === 'purchase')
        .toReversed()
        .slice(0, paymentsMax)
        .map(paymentOf),
    wallet: () => Promise.resolve({ result: 'not-mine' }),
    plan: (fault) => {
      faults.plan(fault);
    },
    clearFaults: () => {
      faults.clear();
    },
    bill: (day, kind) => {
      const terminal = host.terminals()[0];
      return kind !== 'trade' || terminal === undefined ? undefined : dayFile(host, terminal, day);
    },
    settled: () => Promise.resolve(),
    close: () => port.close(),
    handle: (request) => handleFile(tools, host, request),
  };
}

function handleFile(tools: StandInTools, host: AcquirerHost, request: WireRequest): Promise<WireAnswer> {
  const shape = {
    call: 'bill',
    outOfOrder: (status: number) => ({ status, headers: {}, body: '' }),
    spoil: (answer: WireAnswer) => ({ ...answer, headers: { ...answer.headers, 'x-signature': '0'.repeat(64) } }),
  };
  return underFaults(tools.faults, tools.clock, shape, () =>
    Promise.resolve(answerFile(host, request, tools.clock.now())),
  );
}

function accountOf(seed: string, tools: StandInTools, port: number): StandInAccount {
  const { terminalId, merchantId, masterKey, fileKey } = terminalOf(seed);
  return {
    platformMerchantId: merchantId,
    config: {
      host: tools.host,
      port: String(port),
      terminalId,
      tls: 'off',
      fileUrl: `${tools.origin}${filesPath.slice(0, -1)}`,
    },
    keys: [
      {
        purpose: 'terminal-master',
        keyId: desCheckValue(masterKey).toString('hex').toUpperCase(),
        material: masterKey.toString('hex'),
      },
      { purpose: 'file-hmac', keyId: '1', material: fileKey.toString('hex') },
    ],
  };
}

function paymentOf(entry: Entry): StandInPayment {
  const states = { approved: 'paid', declined: 'declined', reversed: 'reversed', late: 'closed' } as const;
  return {
    number: entry.trace,
    amountFen: entry.amountFen,
    state: states[entry.state],
    refundedFen: entry.returnedFen,
    description: `${entry.terminalId} ${entry.batch}`,
  };
}
