import { type PaymentEventKind, paymentEventKinds } from '../../../domain/payments/event-kinds.ts';
import { shanghaiDay } from '../../../domain/payments/numbers.ts';
import type { FailureReason } from '../../../domain/payments/states.ts';
import { failureReasons } from '../../../domain/payments/states.ts';
import type { PaymentEvent, Story } from '../../../protocol/http/merchant-acts.ts';
import type { MerchantMoreText } from '../../i18n/merchant-more.en.ts';
import type { GlyphName } from '../../ui/icons.ts';
import { dayAfter } from '../shanghai.ts';

/** One step of what happened. `next` is still to come. */
export interface StoryStep {
  readonly key: string;
  /** An instant, or a word such as "tomorrow". */
  readonly at: { readonly instant: string } | { readonly word: string };
  readonly title: string;
  readonly detail?: string | undefined;
  readonly tone: 'done' | 'plain' | 'wait' | 'stop' | 'next' | 'now';
  readonly glyph: GlyphName;
}

/** What the steps are told with. */
export interface StoryWords {
  readonly text: MerchantMoreText;
  readonly channelName: (code: string) => string;
  readonly yuan: (fen: number) => string;
  readonly date: (day: string) => string;
  readonly time: (at: string) => string;
}

/** Kinds that say nothing to who sells: the whole record has them. */
const quietKinds: ReadonlySet<PaymentEventKind> = new Set<PaymentEventKind>([
  'notified',
  'not-known',
  'close-wanted',
  'refund-sent',
  'order-paid',
]);

type Told = Omit<StoryStep, 'key' | 'at'>;

function isKind(kind: string): kind is PaymentEventKind {
  return Object.hasOwn(paymentEventKinds, kind);
}

function reasonText(facts: PaymentEvent['facts'], words: StoryWords): string | undefined {
  const reason = failureReasons.find((known): known is FailureReason => known === facts['reason']);
  return reason === undefined ? undefined : words.text.failure[reason];
}

const done = { tone: 'done', glyph: 'full' } as const;
const plain = { tone: 'plain', glyph: 'none' } as const;
const waiting = { tone: 'wait', glyph: 'wait' } as const;
const watch = { tone: 'wait', glyph: 'warn' } as const;

interface Names {
  readonly attempt: string;
  readonly channel: string;
  readonly amount: string;
}

function tell(kind: PaymentEventKind, event: PaymentEvent, names: Names, words: StoryWords): Told {
  const { event: t } = words.text;
  const { attempt, channel, amount } = names;
  const told: Readonly<Record<PaymentEventKind, () => Told>> = {
    'order-made': () => ({ ...done, title: t['order-made'] }),
    'attempt-started': () => ({ ...done, title: t['attempt-started'](attempt) }),
    'code-shown': () => ({ ...done, title: t['code-shown'](attempt) }),
    'payer-busy': () => ({ ...done, title: t['payer-busy'](attempt) }),
    'no-answer': () => ({ ...waiting, title: t['no-answer'](channel), detail: t['no-answer-hint'] }),
    'not-known': () => ({ ...waiting, title: t['not-known'](channel) }),
    'call-refused': () => ({ ...watch, title: t['call-refused'](channel), detail: t['call-refused-hint'] }),
    paid: () => ({ tone: 'done', glyph: 'done', title: t.paid(channel), detail: t['paid-hint'] }),
    'paid-late': () => ({ ...watch, title: t['paid-late'](channel), detail: t['paid-late-hint'] }),
    'paid-twice': () => ({
      ...watch,
      title: t['paid-twice'](channel),
      detail: event.facts['goesBack'] === true ? t['paid-twice-back'] : t['paid-twice-hint'],
    }),
    failed: () => ({ ...plain, title: t.failed(attempt), detail: reasonText(event.facts, words) }),
    closed: () => ({ ...plain, title: t.closed(attempt), detail: t['closed-hint'] }),
    'close-wanted': () => ({ ...plain, title: t['close-wanted'](attempt) }),
    'cancel-wanted': () => ({
      ...plain,
      title: event.facts['why'] === 'expired' ? t['cancel-expired'] : t['cancel-wanted'],
    }),
    'cancel-overtaken': () => ({ ...done, title: t['cancel-overtaken'] }),
    cancelled: () => ({ ...plain, title: t.cancelled }),
    'order-paid': () => ({ tone: 'done', glyph: 'done', title: t['order-paid'] }),
    differs: () => ({ ...watch, title: t.differs(channel), detail: t['differs-hint'] }),
    'review-decided': () => ({ ...done, title: decided(event, words), detail: decidedBy(event) }),
    'gave-up': () => ({ ...watch, title: t['gave-up'] }),
    notified: () => ({ ...done, title: t.notified(channel) }),
    'refund-asked': () => ({ ...done, title: t['refund-asked'](amount), detail: event.by }),
    'refund-sent': () => ({ ...done, title: t['refund-sent'](channel) }),
    'refund-unclear': () => ({ ...waiting, title: t['refund-unclear'](channel), detail: t['no-answer-hint'] }),
    'refund-done': () => ({ tone: 'done', glyph: 'done', title: t['refund-done'](amount) }),
    'refund-failed': () => ({
      ...{ tone: 'stop', glyph: 'stop' },
      title: t['refund-failed'](channel),
      detail: t['refund-failed-hint'],
    }),
  };
  return told[kind]();
}

/** What a person decided about a payment in review, in words. */
function decided({ facts }: PaymentEvent, { text }: StoryWords): string {
  const { reviewed } = text.event;
  const act = String(facts['act']);
  return Object.hasOwn(reviewed, act) ? reviewed[act as keyof typeof reviewed] : text.event.other(act);
}

function decidedBy({ by, facts }: PaymentEvent): string | undefined {
  const reason = typeof facts['reason'] === 'string' ? facts['reason'] : undefined;
  return [by, reason].filter((part) => part !== undefined).join(' · ') || undefined;
}

function namesOf(event: PaymentEvent, { order }: Story, words: StoryWords): Names {
  const refund = order.refunds.find(({ id }) => id === event.refundId);
  const attempt = order.attempts.find(({ id }) => id === (event.attemptId ?? refund?.attemptId));
  const channel = words.channelName(attempt?.channel ?? refund?.channel ?? '');
  const fen = typeof event.facts['amountFen'] === 'number' ? event.facts['amountFen'] : (refund?.amountFen ?? 0);
  return { channel, attempt: words.text.story.attempt(attempt?.number ?? 1, channel), amount: words.yuan(fen) };
}

/** An attempt that is begun and then shows its code is one step, and a wait that is over is none any more. */
function isOvertaken(event: PaymentEvent, later: readonly PaymentEvent[]): boolean {
  const own = later.filter(({ attemptId }) => attemptId !== undefined && attemptId === event.attemptId);
  if (event.kind === 'attempt-started') return own[0]?.kind === 'code-shown' || own[0]?.kind === 'payer-busy';
  const isEnd = ({ kind }: PaymentEvent): boolean => ['paid', 'closed', 'failed', 'paid-late'].includes(kind);
  return (event.kind === 'no-answer' || event.kind === 'payer-busy') && own.some(isEnd);
}

/** What is still to come: the line in the platform's bill. */
function stepsToCome({ bills }: Story, words: StoryWords, today: string): StoryStep[] {
  return bills.map(({ channel, day, expectedAt }) => ({
    key: `bill ${channel} ${day}`,
    at: { word: day === today ? words.text.story.tomorrow : words.date(dayAfter(day, 1)) },
    title: words.text.story.bill(words.channelName(channel)),
    detail: words.text.story.billHint(words.time(expectedAt)),
    tone: 'next',
    glyph: 'next',
  }));
}

/** Of what happened in the same millisecond: causes before what they lead to. Everything else stands in the middle. */
const ranks: Partial<Readonly<Record<string, number>>> = {
  'order-made': 0,
  'cancel-wanted': 1,
  'close-wanted': 2,
  'attempt-started': 3,
  'order-paid': 5,
  cancelled: 5,
  'refund-asked': 6,
  'refund-sent': 7,
  'refund-done': 8,
  'refund-failed': 8,
};
const middleRank = 4;

function inOrder(events: readonly PaymentEvent[]): PaymentEvent[] {
  const rank = ({ kind }: PaymentEvent): number => ranks[kind] ?? middleRank;
  return [...events].sort((a, b) => (a.at === b.at ? rank(a) - rank(b) : a.at < b.at ? -1 : 1));
}

/** The story of a payment as steps, oldest first. `isWhole`: with everything that the server wrote down. */
export function storySteps(story: Story, words: StoryWords, nowMs: number, isWhole = false): StoryStep[] {
  const events = inOrder(story.events);
  const past = events.flatMap((event, index): StoryStep[] => {
    const { kind } = event;
    const base = { key: event.id, at: { instant: event.at } };
    if (!isKind(kind)) return isWhole ? [{ ...base, ...done, title: words.text.event.other(kind) }] : [];
    const isQuiet = quietKinds.has(kind) || isOvertaken(event, events.slice(index + 1));
    if (isQuiet && !isWhole) return [];
    return [{ ...base, ...tell(kind, event, namesOf(event, story, words), words) }];
  });
  return [...past, ...stepsToCome(story, words, shanghaiDay(nowMs))];
}
