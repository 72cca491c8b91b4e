import { appOps } from './app.ts';
import { cardOps } from './card.ts';
import { diagnoseOps } from './diagnose.ts';
import type { eventTable } from './events.ts';
import { identityOps } from './identity.ts';
import { journalOps } from './journal.ts';
import { lockOps } from './lock.ts';
import type { BodyOf, OpSpec, ParamsOf, ReplyOf } from './op.ts';
import { terminalOps } from './terminal.ts';
import { transferOps } from './transfer.ts';
import type { FieldTable } from '../fields.ts';

/** Every operation of the cable, by name. */
export const ops = {
  ...identityOps,
  ...lockOps,
  ...diagnoseOps,
  ...journalOps,
  ...transferOps,
  ...terminalOps,
  ...cardOps,
  ...appOps,
} as const;

/** Name of an operation. */
export type OpName = keyof typeof ops;
/** Parameters of operation `K`. */
export type Params<K extends OpName> = ParamsOf<(typeof ops)[K]>;
/** Reply of operation `K`. */
export type Reply<K extends OpName> = ReplyOf<(typeof ops)[K]>;

/** Name of an event. */
export type EventName = keyof typeof eventTable;
/** Body of event `K`. */
export type EventBody<K extends EventName> = BodyOf<(typeof eventTable)[K]>;
/** An event as it reaches a listener. */
export type CableEvent = { [K in EventName]: { readonly name: K; readonly body: EventBody<K> } }[EventName];

/** Number → name of every operation. */
export const opNames: ReadonlyMap<number, OpName> = new Map(
  (Object.keys(ops) as OpName[]).map((name) => [ops[name].code, name]),
);

/** The specification of an operation without its exact types, for code that handles all of them alike. */
export function opSpec(name: OpName): OpSpec<FieldTable, FieldTable> {
  return ops[name];
}
