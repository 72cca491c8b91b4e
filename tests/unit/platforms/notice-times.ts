import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { StandInMaker } from '../../../mock-server/platforms/frame/platforms.ts';
import { channelDefinitions } from '../../../server/channels/registry.ts';
import { openBench } from '../../conformance/channels/bench.ts';
import type { OpenBench } from '../../conformance/channels/bench.ts';
import type { AttemptFacts } from '../../../server/channels/channel.ts';

/** Who sends, and what the merchant answers every time. */
export interface Deaf {
  readonly maker: StandInMaker;
  readonly reply: { readonly status: number; readonly body: string };
}

/** A bench whose attempts are notified to the deaf merchant. */
type DeafBench = Pick<OpenBench, 'channel' | 'standIn' | 'codeOf'> & { readonly attempt: () => Promise<AttemptFacts> };

/** Lets two days pass by the minute after `pay`. @returns the minutes at which notifications came. */
export async function noticeTimes(deaf: Deaf, pay: (bench: DeafBench) => Promise<void>): Promise<readonly number[]> {
  const definition = channelDefinitions.find(({ code }) => code === deaf.maker.code);
  if (definition === undefined) throw new Error(`no channel is called ${deaf.maker.code}`);
  const calls = { query: '', close: '', refund: '', queryRefund: '' };
  const bench = await openBench({ definition, maker: deaf.maker, calls });
  const startMs = bench.clock.now();
  const times: number[] = [];
  const server = createServer((request, response) => {
    request.resume();
    times.push((bench.clock.now() - startMs) / 60_000);
    response.writeHead(deaf.reply.status).end(deaf.reply.body);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const notifyUrl = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/notify`;
  try {
    await pay({ ...bench, attempt: () => bench.attempt({ notifyUrl }) });
    for (let minute = 0; minute < 48 * 60; minute += 1) {
      await bench.standIn.settled();
      bench.clock.advance(60_000);
    }
    await bench.standIn.settled();
  } finally {
    await bench.close();
    server.closeAllConnections();
    server.close();
  }
  return times;
}
