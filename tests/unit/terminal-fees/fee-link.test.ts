import { beforeEach, expect, test } from 'vitest';
import { messageMaxBytes, type TerminalMessage } from '../../../protocol/phone-link/messages.ts';
import { FeeLink } from '../../../src/terminal/fees/fee-link.svelte.ts';
import type { Offered } from '../../../src/terminal/fees/fee-link.svelte.ts';
import { FakeHost } from './fake-host.ts';
import { bill, id, quoteDocument, sign } from './make.ts';

/** Takes no more than a real link does. */
class SizedHost extends FakeHost {
  override send(message: TerminalMessage): boolean {
    return new TextEncoder().encode(JSON.stringify(message)).length <= messageMaxBytes && super.send(message);
  }
}

let hosts: SizedHost[];
let link: FeeLink;
const last = (): SizedHost => hosts.at(-1)!;
const offered = (n: number, words = ''): Offered => {
  const plain = quoteDocument(id(n), [bill(1)]);
  const document = { ...plain, title: { zh: words, en: 'Electricity' } };
  return { signed: sign(document), document };
};

beforeEach(() => {
  hosts = [];
  link = new FeeLink({
    host: (options) => {
      hosts.push(new SizedHost(options));
      return last();
    },
    pause: () => new Promise(() => undefined),
    onMessage: () => undefined,
  });
});

test('after two phones the digits are asked for as long as it is the same bill, also after a payment came to nothing', () => {
  link.begin(offered(1));
  last().show();
  last().join();
  last().fail('two-phones');
  expect(link.needsDigits).toBe(true);
  link.close('done');
  link.open(offered(2));
  expect(link.needsDigits).toBe(true);
  link.begin(offered(3));
  expect(link.needsDigits).toBe(false);
});

test('that phones cannot be reached is said while it is so, and no longer', () => {
  link.begin(offered(1));
  last().become({ phase: 'starting', failure: 'no-connection' });
  expect(link.lost).toBe('no-connection');
  last().become({
    phase: 'showing',
    code: 'https://till.example/l#code',
    carrier: 'relay',
    failure: undefined as never,
  });
  expect(link.lost).toBeUndefined();
  last().fail('two-phones');
  last().show();
  expect(link.lost).toBe('two-phones');
});

test('a quote so long that the reasons find no room beside it arrives without them', () => {
  link.begin(offered(1));
  last().show();
  last().join();
  const long = offered(2, '电'.repeat(3_500));
  const changed = Array.from({ length: 12 }, () => ({ zh: '违约金多了一天，', en: 'One more day of late fee, ' }));
  expect(JSON.stringify({ type: 'stage', stage: 'changed', quote: long.signed }).length).toBeLessThan(messageMaxBytes);
  link.replace(long, changed);
  expect(last().sent.at(-1)).toEqual({ type: 'stage', stage: 'changed', quote: long.signed });
  link.replace(offered(3), changed);
  expect(last().sent.at(-1)).toMatchObject({ stage: 'changed', changed });
});
