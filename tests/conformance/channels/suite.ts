import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { PlatformStandIn } from '../../../mock-server/platforms/stand-in.ts';
import { openBench } from './bench.ts';
import type { ChannelBench, OpenBench } from './bench.ts';
import { codeRows } from './code-rows.ts';
import { moneyBackRows } from './money-back-rows.ts';
import { noticeRows } from './notice-rows.ts';
import { scanRows } from './scan-rows.ts';

/** One row of the suite: its name, when it fits a channel, and what must hold. */
export interface Row {
  readonly name: string;
  /** Why it is not for this channel, or `undefined`. */
  readonly skip?: (bench: ChannelBench, standIn: Pick<PlatformStandIn, 'authCode'>) => string | undefined;
  readonly run: (open: OpenBench) => Promise<void>;
}

const rows: readonly (readonly [string, readonly Row[]])[] = [
  ['codes', codeRows],
  ['notifications', noticeRows],
  ['refunds and bills', moneyBackRows],
  ['scanned codes', scanRows],
];

/**
 * Holds a channel to server/channels/README.md against its stand-in on the wire. Rows are chosen by the channel's
 * capabilities; a row that does not fit is skipped with its reason. Channels add rows of their own beside it, with
 * `openBench`.
 */
export function describeChannel(bench: ChannelBench, title: string = bench.definition.code): void {
  describe(title, () => {
    let open: OpenBench;
    beforeEach(async () => {
      open = await openBench(bench);
    });
    afterEach(async () => {
      const { exchanges, account } = open;
      await open.close();
      checkRecords(bench, account.keys, exchanges);
    });
    for (const [group, list] of rows) {
      describe(group, () => {
        for (const row of list) {
          test(row.name, async (context) => {
            const why = row.skip?.(bench, open.standIn);
            context.skip(why !== undefined, why);
            await row.run(open);
          });
        }
      });
    }
  });
}

/** README, obligation 7: short records without secrets. */
function checkRecords(
  bench: ChannelBench,
  keys: OpenBench['account']['keys'],
  exchanges: OpenBench['exchanges'],
): void {
  const secret = new Set(
    bench.definition.fields.filter((field) => field.in === 'key' && field.isSecret).map(({ name }) => name),
  );
  for (const { call, request, response } of exchanges) {
    for (const side of [request, response]) {
      expect(Buffer.byteLength(side), `${call}: record`).toBeLessThanOrEqual(8 * 1024);
      for (const { purpose, material } of keys) {
        if (secret.has(purpose)) expect(side.includes(material), `${call}: ${purpose} in the record`).toBe(false);
      }
    }
  }
}
