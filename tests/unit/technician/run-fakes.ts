import { err, ok } from '../../../domain/result.ts';
import type { Result } from '../../../domain/result.ts';
import { base64UrlEncode } from '../../../protocol/bytes.ts';
import type { UnlockCase } from '../../../protocol/http/unlocks.ts';
import type { CableErrorCode } from '../../../protocol/cable/v1/errors.ts';
import { failure } from '../../../src/api/failures.ts';
import type { DeviceStatus, RunRecord } from '../../../src/technician/run/observation.ts';
import type { Journal } from '../../../src/technician/run/journal.ts';
import type { FieldDesk } from '../../../src/technician/run/site-tools.ts';
import { UnlockRun } from '../../../src/technician/run/unlock-run.svelte.ts';
import type { RunDependencies } from '../../../src/technician/run/unlock-run.svelte.ts';
import { device, granted, record, unlockCase } from './make.ts';

/** A journal in memory; `onWrite` sees every record. */
export class FakeJournal implements Journal {
  readonly runs = new Map<string, RunRecord>();
  readonly photos = new Map<string, Blob>();

  read(ticketId: string): Promise<RunRecord | undefined> {
    return Promise.resolve(this.runs.get(ticketId));
  }
  all(): Promise<readonly RunRecord[]> {
    return Promise.resolve([...this.runs.values()]);
  }
  write(run: RunRecord): Promise<void> {
    this.runs.set(run.ticketId, structuredClone(run));
    return Promise.resolve();
  }
  remove(ticketId: string): Promise<void> {
    this.runs.delete(ticketId);
    return Promise.resolve();
  }
  readPhoto(id: string): Promise<Blob | undefined> {
    return Promise.resolve(this.photos.get(id));
  }
  writePhoto(id: string, _ticketId: string, photo: Blob): Promise<void> {
    this.photos.set(id, photo);
    return Promise.resolve();
  }
  removePhoto(id: string): Promise<void> {
    this.photos.delete(id);
    return Promise.resolve();
  }
}

type Answer = Result<unknown, CableErrorCode>;

/** A terminal and its session: real states and effects of the operations, without bytes. */
export class FakeTerminal {
  status: DeviceStatus = device({ screenNumber: '' });
  state = 'ready';
  kind = 'simulated';
  address = undefined;
  readonly asked: string[] = [];
  readonly notes: string[] = [];
  /** Answers that come instead of the usual ones, once each, by operation. */
  readonly instead = new Map<string, Answer[]>();
  receipt = new Uint8Array();
  challenges = 0;
  #changed: (() => void)[] = [];

  request = (op: string, params: Record<string, unknown>): Promise<Answer> => {
    this.asked.push(op);
    if (this.state !== 'ready') return Promise.resolve(err('closed'));
    const instead = this.instead.get(op)?.shift();
    return Promise.resolve(instead ?? this.#answer(op, params));
  };
  onChange = (listener: () => void): (() => void) => {
    this.#changed.push(listener);
    return () => undefined;
  };
  onEvent = (): (() => void) => () => undefined;
  onAttach = (): (() => void) => () => undefined;
  expect = (): Promise<void> => Promise.resolve();
  resume = (): Promise<boolean> => Promise.resolve(false);
  note = (_source: string, text: string): void => void this.notes.push(text);

  unplug(): void {
    this.state = 'reconnecting';
    for (const tell of this.#changed) tell();
  }
  plug(): void {
    this.state = 'ready';
    for (const tell of this.#changed) tell();
  }

  #answer(op: string, params: Record<string, unknown>): Answer {
    switch (op) {
      case 'lock.status':
        return ok(this.status);
      case 'lock.request':
        if (params['fresh'] === true || this.status.screenNumber === '') this.challenges += 1;
        this.status = { ...this.status, screenNumber: String(100_000 + this.challenges) };
        return ok({
          sealed: new Uint8Array([1]),
          requestBytes: 149,
          signed: true,
          ageSeconds: 0,
          screenNumber: this.status.screenNumber,
        });
      case 'lock.keyset':
        this.status = { ...this.status, keysetSequence: 2 };
        return ok({ keysetSequence: 2 });
      case 'lock.grant':
        this.receipt = new Uint8Array([7]);
        this.status = { ...this.status, state: 'BLANK', screenNumber: '', lockEpoch: 8 };
        return ok({ accepted: true, receipt: this.receipt, refusal: '', retryAfterSeconds: 0 });
      case 'lock.lastReceipt':
        return ok({ receipt: this.receipt });
      case 'lock.order':
        if (params['order'] instanceof Uint8Array && params['order'][0] === 2)
          this.status = { ...this.status, state: 'NORMAL' };
        return ok({ report: new Uint8Array([9]) });
      default:
        return err('unknown-op');
    }
  }
}

/** A server with one case: approves at once, or waits for `approve()`. */
export class FakeServer {
  case: UnlockCase | undefined;
  byPolicy = true;
  isUp = true;
  readonly calls: string[] = [];
  readonly network = { isUp: true, downSinceMs: undefined };
  reports = 0;
  #changed: (() => void)[] = [];

  call = (name: string, options: { body?: Record<string, unknown> } = {}): Promise<unknown> => {
    this.calls.push(name);
    this.network.isUp = this.isUp;
    return Promise.resolve(this.isUp ? this.#answer(name, options.body ?? {}) : failure('offline'));
  };
  on = (_name: string, listener: (id: string) => void): (() => void) => {
    this.#changed.push(() => listener(this.case?.id ?? ''));
    return () => undefined;
  };
  onReconnect = (listener: () => void): (() => void) => {
    this.#changed.push(listener);
    return () => undefined;
  };

  approve(): void {
    if (this.case !== undefined) this.case = { ...this.case, state: 'granted', grant: granted().grant };
    this.tell();
  }
  tell(): void {
    for (const tell of this.#changed) tell();
  }

  #answer(name: string, body: Record<string, unknown>): unknown {
    switch (name) {
      case 'trust':
        return failure('unavailable');
      case 'listUnlocks':
        return ok({ items: this.case === undefined ? [] : [this.case] });
      case 'createUnlock':
        return ok(this.#create(String(body['id'])));
      case 'submitReceipt':
        this.case = { ...this.#present(), state: 'unlocked' };
        return ok(this.case);
      case 'withdrawUnlock':
        this.case = { ...this.#present(), state: 'withdrawn' };
        return ok(this.case);
      case 'commission':
        return ok(this.#commission(body));
      default:
        return failure('not-found');
    }
  }

  #create(id: string): UnlockCase {
    if (this.case?.id === id) return this.case;
    const request = { ...unlockCase('waiting').request, screenNumber: this.screenNumber() };
    this.case = this.byPolicy ? granted({ id, request }) : unlockCase('waiting', { id, request });
    return this.case;
  }

  #commission(body: Record<string, unknown>): unknown {
    if (body['report'] !== undefined) this.reports += 1;
    const isDone = this.reports >= 2;
    this.case = { ...this.#present(), state: isDone ? 'done' : 'commissioning' };
    return isDone
      ? { case: this.case }
      : { case: this.case, order: base64UrlEncode(new Uint8Array([this.reports + 1])) };
  }

  #present(): UnlockCase {
    if (this.case === undefined) throw new Error('no case');
    return this.case;
  }

  /** Set by the bench: what the terminal shows. */
  screenNumber: () => string = () => '';
}

/** An outbox that hands every call to the server, and knows when an answer came before. */
function fakeOutbox(server: FakeServer): RunDependencies['outbox'] {
  const call = async (name: string, options: { body?: Record<string, unknown> }): Promise<unknown> => {
    const answer = (await server.call(name, options)) as { readonly ok: boolean };
    return answer.ok ? { ...answer, isStored: false } : answer;
  };
  return { call, enqueue: () => Promise.resolve(), remove: () => Promise.resolve(true) } as never;
}

/** A laptop without delegations. */
const noField: FieldDesk = {
  store: {
    delegations: () => Promise.resolve([]),
    uses: () => Promise.resolve([]),
    putUse: () => Promise.resolve(),
    removeUse: () => Promise.resolve(),
    exclusively: (work) => work(),
  },
  queue: {
    siteRecord: () => Promise.resolve(undefined),
    report: () => Promise.resolve(undefined),
    request: () => Promise.resolve(undefined),
    forgetRequest: () => Promise.resolve(),
  },
  signer: { sign: () => Promise.resolve(err('no-key')) },
  name: 'Wang',
  isBrowserOnline: true,
  queued: () => 0,
  onChange: () => () => undefined,
};

/** A run with its fakes; `begin` is up to the test. */
export function makeRun<T extends FakeTerminal = FakeTerminal>(
  start: Partial<RunRecord> = {},
  terminal: T = new FakeTerminal() as T,
  field: FieldDesk = noField,
): {
  run: UnlockRun;
  terminal: T;
  server: FakeServer;
  journal: FakeJournal;
  again(): UnlockRun;
} {
  const server = new FakeServer();
  server.screenNumber = () => terminal.status.screenNumber;
  const journal = new FakeJournal();
  let ids = 0;
  const dependencies = {
    session: terminal,
    api: server,
    events: server,
    jobs: { isBusy: false, begin: () => () => undefined },
    journal,
    outbox: fakeOutbox(server),
    field,
    wallNow: () => Date.parse('2026-11-24T06:05:00.000Z') + performance.now(),
    newId: () => `case-${String((ids += 1))}`,
  } as unknown as RunDependencies;
  const { request: _request, startedAtMs: _started, ...fresh } = record();
  const make = (kept: RunRecord): UnlockRun => {
    const run = new UnlockRun(dependencies, kept);
    run.start();
    return run;
  };
  const run = make({ ...fresh, ...start });
  const again = (): UnlockRun => {
    const kept = journal.runs.get(fresh.ticketId);
    if (kept === undefined) throw new Error('nothing in the journal');
    return make(kept);
  };
  return { run, terminal, server, journal, again };
}
