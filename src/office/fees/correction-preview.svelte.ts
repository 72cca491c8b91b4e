import type { FeeCorrectionPreview } from '../../../protocol/http/fees-corrections.ts';
import type { ApiFailure } from '../../api/failures.ts';
import { failureWords } from './look.ts';

type Answer<T> = { readonly ok: true; readonly value: T } | ({ readonly ok: false } & ApiFailure);

/** What a correction would change, a page at a time; what was typed since is looked at anew. */
export class CorrectionPages<T extends FeeCorrectionPreview> {
  #shown = $state.raw<T>();
  #busy = $state(false);
  #problem = $state<string>();
  #round = 0;

  /** All pages so far. */
  get shown(): T | undefined {
    return this.#shown;
  }
  get busy(): boolean {
    return this.#busy;
  }
  get problem(): string | undefined {
    return this.#problem;
  }

  /** Forgets what was shown; answers that are under way no longer count. */
  clear(): void {
    this.#round += 1;
    [this.#shown, this.#problem, this.#busy] = [undefined, undefined, false];
  }

  /** Looks at the first page, or at the one behind what is shown. */
  async look(ask: (behind: string | undefined) => Promise<Answer<T>>): Promise<void> {
    const round = (this.#round += 1);
    this.#busy = true;
    const before = this.#shown;
    const answer = await ask(before?.next);
    if (round !== this.#round) return;
    this.#busy = false;
    this.#problem = answer.ok ? undefined : failureWords(answer);
    if (answer.ok) this.#shown = { ...answer.value, items: [...(before?.items ?? []), ...answer.value.items] };
  }
}
