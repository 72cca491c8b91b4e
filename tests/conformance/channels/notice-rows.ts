import { expect } from 'vitest';
import type { Notification, RawRequest } from '../../../server/channels/channel.ts';
import type { ChannelBench, OpenBench } from './bench.ts';
import { paidAs, show, showAndPay } from './code-rows.ts';
import type { Row } from './suite.ts';

const noNotice = ({ definition: { capabilities } }: ChannelBench): string | undefined =>
  capabilities.notifies && capabilities.kinds.includes('qr') ? undefined : 'sends no notifications of shown codes';

/** Payment notifications so far, the refused ones left out. */
function payments(open: OpenBench): readonly Extract<Notification, { kind: 'payment' }>[] {
  return open.received.flatMap(({ notification }) => (notification.kind === 'payment' ? [notification] : []));
}

async function parse(open: OpenBench, raw: RawRequest): Promise<Notification['kind'] | undefined> {
  return (await open.channel.parseNotification?.(raw))?.kind;
}

const delivered: readonly Row[] = [
  {
    name: 'paid: the notification proves it, and is not repeated',
    skip: noNotice,
    run: async (open) => {
      const attempt = await showAndPay(open);
      expect(payments(open)).toMatchObject([{ attemptNo: attempt.attemptNo, result: paidAs(open, attempt) }]);
      open.clock.advance(24 * 3_600_000);
      await open.standIn.settled();
      expect(payments(open)).toHaveLength(1);
    },
  },
  {
    name: 'before the answer to creating',
    skip: noNotice,
    run: async (open) => {
      open.standIn.plan({ kind: 'notify', how: 'before-answer' });
      const attempt = await open.attempt();
      let seen = -1;
      await open.channel.createQr?.(attempt).then(() => {
        seen = payments(open).length;
      });
      expect(seen).toBe(1);
      expect(payments(open)[0]).toMatchObject({ attemptNo: attempt.attemptNo, result: paidAs(open, attempt) });
      expect(await open.channel.query(attempt)).toMatchObject(paidAs(open, attempt));
    },
  },
  {
    name: 'twice: both say the same',
    skip: noNotice,
    run: async (open) => {
      open.standIn.plan({ kind: 'notify', how: 'double' });
      await showAndPay(open);
      const [first, second] = payments(open);
      expect(second?.result).toEqual(first?.result);
      expect(payments(open)).toHaveLength(2);
    },
  },
  {
    name: 'late',
    skip: noNotice,
    run: async (open) => {
      open.standIn.plan({ kind: 'notify', how: 'late', delayMs: 45_000 });
      const attempt = await showAndPay(open);
      expect(payments(open)).toHaveLength(0);
      open.clock.advance(45_000);
      await open.standIn.settled();
      expect(payments(open)).toMatchObject([{ result: paidAs(open, attempt) }]);
    },
  },
  {
    name: 'lost: asking finds the payment',
    skip: noNotice,
    run: async (open) => {
      open.standIn.plan({ kind: 'notify', how: 'lost' });
      const attempt = await showAndPay(open);
      open.clock.advance(24 * 3_600_000);
      await open.standIn.settled();
      expect(payments(open)).toHaveLength(0);
      expect(await open.channel.query(attempt)).toMatchObject(paidAs(open, attempt));
    },
  },
  {
    name: 'in another order than paid',
    skip: noNotice,
    run: async (open) => {
      open.standIn.plan({ kind: 'notify', how: 'reordered' });
      const first = await show(open);
      const second = await show(open);
      await open.pay(open.codeOf(first));
      await open.pay(open.codeOf(second));
      await open.standIn.settled();
      expect(payments(open).map(({ attemptNo }) => attemptNo)).toEqual([second.attemptNo, first.attemptNo]);
    },
  },
  {
    name: 'paid twice: each notification is told, with its own number of the platform',
    skip: noNotice,
    run: async (open) => {
      open.standIn.plan({ kind: 'double-pay' });
      const attempt = await showAndPay(open);
      const told = payments(open);
      expect(told.length).toBeGreaterThanOrEqual(2);
      const numbers = told.map(({ result }) => (result.kind === 'paid' ? result.proof.transactionId : result.kind));
      expect(new Set(numbers).size).toBe(2);
      expect((await open.channel.query(attempt)).kind).toBe('paid');
    },
  },
];

const refused: readonly Row[] = [
  {
    name: 'forged: refused, and the true one is taken',
    skip: noNotice,
    run: async (open) => {
      open.standIn.plan({ kind: 'notify-forged' });
      const attempt = await showAndPay(open);
      const kinds = open.received.map(({ notification }) => notification.kind);
      expect(kinds.toSorted()).toEqual(['payment', 'refused']);
      expect(payments(open)).toMatchObject([{ result: paidAs(open, attempt) }]);
    },
  },
  {
    name: 'only forged: refused, and asking finds the payment',
    skip: noNotice,
    run: async (open) => {
      open.standIn.plan({ kind: 'notify-forged', only: true });
      const attempt = await showAndPay(open);
      expect(open.received.map(({ notification }) => notification.kind)).toEqual(['refused']);
      expect(await open.channel.query(attempt)).toMatchObject(paidAs(open, attempt));
    },
  },
  {
    name: 'rubbish is refused without a throw',
    skip: noNotice,
    run: async (open) => {
      await showAndPay(open);
      const raw = open.received[0]?.raw;
      if (raw === undefined) throw new Error('no notification came');
      const bodies = ['', '{', 'null', '[]', '"text"', '{}', 'a=b', '<xml>', '%', '\u0000', 'x'.repeat(300_000)];
      for (const body of bodies) expect(await parse(open, { ...raw, body: Buffer.from(body) })).toBe('refused');
      expect(await parse(open, { ...raw, body: Buffer.from([0xff, 0xfe, 0x80]) })).toBe('refused');
      expect(await parse(open, { ...raw, headers: {}, body: Buffer.from('{}') })).toBe('refused');
    },
  },
];

/** Notifications: delivered in every bad way, and forged. */
export const noticeRows: readonly Row[] = [...delivered, ...refused];
