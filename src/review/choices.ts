import { needsFactor } from '../../protocol/http/review-factors.ts';
import type { DecideReview, Review } from '../../protocol/http/reviews.ts';
import type { ReviewText } from '../i18n/review.en.ts';

/** One thing that a person can choose. */
export interface ReviewChoice {
  /** Unique among the choices of a payment. */
  readonly key: string;
  readonly title: string;
  readonly hint: string;
  readonly needsFactor: boolean;
  /** The decision without id, reason and second factor. */
  readonly body: Decision;
}

/** A decision without what is asked for last. */
export type Decision = WithoutPerson<DecideReview>;
type WithoutPerson<T> = T extends unknown ? Omit<T, 'id' | 'reason' | 'factor'> : never;

/** Everything that can be decided about a payment, in words. */
export function choicesOf(review: Review, words: ReviewText, yuan: (fen: number) => string): ReviewChoice[] {
  const attempts = review.attempts.flatMap((attempt) =>
    attempt.acts.flatMap((act): ReviewChoice[] => {
      const { attemptId, ours, theirs } = attempt;
      if (act === 'ask' || act === 'no-money') return [choice(words, act, attemptId, '', { act, attemptId })];
      if (theirs === undefined) return [];
      const takenFen = theirs.amountFen;
      const what = act === 'accept' ? acceptHint(words, takenFen, ours.amountFen, yuan) : '';
      return [choice(words, act, attemptId, what, { act, attemptId, takenFen }, yuan(takenFen))];
    }),
  );
  const refunds = review.refunds.flatMap(({ refundId, acts }) =>
    acts.map((act) => choice(words, act, refundId, '', { act, refundId })),
  );
  return [...attempts, ...refunds];
}

function choice(
  words: ReviewText,
  act: Decision['act'],
  id: string,
  more: string,
  body: Decision,
  amount?: string,
): ReviewChoice {
  const [title, hint] = words.act[act] ?? [act, ''];
  const isMoving = needsFactor(act);
  const whole = sentences(hint, more, isMoving ? words.needsFactor : '');
  return {
    key: `${act} ${id}`,
    title: amount === undefined ? title : `${title} · ${amount}`,
    hint: whole,
    needsFactor: isMoving,
    body,
  };
}

/** Sentences in a row; Chinese ones stand without a space. */
function sentences(...parts: readonly string[]): string {
  const join = (text: string, part: string): string =>
    `${text}${/[。！？]$/.test(text) || text === '' ? '' : ' '}${part}`;
  return parts.filter((part) => part !== '').reduce(join, '');
}

function acceptHint(words: ReviewText, takenFen: number, askedFen: number, yuan: (fen: number) => string): string {
  if (takenFen === askedFen) return words.acceptSame;
  return takenFen < askedFen
    ? words.acceptLess(yuan(takenFen), yuan(askedFen))
    : words.acceptMore(yuan(takenFen - askedFen));
}

/** Why a decision was refused, in words; `undefined` when only the general ones fit. */
export function refusalOf(
  failure: { readonly error: string; readonly field?: string | undefined },
  words: ReviewText,
): string | undefined {
  const isOurs = failure.error === 'not-in-state' || failure.error === 'bad-request';
  return isOurs && failure.field !== undefined ? words.refused[failure.field] : undefined;
}
