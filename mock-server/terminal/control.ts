import { err, ok } from '../../domain/result.ts';
import type { Result } from '../../domain/result.ts';
import { breakableParts, hardwareSensors } from './body.ts';
import { benchCards } from './bench-cards.ts';
import type { CableOptions } from './cable.ts';
import { cardEntryNames } from './cards.ts';
import { keypadKeys } from './keypad.ts';
import type { TerminalBay } from './terminal-bay.ts';

/** Why an action was not done. */
export type ControlErrorCode =
  /** There is no such action. */
  | 'unknown-action'
  /** A field is missing or wrong; the detail names it. */
  | 'bad-field';

type Fields = Readonly<Record<string, unknown>>;
/** Finds another terminal on the bench, for mix-ups. */
type FindBay = (serial: string) => TerminalBay | undefined;
type Action = (bay: TerminalBay, fields: Fields, find: FindBay) => Promise<Result<void, ControlErrorCode>>;

const done = ok(undefined);

function oneOf<const T extends string>(list: readonly T[], value: unknown): T | undefined {
  return list.find((item) => item === value);
}

function wholeNumber(value: unknown, least: number): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= least ? value : undefined;
}

/** Wraps an action that needs no waiting; a string names the field that is wrong. */
function simply(act: (bay: TerminalBay, fields: Fields) => string | undefined): Action {
  return (bay, fields) => {
    const wrongField = act(bay, fields);
    return Promise.resolve(wrongField === undefined ? done : err('bad-field', wrongField));
  };
}

const trip = simply(({ device }, fields) => {
  const { sensor, hold } = fields as { sensor?: unknown; hold?: unknown };
  if (sensor === 'policy' || sensor === 'self-test') device.lockBySoftware(sensor);
  else if (sensor === 'pin-tries') for (let i = 0; i < 3; i++) device.enterWrongPin();
  else {
    const known = oneOf(hardwareSensors, sensor);
    if (known === undefined) return 'sensor';
    device.trip(known, hold === true);
  }
  return undefined;
});

const repair = simply(({ device }, fields) => {
  const sensor = oneOf(hardwareSensors, fields['sensor']);
  if (sensor === undefined) return 'sensor';
  device.repair(sensor);
  return undefined;
});

const power = simply(({ device }, fields) => {
  if (typeof fields['on'] !== 'boolean') return 'on';
  if (fields['on']) device.powerOn();
  else device.powerOff();
  return undefined;
});

/** Plans one power cut `steps` durable writes from now; the power comes back after `backMs`, if given. */
const cut = simply(({ device }, fields) => {
  const steps = wholeNumber(fields['steps'], 1);
  if (steps === undefined) return 'steps';
  const at = device.supply.steps + steps;
  const isDue = (step: number): boolean => {
    if (step !== at) return false;
    device.supply.plan = {};
    const backMs = wholeNumber(fields['backMs'], 0);
    if (backMs !== undefined) setTimeout(() => device.powerOn(), backMs);
    return true;
  };
  device.supply.plan = fields['when'] === 'after' ? { afterWrite: isDue } : { beforeWrite: isDue };
  return undefined;
});

/** The network of the place: what the terminal itself needs to hand in its on-site records. */
const network = simply(({ device }, fields) => {
  if (typeof fields['up'] !== 'boolean') return 'up';
  device.setNetwork(fields['up']);
  return undefined;
});

const paper = simply(({ device }, fields) => {
  const millimetres = fields['millimetres'];
  if (millimetres !== undefined && wholeNumber(millimetres, 0) === undefined) return 'millimetres';
  device.refillPaper(wholeNumber(millimetres, 0));
  return undefined;
});

const breakPart = simply(({ device }, fields) => {
  const part = oneOf(breakableParts, fields['part']);
  if (part === undefined) return 'part';
  device.setBroken(part, fields['broken'] !== false);
  return undefined;
});

const press = simply((bay, fields) => {
  const key = oneOf(keypadKeys, fields['key']);
  if (key === undefined) return 'key';
  bay.keypad.press(key);
  return undefined;
});

/** Gives a card of the bench to the reader. */
const card = simply(({ device }, fields) => {
  const chosen = benchCards.find(({ id }) => id === fields['card']);
  const entry = oneOf(cardEntryNames, fields['entry']);
  if (chosen === undefined) return 'card';
  if (entry === undefined) return 'entry';
  return device.giveCard(chosen, entry) ? undefined : 'entry';
});

async function line(bay: TerminalBay, fields: Fields): Promise<Result<void, ControlErrorCode>> {
  const baud = wholeNumber(fields['baud'] ?? bay.options.baud ?? 0, 0);
  const oneIn = wholeNumber(fields['noiseOneIn'] ?? bay.options.noise?.oneIn ?? 0, 0);
  if (baud === undefined) return err('bad-field', 'baud');
  if (oneIn === undefined || oneIn === 1) return err('bad-field', 'noiseOneIn');
  const seed = wholeNumber(fields['seed'] ?? 1, 1) ?? 1;
  const options: CableOptions = { ...(baud > 0 ? { baud } : {}), ...(oneIn > 0 ? { noise: { oneIn, seed } } : {}) };
  await bay.setOptions(options);
  return done;
}

async function swap(bay: TerminalBay, fields: Fields, find: FindBay): Promise<Result<void, ControlErrorCode>> {
  const other = find(String(fields['with']));
  if (other === undefined) return err('bad-field', 'with');
  await bay.replug(other.device);
  return done;
}

const actions: Readonly<Record<string, Action>> = {
  trip,
  repair,
  power,
  cut,
  network,
  paper,
  press,
  card,
  'take-card': simply(({ device }) => (device.takeCardOut() ? undefined : 'card')),
  line,
  swap,
  break: breakPart,
  'wrong-pin': simply(({ device }) => void device.enterWrongPin()),
  'tear-off': simply(({ device }) => void device.firmware?.printer.tearOff()),
  restart: simply(({ device }) => void device.restart()),
  async scan(bay, fields) {
    if (typeof fields['text'] !== 'string') return err('bad-field', 'text');
    const scanned = await bay.codes.scan(fields['text']);
    return scanned.ok ? done : err('bad-field', `text: ${scanned.error}`);
  },
  async 'show-code'(bay) {
    return (await bay.codes.open()) ? done : err('bad-field', 'off');
  },
  'hide-code': simply(({ codes }) => void codes.hide()),
  async unplug(bay) {
    await bay.unplug();
    return done;
  },
  async replug(bay) {
    await bay.replug();
    return done;
  },
};

/** The names of all actions. */
export const controlActions: readonly string[] = Object.keys(actions);

/** Does what a person or a test asks of one terminal. `body` comes from outside and is checked. */
export async function control(bay: TerminalBay, body: unknown, find: FindBay): Promise<Result<void, ControlErrorCode>> {
  if (typeof body !== 'object' || body === null) return err('unknown-action');
  const fields = body as Fields;
  const name = fields['action'];
  const action = typeof name === 'string' && Object.hasOwn(actions, name) ? actions[name] : undefined;
  return action === undefined ? err('unknown-action', controlActions.join(', ')) : await action(bay, fields, find);
}
