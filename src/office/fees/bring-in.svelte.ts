import type { CommitFeeImport, FeeImportDone, FeeImportPreview } from '../../../protocol/http/fees-work.ts';
import type { ApiFailure, ApiResult } from '../../api/failures.ts';
import { newId } from '../../api/uuid.ts';

// So few that a busy server is done with them long before it gives up answering.
const rowsACall = 100;

type Row = FeeImportPreview['rows'][number];
type Part = Pick<CommitFeeImport, 'id'> & { readonly rows: number[] };
type Send = (part: Part) => Promise<ApiResult<FeeImportDone>>;

/** Chosen rows of a file on their way in, some with each call, and what became of them. */
export class BringIn {
  readonly total: number;
  /** Rows that came in, that were there already, and that were refused after all. */
  done = $state(0);
  same = $state(0);
  refused = $state.raw<readonly Row[]>([]);
  /** Why it stopped before its end. */
  failure = $state.raw<ApiFailure>();
  /** What was sent and not answered yet: it keeps its id, so that the server does it once. */
  #part: Part | undefined;
  #left = $state.raw<readonly Row[]>([]);

  constructor(rows: readonly Row[]) {
    [this.#left, this.total] = [rows, rows.length];
  }

  /** Rows that were answered for. */
  get answered(): number {
    return this.total - this.#left.length;
  }

  /** Sends what is left. After a failure it can be called again. */
  async go(send: Send): Promise<void> {
    this.failure = undefined;
    while (this.#left.length > 0 && this.failure === undefined) {
      this.#part ??= { id: newId(), rows: this.#left.slice(0, rowsACall).map(({ row }) => row) };
      const answer = await send(this.#part);
      if (answer.ok) this.#take(answer.value);
      else this.failure = answer;
    }
  }

  #take({ done, same, refused }: FeeImportDone): void {
    const named = this.#left.slice(0, rowsACall).flatMap((row) => {
      const faults = refused.find((one) => one.row === row.row)?.faults;
      return faults === undefined ? [] : [{ ...row, faults }];
    });
    [this.done, this.same, this.refused] = [this.done + done, this.same + same, [...this.refused, ...named]];
    [this.#left, this.#part] = [this.#left.slice(rowsACall), undefined];
  }
}
