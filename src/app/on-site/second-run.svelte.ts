import type { FieldKeyError } from '../../field-key/errors.ts';
import { openFieldKey } from '../../field-key/field-key.ts';
import type { OpenFieldKey } from '../../field-key/field-key.ts';
import { readKnowledge, refreshKnowledge } from '../../field-key/knowledge.ts';
import type { KnowledgeProblem, SiteKnowledge } from '../../field-key/knowledge.ts';
import { answerAsk, judgeAsk } from '../../field-key/second.ts';
import type { SecondRefusal, SecondView } from '../../field-key/second.ts';
import type { ShellContext } from '../context.ts';

/** Where the second person stands. */
export type SecondStage =
  | { readonly at: 'loading' }
  | { readonly at: 'no-key' }
  | { readonly at: 'scan' }
  | { readonly at: 'asked'; readonly view: SecondView; readonly bytes: Uint8Array }
  | { readonly at: 'refused'; readonly reason: SecondRefusal; readonly bytes: Uint8Array }
  | { readonly at: 'declined' }
  | { readonly at: 'answered'; readonly view: SecondView; readonly answer: Uint8Array };

/** One confirmation by a second person, from the technician's code to the answer. */
export class SecondRun {
  readonly #shell: ShellContext;
  readonly #personId: string;
  readonly #now: () => number;
  #key: OpenFieldKey | undefined;

  stage = $state.raw<SecondStage>({ at: 'loading' });
  knowledge = $state.raw<SiteKnowledge>();
  /** Why what is known could not be renewed; without a network that is no news. */
  knowledgeProblem = $state<KnowledgeProblem>();
  /** Why the last try to sign failed. */
  failure = $state<FieldKeyError>();
  isSigning = $state(false);
  isEnrolled = $state(false);
  /** What the person has compared. */
  isNumberSame = $state(false);
  isPersonKnown = $state(false);

  constructor(shell: ShellContext, personId: string, now: () => number = Date.now) {
    this.#shell = shell;
    this.#personId = personId;
    this.#now = now;
  }

  async start(): Promise<void> {
    const [opened, known] = await Promise.all([openFieldKey(this.#personId), readKnowledge(this.#personId)]);
    this.#key = opened.ok ? opened.value : undefined;
    this.isEnrolled = this.#key?.enrolledAtMs !== undefined;
    this.knowledge = known;
    this.stage = this.#key === undefined ? { at: 'no-key' } : { at: 'scan' };
    if (this.#key !== undefined) await this.renew();
  }

  /** Renews what is known; a code that was refused for want of it is judged again. */
  async renew(): Promise<void> {
    const renewed = await refreshKnowledge(this.#personId, this.#shell.api);
    this.knowledgeProblem = renewed.ok ? undefined : renewed.error;
    if (!renewed.ok) return;
    this.knowledge = renewed.value;
    if (this.stage.at === 'refused' || this.stage.at === 'asked') this.take(this.stage.bytes);
  }

  /** Judges the technician's code. */
  take(bytes: Uint8Array): void {
    const verdict = this.#judge(bytes);
    if (verdict === undefined) return;
    this.failure = undefined;
    this.stage = verdict.ok
      ? { at: 'asked', view: verdict.value, bytes }
      : { at: 'refused', reason: verdict.error, bytes };
  }

  /** Signs what is shown, after the passkey. */
  async confirm(): Promise<void> {
    const { stage } = this;
    if (stage.at !== 'asked' || this.#key === undefined || this.isSigning) return;
    // Time has passed while it was looked at.
    const verdict = this.#judge(stage.bytes);
    if (verdict?.ok !== true) return this.take(stage.bytes);
    this.isSigning = true;
    this.failure = undefined;
    const end = this.#shell.jobs.begin('confirm');
    const answer = await answerAsk(verdict.value, this.#key);
    end();
    this.isSigning = false;
    if (!answer.ok) this.failure = answer.error;
    else this.stage = { at: 'answered', view: verdict.value, answer: answer.value };
  }

  decline(): void {
    this.stage = { at: 'declined' };
  }

  /** Back to the camera. */
  again(): void {
    this.isNumberSame = false;
    this.isPersonKnown = false;
    this.failure = undefined;
    this.stage = { at: 'scan' };
  }

  #judge(bytes: Uint8Array): ReturnType<typeof judgeAsk> | undefined {
    if (this.#key === undefined) return undefined;
    const { publicKey } = this.#key;
    return judgeAsk(bytes, {
      personId: this.#personId,
      publicKey,
      knowledge: this.knowledge,
      nowMs: this.#now(),
    });
  }
}
