import type { TerminalRef } from '../../../protocol/http/registry.ts';
import type { UnlockCase } from '../../../protocol/http/unlocks.ts';
import type { ApiClient } from '../../api/client.ts';
import type { ServerEvents } from '../../api/events.svelte.ts';
import type { DeviceSession } from '../../device/session.svelte.ts';
import { backOffMs } from '../../device/wait.ts';
import type { JobGuard } from '../../app/person.ts';
import { serverFailure } from './failure.ts';
import type { ActFailure } from './failure.ts';
import { InspectionDesk } from './inspection-desk.ts';
import type { Journal } from './journal.ts';
import { nextAct, personActs, restingActs } from './next-act.ts';
import type { Act, ActName } from './next-act.ts';
import type { DeviceStatus, InspectionDraft, Observation, RunRecord } from './observation.ts';
import { perform, setCase } from './perform.ts';
import type { RunTools } from './perform.ts';
import { RunState } from './run-state.svelte.ts';
import { stepOfAct, stepViews, withStep } from './steps.ts';
import type { StepView } from './steps.ts';
import { WakeLock } from './wake-lock.ts';

/** A failure on the screen: what failed, and when it is tried again by itself. */
export interface ShownFailure extends ActFailure {
  /** Failed attempts of this act in a row. */
  readonly attempts: number;
  /** Epoch milliseconds of the next attempt; undefined when only a person can go on. */
  readonly retryAtMs: number | undefined;
}

/** What a run is wired to. */
export interface RunDependencies {
  readonly session: DeviceSession;
  readonly api: ApiClient;
  readonly events: Pick<ServerEvents, 'on' | 'onReconnect' | 'state'>;
  readonly jobs: JobGuard;
  readonly journal: Journal;
  wallNow(): number;
  newId(): string;
}

/** Acts during which stopping would leave the terminal between two states. */
const criticalActs: ReadonlySet<ActName> = new Set<ActName>([
  'give-grant',
  'post-receipt',
  'recover-receipt',
  'exchange-order',
  'carry-order',
]);
/** While resting, the server is asked again at least this often, in case an event was missed. */
const refreshMs = 20_000;

/**
 * One unlock from plugging in to taking payments.
 *
 * A loop that observes, decides by `nextAct`, acts, and rests when it is a person's or the server's turn. It is woken
 * by the cable, by the server's events and by the person; it keeps no plan, so it needs no recovery.
 */
export class UnlockRun {
  readonly #dependencies: RunDependencies;
  readonly #tools: RunTools;
  readonly #wakeLock = new WakeLock();
  readonly #stops: (() => void)[] = [];
  readonly #known: RunState;
  /** The inspection's form and photos. */
  readonly desk: InspectionDesk;
  #saving: Promise<void> = Promise.resolve();
  #wake: () => void = () => undefined;
  #isWoken = false;
  #isDisposed = false;
  #attempts = 0;
  #endJob: (() => void) | undefined;

  #act = $state.raw<Act>({ do: 'fetch-case' });
  #failure = $state.raw<ShownFailure | undefined>();
  #isBusy = $state(false);

  constructor(dependencies: RunDependencies, record: RunRecord) {
    this.#dependencies = dependencies;
    this.#known = new RunState(record, (changed) => this.#write(changed));
    this.#tools = this.#makeTools();
    this.desk = new InspectionDesk(dependencies.journal, dependencies.newId, dependencies.wallNow, {
      read: () => this.#known.record.inspection,
      write: (draft) => this.#keepDraft(draft),
      ticketId: record.ticketId,
    });
  }

  get record(): RunRecord {
    return this.#known.record;
  }
  get case(): UnlockCase | undefined {
    return this.#known.case;
  }
  /** The last status, kept on the screen while it is read anew. */
  get device(): DeviceStatus | undefined {
    return this.#known.lastDevice;
  }
  get act(): Act {
    return this.#act;
  }
  get failure(): ShownFailure | undefined {
    return this.#failure;
  }
  /** A verb of the person is under way. */
  get isBusy(): boolean {
    return this.#isBusy;
  }
  /** Unplugging now would interrupt something; the run would resume, but later. */
  get isCritical(): boolean {
    return criticalActs.has(this.#act.do);
  }
  get terminal(): TerminalRef {
    return this.#known.case?.terminal ?? this.#known.record.terminal;
  }

  /** The steps as they stand at `nowMs`. */
  stepsAt(nowMs: number): readonly StepView[] {
    return stepViews(
      { ...this.#observe(), nowMs },
      this.#act,
      this.#failure?.retryAtMs === undefined && this.#failure !== undefined,
    );
  }

  /** Begins to observe and act, until `dispose`. */
  start(): void {
    const { session, events } = this.#dependencies;
    const outdated = (): void => {
      this.#known.isCaseFresh = false;
      this.#wakeUp();
    };
    this.#stops.push(
      session.onChange(() => this.#cableChanged()),
      session.onEvent(({ name }) => {
        if (name === 'state.changed') this.#cableChanged();
      }),
      session.onAttach(() => void this.#takeUpCable()),
      events.on('unlock', (id) => {
        if (this.#known.case === undefined || id === this.#known.case.id || id === this.#known.record.request?.caseId)
          outdated();
      }),
      events.onReconnect(outdated),
    );
    void this.#takeUpCable();
    void this.#learnKeyset();
    void this.#loop();
  }

  /** Stops; what was done stays in the journal. */
  dispose(): void {
    this.#isDisposed = true;
    for (const stop of this.#stops.splice(0)) stop();
    this.#endJob?.();
    this.#wakeLock.release();
    this.#wakeUp();
  }

  /** The person starts the unlock. */
  begin(): void {
    performance.mark('tk:click');
    const nowMs = this.#dependencies.wallNow();
    this.#save({ ...this.#known.record, startedAtMs: nowMs });
    this.#wakeUp();
  }

  /** The person asks again: what is open is withdrawn, and the terminal makes a fresh request. */
  async askAgain(): Promise<void> {
    const open =
      this.#known.case !== undefined && ['needs-inspection', 'waiting', 'granted'].includes(this.#known.case.state);
    if (open && !(await this.withdraw())) return;
    const { request: _old, grantRefusal: _refusal, ...rest } = this.#known.record;
    this.#save({ ...rest, wantsFresh: true, startedAtMs: rest.startedAtMs ?? this.#dependencies.wallNow() });
    this.retryNow();
  }

  /** The person gives the request up; true when the server has taken it. */
  async withdraw(): Promise<boolean> {
    const id = this.#known.case?.id;
    if (id === undefined || this.#isBusy) return false;
    this.#isBusy = true;
    const answer = await this.#dependencies.api.call('withdrawUnlock', { params: { id } });
    this.#isBusy = false;
    if (answer.ok) setCase(this.#known, answer.value);
    else this.#failure = { ...serverFailure(answer), attempts: 1, retryAtMs: undefined };
    if (!answer.ok) this.#known.isCaseFresh = false;
    this.#wakeUp();
    return answer.ok;
  }

  /** Ends a pause between attempts, also of the cable and the event stream. */
  retryNow(): void {
    this.#failure = undefined;
    this.#attempts = 0;
    this.#known.isCaseFresh = false;
    this.#wakeUp();
  }

  #keepDraft(draft: InspectionDraft): void {
    this.#save({ ...this.#known.record, inspection: draft });
    if (draft.isReady) this.#wakeUp();
  }

  async #loop(): Promise<void> {
    while (!this.#isDisposed) {
      this.#isWoken = false;
      const seen = this.#observe();
      const act = nextAct(seen);
      this.#show(act, seen);
      if (personActs.has(act.do) || restingActs.has(act.do)) {
        this.#attempts = 0;
        await this.#rest(act);
        continue;
      }
      const failure = await perform(act, this.#known, this.#tools);
      if (failure === undefined) this.#succeeded();
      else await this.#failed(act, failure);
    }
  }

  #succeeded(): void {
    this.#attempts = 0;
    if (this.#failure !== undefined) this.#failure = undefined;
  }

  async #failed(act: Act, failure: ActFailure): Promise<void> {
    const { session, wallNow } = this.#dependencies;
    this.#attempts += 1;
    session.note('run', `${act.do}: ${failure.from} ${failure.code} ${failure.detail}`);
    const isCableGone = failure.from === 'cable' && session.state !== 'ready';
    if (isCableGone || this.#isWoken) return;
    const waitMs = failure.mayPass ? backOffMs(this.#attempts - 1) : undefined;
    const retryAtMs = waitMs === undefined ? undefined : wallNow() + waitMs;
    this.#failure = { ...failure, attempts: this.#attempts, retryAtMs };
    await this.#sleep(waitMs);
  }

  async #rest(act: Act): Promise<void> {
    const { wallNow } = this.#dependencies;
    const untilMs = act.do === 'wait-device' || act.do === 'wait-probation' ? act.untilMs - wallNow() : refreshMs;
    const ms = Math.min(refreshMs, Math.max(50, untilMs));
    if (!(await this.#sleep(ms))) this.#known.isCaseFresh = false;
  }

  /** True when something woke the run before the time was over. */
  #sleep(ms: number | undefined): Promise<boolean> {
    if (this.#isWoken || this.#isDisposed) return Promise.resolve(true);
    return new Promise((resolve) => {
      const timer = ms === undefined ? undefined : setTimeout(() => resolve(false), ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve(true);
      };
    });
  }

  #wakeUp(): void {
    this.#isWoken = true;
    this.#wake();
  }

  #cableChanged(): void {
    const { session } = this.#dependencies;
    this.#known.device = undefined;
    const address = session.state === 'ready' ? session.address : undefined;
    // So that a reload finds the same emulated terminal again.
    if (address !== undefined && address !== this.#known.record.cableUrl) {
      this.#save({ ...this.#known.record, cableUrl: address });
    }
    if (this.#failure?.from === 'cable') this.#failure = undefined;
    this.#wakeUp();
  }

  async #takeUpCable(): Promise<void> {
    const { session } = this.#dependencies;
    const { terminal, cableUrl } = this.#known.record;
    const { serial } = terminal;
    if (session.state === 'ready') {
      await session.expect(serial);
      return this.#cableChanged();
    }
    if (session.state !== 'idle' && session.state !== 'failed') return;
    await session.resume(serial, cableUrl === undefined ? [] : [cableUrl]);
  }

  /** Fetches the keyset early: handing it over must not cost time between the press and the unlock. */
  async #learnKeyset(): Promise<void> {
    const trust = await this.#dependencies.api.call('trust');
    if (!trust.ok || trust.value.keysetSequence <= (this.#known.keyset?.sequence ?? 0)) return;
    this.#known.keyset = { bytes: trust.value.keyset, sequence: trust.value.keysetSequence };
    this.#wakeUp();
  }

  #observe(): Observation {
    const { session, api, wallNow } = this.#dependencies;
    const { state } = session;
    const isComing = state !== 'idle' && state !== 'failed' && state !== 'lost';
    return {
      nowMs: wallNow(),
      cable: state === 'ready' ? 'ready' : isComing ? 'coming' : 'absent',
      device: this.#known.device,
      isNetworkUp: api.network.isUp,
      case: this.#known.case,
      isCaseFresh: this.#known.isCaseFresh,
      order: this.#known.order,
      keyset: this.#known.keyset,
      record: this.#known.record,
    };
  }

  #show(act: Act, seen: Observation): void {
    const step = stepOfAct(act, seen);
    const isOver = act.do === 'finished' || act.do === 'wait-probation';
    if (act.do !== this.#act.do) this.#dependencies.session.note('run', `next: ${act.do}`);
    const before = this.#known.record;
    const isStepOver = act.do === 'finished' || act.do === 'start';
    let record = act.do === 'connect' ? before : withStep(before, step, seen.nowMs, isStepOver);
    if (isOver && record.finishedAtMs === undefined && this.#known.case !== undefined)
      record = { ...record, finishedAtMs: seen.nowMs };
    if (record !== before) {
      for (const [name, times] of Object.entries(record.steps)) {
        const isNew =
          times.endedAtMs !== undefined && before.steps[name as keyof typeof before.steps]?.endedAtMs === undefined;
        if (isNew) performance.mark(`tk:step:${name}`);
      }
      this.#save(record);
    }
    this.#act = act;
    this.#guard(act);
  }

  #guard(act: Act): void {
    const isCritical = criticalActs.has(act.do);
    if (isCritical) this.#endJob ??= this.#dependencies.jobs.begin('unlock');
    else if (restingActs.has(act.do) || personActs.has(act.do)) {
      this.#endJob?.();
      this.#endJob = undefined;
    }
    if (this.#known.record.startedAtMs !== undefined && act.do !== 'finished' && act.do !== 'stopped')
      this.#wakeLock.hold();
    else this.#wakeLock.release();
  }

  #save(record: RunRecord): void {
    this.#known.record = { ...record, updatedAtMs: this.#dependencies.wallNow() };
  }

  #write(record: RunRecord): void {
    const { journal, session } = this.#dependencies;
    this.#saving = this.#saving
      .then(() => journal.write(record))
      .catch((cause: unknown) => session.note('run', `the journal could not be written: ${String(cause)}`));
  }

  #makeTools(): RunTools {
    const { session, api, journal, wallNow, newId } = this.#dependencies;
    return {
      session,
      api,
      journal,
      wallNow,
      newId,
      saved: () => this.#saving,
      mark: (name) => void performance.mark(`tk:${name}`),
    };
  }
}
