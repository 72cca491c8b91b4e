import type { CodeHost, CodeProblem, CodeQuestion } from './code-host.ts';
import type { OpeningCodes } from './code-connection.ts';

/** The conversation by codes, as the screen sees it; empty unless there is one. */
export class CodeDesk {
  #host: CodeHost | undefined;
  #question = $state.raw<CodeQuestion | undefined>();

  /** What the terminal is to read off this page. */
  get question(): CodeQuestion | undefined {
    return this.#question;
  }

  /** Begins to talk with the terminal of `serial`. */
  async open(serial: string, random32: () => number): Promise<OpeningCodes> {
    const { openCodes } = await import('./code-connection.ts');
    const opening = openCodes(serial, random32, () => (this.#question = this.#host?.question));
    this.#host = opening.host;
    this.#question = opening.host.question;
    return opening;
  }

  /** Takes the code that the terminal shows; the problem when it is not the one that is waited for. */
  take(bytes: Uint8Array): CodeProblem | undefined {
    return this.#host === undefined ? 'not-an-answer' : this.#host.take(bytes);
  }

  close(): void {
    this.#host?.close();
    this.#host = undefined;
    this.#question = undefined;
  }
}
