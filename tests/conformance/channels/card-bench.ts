import { randomBytes } from 'node:crypto';
import type { Entry } from '../../../mock-server/platforms/bank-card/books.ts';
import { bankCardStandIn } from '../../../mock-server/platforms/bank-card/stand-in.ts';
import type { BankCardStandIn } from '../../../mock-server/platforms/bank-card/stand-in.ts';
import { bankCard } from '../../../server/channels/bank-card/channel.ts';
import type {
  AttemptFacts,
  Channel,
  ChannelMemory,
  Exchange,
  PayResult,
  RefundFacts,
} from '../../../server/channels/channel.ts';
import { memoryOf, openBench } from './bench.ts';
import type { ChannelBench, OpenBench } from './bench.ts';
import { CardReader } from './card-reader.ts';
import type { Reading } from './card-reader.ts';

/** The suite's bench of bank cards. */
export const cardChannelBench: ChannelBench = {
  definition: bankCard,
  maker: bankCardStandIn,
  calls: {
    query: 'none',
    close: 'reversal',
    reverse: 'reversal',
    refund: 'refund',
    queryRefund: 'none',
    bill: 'bill',
  },
};

/** The wire bench with an acquirer that one can look into, and a card reader that has its key. */
export interface CardBench {
  readonly open: OpenBench;
  readonly acquirer: BankCardStandIn;
  readonly reader: CardReader;
  readonly channel: Channel;
  readonly impatient: Channel;
  readonly memory: ChannelMemory;
  readonly exchanges: Exchange[];
  /** Another process of the same account; `memory` may be one that dies. */
  reopen(memory?: ChannelMemory, timeoutMs?: number): Channel;
  attempt(change?: Partial<AttemptFacts>, channel?: Channel): Promise<AttemptFacts>;
  refundOf(attempt: AttemptFacts, amountFen: number): Promise<RefundFacts>;
  pay(reading?: Partial<Reading>, channel?: Channel): Promise<{ attempt: AttemptFacts; result: PayResult }>;
  /** The attempt as the engine knows it after it was paid. */
  paid(reading?: Partial<Reading>): Promise<AttemptFacts>;
  entries(kind?: Entry['kind']): readonly Entry[];
  balance(card: string): number;
  close(): Promise<void>;
}

/** Opens it. The reader's key is fetched over the channel, so the first sign-in is done. */
export async function openCardBench(): Promise<CardBench> {
  const open = await openBench(cardChannelBench);
  const acquirer = open.standIn as BankCardStandIn;
  const memory = memoryOf();
  const exchanges: Exchange[] = [];
  const reopen = (of: ChannelMemory = memory, timeoutMs = 20_000): Channel =>
    bankCard.open(open.account, {
      clock: () => open.clock.now(),
      random: (bytes) => randomBytes(bytes),
      memory: of,
      timeoutMs,
      record: (exchange) => exchanges.push(exchange),
      learnKey: () => Promise.resolve(),
    });
  const channel = reopen();
  const reader = new CardReader();
  await reader.load(channel);
  const prepared = async (change: Partial<AttemptFacts> = {}, by = channel): Promise<AttemptFacts> => {
    const bare = { ...(await open.attempt(change)), memo: {} };
    return { ...bare, memo: (await by.prepare?.(bare)) ?? {} };
  };
  const pay: CardBench['pay'] = async (reading = {}, by = channel) => {
    const attempt = await prepared(
      reading.amountFen === undefined ? {} : { amountFen: reading.amountFen as never },
      by,
    );
    const card = reader.read({ card: 'debit', amountFen: attempt.amountFen, ...reading });
    return { attempt, result: (await by.payByCard?.(attempt, card)) ?? { kind: 'not-found' } };
  };
  return {
    ...{ open, acquirer, reader, channel, memory, exchanges, reopen, pay },
    impatient: reopen(memory, 300),
    attempt: prepared,
    refundOf: async (attempt, amountFen) => {
      const facts = { ...(await open.refundOf(attempt, amountFen)), memo: {} };
      return { ...facts, memo: (await channel.prepareRefund?.(attempt, facts)) ?? {} };
    },
    paid: async (reading) => {
      const { attempt, result } = await pay(reading);
      if (result.kind !== 'paid') throw new Error(`not paid: ${JSON.stringify(result)}`);
      return { ...attempt, transactionId: result.proof.transactionId };
    },
    entries: (kind = 'purchase') => acquirer.host.books.state.entries.filter((entry) => entry.kind === kind),
    balance: (card) => acquirer.host.issuer.account(card).balanceFen,
    close: () => open.close(),
  };
}
