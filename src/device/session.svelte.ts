import { err, ok } from '../../domain/result.ts';
import type { Result } from '../../domain/result.ts';
import type { CableErrorCode } from '../../protocol/cable/v1/errors.ts';
import type { CableEvent, OpName, Params, Reply } from '../../protocol/cable/v1/services/table.ts';
import { loudAttemptsMax, reconnectWindowMs } from './cable-state.ts';
import type { CableFailure, CableState } from './cable-state.ts';
import { CodeDesk } from './code-desk.svelte.ts';
import type { Connection, Hello } from './connection.ts';
import { fetchConnection } from './fetch-connection.ts';
import type { SessionEnvironment } from './environment.ts';
import { passingErrors } from './errors.ts';
import type { OpenError } from './errors.ts';
import { Listeners } from './listeners.ts';
import { LogRing, redacted } from './log-ring.ts';
import type { LogLine, LogSource } from './log-ring.ts';
import { Ownership } from './ownership.ts';
import { chooseSerial, chooseUsb, grantedSources, SimulatedSource } from './sources.ts';
import type { Source } from './sources.ts';
import { sampleHealth } from './telemetry.ts';
import type { CableHealth } from './telemetry.ts';
import { ignore } from './transport.ts';
import type { Transport, TransportKind } from './transport.ts';
import { backOffMs } from './wait.ts';

/**
 * One cable with one terminal: chooses, opens, says hello, asks, and finds the terminal again after an unplug, a
 * restart or a reload.
 *
 * Obligations: at most one connection at a time; attempts that the person did not start fail quietly; once a serial
 * is expected or known, nobody else is accepted; every request settles.
 */
export class DeviceSession {
  readonly #environment: SessionEnvironment;
  readonly #ownership: Ownership;
  /** The conversation by codes. */
  readonly codes = new CodeDesk();
  readonly #log = new LogRing();
  readonly #events = new Listeners<CableEvent>();
  readonly #changes = new Listeners<CableState>();
  #connection: Connection | undefined;
  #source: Source | undefined;
  #expectedSerial: string | undefined;
  /** Goes up with every new intention; work of an older one stops when it notices. */
  #turn = 0;
  #wakeSearch: () => void = ignore;
  /** What is being greeted; let go at once when something else is wanted, so that its port is free. */
  #trying: Transport | undefined;
  #stopAttach: () => void = ignore;
  #stopSamples: () => void = ignore;

  #state = $state<CableState>('idle');
  #failure = $state.raw<CableFailure | undefined>();
  #hello = $state.raw<Hello | undefined>();
  #health = $state.raw<CableHealth | undefined>();
  #kind = $state<TransportKind | undefined>();
  #logCount = $state(0);

  constructor(environment: SessionEnvironment) {
    this.#environment = environment;
    this.#ownership = new Ownership(environment.locks, environment.channel);
    this.#ownership.onAsked = () => void this.#yieldToOtherTab();
    environment.page?.addEventListener('pagehide', () => this.#leavePage());
  }

  get state(): CableState {
    return this.#state;
  }
  get failure(): CableFailure | undefined {
    return this.#failure;
  }
  /** What the terminal last said of itself; kept while it is looked for. */
  get hello(): Hello | undefined {
    return this.#hello;
  }
  get health(): CableHealth | undefined {
    return this.#health;
  }
  get kind(): TransportKind | undefined {
    return this.#kind;
  }
  /** The emulator's address, when that is what is connected. */
  get address(): string | undefined {
    return this.#source instanceof SimulatedSource ? this.#source.url : undefined;
  }
  /** The serial that this session insists on; undefined accepts anybody. */
  get expectedSerial(): string | undefined {
    return this.#expectedSerial;
  }
  /** Lines ever logged; read it to follow the log. */
  get logCount(): number {
    return this.#logCount;
  }
  get logLines(): readonly LogLine[] {
    return this.#log.lines();
  }
  get lastLogLine(): LogLine | undefined {
    return this.#logCount > 0 ? this.#log.last : undefined;
  }
  /** Which interfaces this browser has. */
  get can(): { readonly serial: boolean; readonly usb: boolean } {
    return { serial: this.#environment.serial !== undefined, usb: this.#environment.usb !== undefined };
  }

  /** Shows the serial chooser and connects. First statement of a click handler. */
  async connectSerial(expectedSerial?: string): Promise<void> {
    const { serial, isSecure } = this.#environment;
    if (serial === undefined) return this.#fail(isSecure ? 'unsupported-browser' : 'insecure-context', '');
    await this.#connectChosen(chooseSerial(serial), expectedSerial);
  }

  /** Shows the USB chooser and connects. First statement of a click handler. */
  async connectUsb(expectedSerial?: string): Promise<void> {
    const { usb, serial, isSecure } = this.#environment;
    if (usb === undefined) return this.#fail(isSecure ? 'unsupported-browser' : 'insecure-context', '');
    await this.#connectChosen(chooseUsb(usb, serial?.linux ?? false), expectedSerial);
  }

  /** Connects to the emulator's terminal at `url`. */
  async connectSimulated(url: string, expectedSerial?: string): Promise<void> {
    await this.#connectLoudly(new SimulatedSource(url), expectedSerial);
  }

  /** Talks to the terminal by codes, for when no cable works. */
  async connectByCodes(serial: string): Promise<void> {
    const turn = this.#begin(serial);
    await this.#drop();
    const opening = await this.codes.open(serial, this.#environment.random32);
    this.#setState('hello');
    const connected = await opening.connection;
    if (turn !== this.#turn) return;
    if (connected.ok) this.#adopt(opening.source, connected.value);
    else this.#fail(connected.error, connected.detail ?? '');
  }

  /**
   * Quietly takes up a terminal that this page may open without asking: every granted port in turn, then `urls` of the
   * emulator. True when the expected one (or any) answered. Of what failed only `other-tab` and `wrong-device` are told.
   */
  async resume(expectedSerial: string | undefined, urls: readonly string[] = []): Promise<boolean> {
    const turn = this.#begin(expectedSerial);
    const granted = await grantedSources(this.#environment.serial, this.#environment.usb);
    let seen: { source: Source; error: OpenError; detail?: string } | undefined;
    for (const source of [...granted, ...urls.map((url) => new SimulatedSource(url))]) {
      if (turn !== this.#turn) return false;
      const isOurs = await this.#ownership.take(source.ownerKey);
      const tried = isOurs ? await this.#tryOnce(source, turn) : err('other-tab');
      if (tried.ok) return true;
      if (tried.error === 'other-tab' || tried.error === 'wrong-device') seen ??= { source, ...tried };
    }
    if (turn !== this.#turn) return false;
    this.#source = seen?.source;
    if (seen === undefined) this.#setState('idle');
    else this.#fail(seen.error, seen.detail ?? '');
    return false;
  }

  /** Takes the cable from the tab that holds it. */
  async takeOver(): Promise<void> {
    const source = this.#source;
    if (source === undefined) return;
    this.#setState('opening');
    await this.#ownership.takeOver(source.ownerKey);
    await this.#connectLoudly(source, this.#expectedSerial);
  }

  /** Tries again at once: ends a pause between attempts, or repeats the last connection. */
  async retryNow(): Promise<void> {
    if (this.#state === 'reconnecting' || this.#state === 'expected-reboot' || this.#state === 'lost')
      this.#wakeSearch();
    else if (this.#source !== undefined) await this.#connectLoudly(this.#source, this.#expectedSerial);
  }

  /** Says which serial is acceptable from now on; a connection with another is closed with `wrong-device`. */
  async expect(serial: string | undefined): Promise<void> {
    this.#expectedSerial = serial;
    const connected = this.#connection?.hello.serial;
    if (serial === undefined || connected === undefined || connected === serial) return;
    await this.#drop();
    this.#fail('wrong-device', connected);
  }

  /** Asks the terminal. `closed` when there is none; every request settles. */
  async request<K extends OpName>(
    op: K,
    params: Params<K>,
    timeoutMs?: number,
  ): Promise<Result<Reply<K>, CableErrorCode>> {
    const connection = this.#connection;
    if (connection === undefined || this.#state !== 'ready') return err('closed', 'no terminal is connected');
    const beganMs = this.#environment.now();
    const answer = await connection.host.request(op, params, beganMs, timeoutMs);
    const tookMs = Math.round(this.#environment.now() - beganMs);
    const result = answer.ok ? redacted(answer.value) : `${answer.error} ${answer.detail ?? ''}`;
    this.note('cable', `${op} ${redacted(params)} → ${result} (${String(tookMs)} ms)`);
    return answer;
  }

  /** Hears the terminal's events; gives the way to stop. */
  onEvent(listener: (event: CableEvent) => void): () => void {
    return this.#events.add(listener);
  }

  /** Called after every change of state; gives the way to stop. */
  onChange(listener: (state: CableState) => void): () => void {
    return this.#changes.add(listener);
  }

  /** Called when the browser reports that something was plugged in; gives the way to stop. */
  onAttach(listener: () => void): () => void {
    const targets = [this.#environment.serial?.serial, this.#environment.usb];
    for (const target of targets) target?.addEventListener('connect', listener);
    return () => targets.forEach((target) => target?.removeEventListener('connect', listener));
  }

  /** Adds a line to the log. */
  note(source: LogSource, text: string): void {
    this.#log.add({ atMs: this.#environment.wallNow(), source, text });
    this.#logCount = this.#log.count;
  }

  /** Lets the terminal go; the person ended it. */
  async close(): Promise<void> {
    this.#begin(this.#expectedSerial);
    await this.#drop();
    this.#ownership.release();
    this.#source = undefined;
    this.#hello = undefined;
    this.#setState('idle');
  }

  async #connectChosen(
    choosing: Promise<Result<Source, OpenError>>,
    expectedSerial: string | undefined,
  ): Promise<void> {
    if (this.#connection === undefined) this.#setState('choosing');
    const chosen = await choosing;
    if (chosen.ok) await this.#connectLoudly(chosen.value, expectedSerial);
    else if (this.#connection === undefined) this.#fail(chosen.error, chosen.detail ?? '');
  }

  async #connectLoudly(source: Source, expectedSerial: string | undefined): Promise<void> {
    const turn = this.#begin(expectedSerial);
    await this.#drop();
    this.#source = source;
    if (!(await this.#ownership.take(source.ownerKey))) return this.#fail('other-tab', '');
    for (let attempt = 0; turn === this.#turn; attempt += 1) {
      const tried = await this.#tryOnce(source, turn);
      if (tried.ok || turn !== this.#turn) return;
      const mayPass = tried.error === 'busy-opening' || tried.error === 'in-use';
      if (!mayPass || attempt + 1 >= loudAttemptsMax) return this.#fail(tried.error, tried.detail ?? '');
      await this.#pause(backOffMs(attempt));
    }
  }

  #begin(expectedSerial: string | undefined): number {
    this.#turn += 1;
    this.#stopAttach();
    this.#wakeSearch();
    void this.#trying?.close();
    this.#expectedSerial = expectedSerial;
    this.#failure = undefined;
    return this.#turn;
  }

  /** Tries every device that the source may mean; a wrong one is the answer only when no other was right. */
  async #tryOnce(source: Source, turn: number): Promise<Result<void, OpenError>> {
    let failure: Result<never, OpenError> = err('gone', 'not attached');
    const isSearching = this.#isSearching;
    if (!isSearching) this.#setState('opening');
    for (const transport of await source.candidates()) {
      if (turn !== this.#turn) return failure;
      const onOpened = (): void => {
        performance.mark('tk:cable-open');
        if (!isSearching) this.#setState('hello');
      };
      const { connect } = await fetchConnection();
      this.#trying = transport;
      const connected = await connect(transport, this.#environment, this.#expectedSerial, onOpened);
      if (this.#trying === transport) this.#trying = undefined;
      if (connected.ok && turn !== this.#turn) await connected.value.close();
      else if (connected.ok) return ok(this.#adopt(source, connected.value));
      else {
        this.note('link', `${transport.id}: ${connected.error} ${connected.detail ?? ''}`);
        if (failure.error !== 'wrong-device') failure = connected;
      }
    }
    return failure;
  }

  get #isSearching(): boolean {
    return this.#state === 'reconnecting' || this.#state === 'expected-reboot' || this.#state === 'lost';
  }

  #adopt(source: Source, connection: Connection): void {
    performance.mark('tk:hello');
    this.#connection = connection;
    this.#source = source;
    this.#hello = connection.hello;
    this.#kind = source.kind;
    this.#failure = undefined;
    this.#expectedSerial ??= connection.hello.serial;
    const ended = (cause: string): void => this.#lose(connection, cause);
    connection.transport.onLost = ended;
    connection.host.onLink((change) => {
      if (change.type === 'closed') ended(change.reason);
    });
    connection.host.onEvent((event) => this.#heard(event));
    this.note('link', `${connection.transport.id}: ${redacted(connection.hello)}`);
    this.#stopSamples();
    this.#stopSamples = sampleHealth(connection.host, this.#health?.spark ?? [], this.#environment.now, (health) => {
      this.#health = health;
    });
    this.#setState('ready');
  }

  #heard(event: CableEvent): void {
    this.note('cable', `${event.name} ${redacted(event.body)}`);
    this.#events.tell(event);
  }

  #lose(connection: Connection, cause: string): void {
    if (this.#connection !== connection) return;
    const reboot = connection.host.expectedReboot;
    const nowMs = this.#environment.now();
    const isExpected = reboot !== undefined && reboot.untilMs > nowMs;
    this.note('link', `lost: ${cause}${isExpected ? ', it is restarting' : ''}`);
    const dropped = this.#drop();
    this.#setState(isExpected ? 'expected-reboot' : 'reconnecting');
    void this.#search(isExpected ? reboot.untilMs - nowMs : 0, dropped);
  }

  /** Looks for the terminal quietly: at each plug-in, and with growing pauses between; for ever, but `lost` after the window. */
  async #search(rebootMs: number, dropped: Promise<void>): Promise<void> {
    const source = this.#source;
    if (source === undefined) return;
    this.#turn += 1;
    const turn = this.#turn;
    this.#stopAttach = source.onAttach(() => this.#wakeSearch());
    const beganMs = this.#environment.now();
    await dropped;
    for (let attempt = 0; turn === this.#turn; attempt += 1) {
      const tried = await this.#tryOnce(source, turn);
      if (tried.ok || turn !== this.#turn) break;
      if (tried.error === 'wrong-device' || !passingErrors.has(tried.error)) {
        this.#failure = { error: tried.error, detail: tried.detail ?? '' };
        this.#changes.tell(this.#state);
      }
      const passedMs = this.#environment.now() - beganMs;
      if (passedMs > rebootMs + reconnectWindowMs) this.#setState('lost');
      else if (passedMs > rebootMs && this.#state === 'expected-reboot') this.#setState('reconnecting');
      await this.#pause(backOffMs(attempt));
    }
    if (turn === this.#turn) this.#stopAttach();
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wakeSearch = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  async #yieldToOtherTab(): Promise<void> {
    const source = this.#source;
    const expected = this.#expectedSerial;
    await this.close();
    this.#source = source;
    this.#expectedSerial = expected;
    this.#fail('other-tab', '');
  }

  #leavePage(): void {
    this.#begin(this.#expectedSerial);
    void this.#drop();
    this.#state = 'idle';
  }

  async #drop(): Promise<void> {
    const connection = this.#connection;
    this.codes.close();
    this.#connection = undefined;
    this.#stopSamples();
    await connection?.close();
  }

  #fail(error: OpenError, detail: string): void {
    this.#failure = { error, detail };
    this.note('link', `${error} ${detail}`);
    this.#setState('failed');
  }

  #setState(state: CableState): void {
    if (this.#state !== state) this.note('link', `state ${this.#state} → ${state}`);
    this.#state = state;
    this.#changes.tell(this.#state);
  }
}
