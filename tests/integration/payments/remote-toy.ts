import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type {
  AttemptFacts,
  Channel,
  ChannelDefinition,
  PayResult,
  RefundFacts,
} from '../../../server/channels/channel.ts';
import { openToy, toyChannel, ToyPlatform } from './toy-platform.ts';

type Remote = 'createQr' | 'query' | 'close' | 'refund' | 'queryRefund';
const remoteCalls: readonly Remote[] = ['createQr', 'query', 'close', 'refund', 'queryRefund'];

interface Message {
  readonly call: Remote;
  readonly attempt: AttemptFacts;
  readonly refund?: RefundFacts;
}

/** Serves a toy platform over HTTP, for servers in other processes. */
export async function servePlatform(platform: ToyPlatform): Promise<{ url: string; server: Server }> {
  const channel = openToy(platform, { record: () => undefined }, { reverses: false });
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { call, attempt, refund } = JSON.parse(Buffer.concat(chunks).toString()) as Message;
      void answer(channel, call, attempt, refund).then((result) => response.end(JSON.stringify(result)));
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return { url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`, server };
}

function answer(channel: Channel, call: Remote, attempt: AttemptFacts, refund: RefundFacts | undefined) {
  if (refund !== undefined)
    return call === 'refund' ? channel.refund(attempt, refund) : channel.queryRefund(attempt, refund);
  if (call === 'createQr') return channel.createQr?.(attempt) ?? Promise.resolve({ kind: 'not-found' });
  return call === 'close' ? channel.close(attempt) : channel.query(attempt);
}

/** A channel whose platform is elsewhere. */
export function remoteToy(code: string, url: string): ChannelDefinition {
  const local = toyChannel(code, new ToyPlatform(Date.now));
  return {
    ...local,
    open: (account, tools) => {
      const send = async (call: Remote, attempt: AttemptFacts, refund?: RefundFacts): Promise<never> => {
        try {
          const body = JSON.stringify({ call, attempt, refund });
          return (await (await fetch(url, { method: 'POST', body })).json()) as never;
        } catch (error) {
          return { kind: 'unknown', why: String(error) } satisfies PayResult as never;
        }
      };
      const calls = Object.fromEntries(
        remoteCalls.map((call) => [call, (attempt: AttemptFacts, refund?: RefundFacts) => send(call, attempt, refund)]),
      );
      return { ...local.open(account, tools), ...calls };
    },
  };
}
