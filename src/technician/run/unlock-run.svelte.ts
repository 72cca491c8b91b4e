import type { TerminalRef } from '../../../protocol/http/registry.ts';
import type { UnlockCase } from '../../../protocol/http/unlocks.ts';
import type { ApiClient } from '../../api/client.ts';
import type { ServerEvents } from '../../api/events.svelte.ts';
import type { DeviceSession } from '../../device/session.svelte.ts';
import { backOffMs } from '../../device/wait.ts';
import type { JobGuard } from '../../app/person.ts';
import type { Outbox } from '../../outbox/outbox.svelte.ts';
import { serverFailure } from './failure.ts';
import type { ActFailure, ShownFailure } from './failure.ts';
import { InspectionDesk } from './inspection-desk.ts';
import type { Journal } from './journal.ts';
import { nextAct, personActs, restingActs } from './next-act.ts';
import type { Act, ActName } from './next-act.ts';
import type { DeviceStatus, InspectionDraft, Observation, RunRecord } from './observation.ts';
import { offlineReason } from './offer.ts';
import type { OfflineReason } from './offer.ts';
import { OnSite } from './on-site.svelte.ts';
import { perform, setCase } from './perform.ts';
import { isCriticalAct, RunGuard } from './run-guard.ts';
import { RunState } from './run-state.svelte.ts';
import { ServerWait } from './server-wait.svelte.ts';
import { performSite } from './site-perform.ts';
import type { SiteRunTools } from './site-perform.ts';
import type { FieldDesk } from './site-tools.ts';
import { Sleeper } from './sleeper.ts';
import { endedSteps, recordAt, stepViews } from './steps.ts';
import type { StepView } from './steps.ts';

/** What a run is wired to. */
export interface RunDependencies {
  readonly session: DeviceSession;
  readonly api: ApiClient;
  readonly events: Pick<ServerEvents, 'on' | 'onReconnect' | 'state'>;
  readonly jobs: JobGuard;
  readonly journal: Journal;
  readonly outbox: Pick<Outbox, 'call' | 'enqueue' | 'remove'>;
  readonly field: FieldDesk;
  wallNow(): number;
  newId(): string;
}

/** Acts that the person need not wait for: they may go another way meanwhile. */
const leavableActs: ReadonlySet<ActName> = new Set<ActName>(['fetch-case', 'ask', 'send-inspection']);
/** While resting, the server is asked again at least this often, in case an event was missed. */
const refreshMs = 20_000;
/** While the proof of the log is awaited, this often. */
const proofMs = 3_000;

/**
 * One unlock from plugging in to taking payments.
 *
 * A loop that observes, decides by `nextAct`, acts, and rests when it is a person's or the server's turn. It is woken
 * by the cable, by the server's events and by the person; it keeps no plan, so it needs no recovery.
 */
export class UnlockRun {
  readonly #dependencies: RunDependencies;
  readonly #tools: SiteRunTools;
  readonly #wait = new ServerWait();
  readonly #guard: RunGuard;
  readonly #sleeper = new Sleeper();
  readonly #stops: (() => void)[] = [];
  readonly #known: RunState;
  /** The inspection's form and photos. */
  readonly desk: InspectionDesk;
  /** The two persons on site. */
  readonly onSite: OnSite;
  #saving: Promise<void> = Promise.resolve();
  #isDisposed = false;
  #attempts = 0;

  #act = $state.raw<Act>({ do: 'fetch-case' });
  #failure = $state.raw<ShownFailure | undefined>();
  #isBusy = $state(false);

  constructor(dependencies: RunDependencies, record: RunRecord) {
    this.#dependencies = dependencies;
    this.#guard = new RunGuard(dependencies.jobs);
    this.#known = new RunState(record, (changed) => this.#write(changed));
    this.#tools = this.#makeTools();
    this.desk = new InspectionDesk(dependencies.journal, dependencies.newId, dependencies.wallNow, {
      read: () => this.#known.record.inspection,
      write: (draft) => this.#keepDraft(draft),
      ticketId: record.ticketId,
    });
    this.onSite = new OnSite(this.#makeHost(), dependencies.field);
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
    return isCriticalAct(this.#act);
  }
  get terminal(): TerminalRef {
    return this.#known.case?.terminal ?? this.#known.record.terminal;
  }

  /** Why the server cannot be asked now; undefined while nobody needs another way. */
  get offlineReason(): OfflineReason | undefined {
    const { api, events } = this.#dependencies;
    return offlineReason({
      act: this.#act,
      failure: this.#failure,
      isNetworkUp: api.network.isUp,
      isBrowserOnline: this.#dependencies.field.isBrowserOnline,
      isSlow: this.#wait.isSlow,
      isSignedOut: events.state === 'signed-out',
    });
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
      this.#dependencies.field.onChange(() => {
        void this.onSite.refresh();
        const { site, later } = this.#known.record;
        if (site !== undefined || later !== undefined) outdated();
      }),
    );
    void this.onSite.refresh();
    void this.#takeUpCable();
    void this.#learnKeyset();
    void this.#loop();
  }

  /** Stops; what was done stays in the journal. */
  dispose(): void {
    this.#isDisposed = true;
    for (const stop of this.#stops.splice(0)) stop();
    this.#guard.release();
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
    const { request: _old, grantRefusal: _refusal, site: _site, later: _later, ...rest } = this.#known.record;
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
      this.#sleeper.begin();
      const seen = this.#observe();
      const act = nextAct(seen);
      this.#show(act, seen);
      if (personActs.has(act.do) || restingActs.has(act.do)) {
        this.#attempts = 0;
        await this.#rest(act);
        continue;
      }
      const failure = await this.#perform(act);
      if (failure === 'left') continue;
      if (failure === undefined) this.#succeeded();
      else await this.#failed(act, failure);
    }
  }

  #perform(act: Act): Promise<ActFailure | 'left' | undefined> {
    const onSite = performSite(act, this.#known, this.#tools);
    if (onSite !== false) return onSite;
    const work = perform(act, this.#known, this.#tools);
    return leavableActs.has(act.do) ? this.#wait.watch(work) : work;
  }

  #goAnotherWay(): void {
    this.#failure = undefined;
    this.#attempts = 0;
    this.#wait.leave();
    this.#wakeUp();
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
    if (isCableGone || this.#sleeper.isWoken) return;
    const waitMs = failure.mayPass ? backOffMs(this.#attempts - 1) : undefined;
    const retryAtMs = waitMs === undefined ? undefined : wallNow() + waitMs;
    this.#failure = { ...failure, attempts: this.#attempts, retryAtMs };
    await this.#sleep(waitMs);
  }

  async #rest(act: Act): Promise<void> {
    const { wallNow } = this.#dependencies;
    const untilMs = act.do === 'wait-device' || act.do === 'wait-probation' ? act.untilMs - wallNow() : refreshMs;
    // The log takes a moment to prove what the server has just written.
    const isProofDue =
      act.do === 'wait-probation' && this.#known.case !== undefined && this.#known.case.proof === undefined;
    const ms = Math.min(isProofDue ? proofMs : refreshMs, Math.max(50, untilMs));
    if (!(await this.#sleep(ms))) this.#known.isCaseFresh = false;
  }

  #sleep(ms: number | undefined): Promise<boolean> {
    return this.#isDisposed ? Promise.resolve(true) : this.#sleeper.sleep(ms);
  }

  #wakeUp(): void {
    this.#sleeper.wake();
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
      delegation: this.#known.delegation,
      queued: this.#dependencies.field.queued(this.#known.record.terminal.id),
      record: this.#known.record,
    };
  }

  #show(act: Act, seen: Observation): void {
    if (act.do !== this.#act.do) this.#dependencies.session.note('run', `next: ${act.do}`);
    const before = this.#known.record;
    const record = recordAt(before, act, seen);
    for (const name of endedSteps(before, record)) performance.mark(`tk:step:${name}`);
    if (record !== before) this.#save(record);
    this.#act = act;
    this.#guard.follow(act, record.startedAtMs !== undefined);
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

  #makeHost(): ConstructorParameters<typeof OnSite>[0] {
    const { wallNow, newId } = this.#dependencies;
    const known = this.#known;
    return {
      get record() {
        return known.record;
      },
      save: (record) => {
        this.#save(record);
        this.#goAnotherWay();
      },
      wallNow,
      newId,
    };
  }

  #makeTools(): SiteRunTools {
    const { session, api, outbox, journal, field, wallNow, newId } = this.#dependencies;
    return {
      session,
      api,
      outbox,
      journal,
      wallNow,
      newId,
      site: field,
      saved: () => this.#saving,
      mark: (name) => void performance.mark(`tk:${name}`),
    };
  }
}
