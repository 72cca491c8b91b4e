import * as v from 'valibot';
import type { Fault, PlatformStandIn } from '../stand-in.ts';
import type { StandInTools } from './platforms.ts';
import type { WireAnswer, WireRequest } from './wire.ts';

const times = v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(1000)));
const delayMs = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(86_400_000));
const call = v.pipe(v.string(), v.minLength(1), v.maxLength(40));

const faultSchema = v.variant('kind', [
  v.object({
    kind: v.literal('notify'),
    how: v.picklist(['lost', 'late', 'double', 'reordered', 'before-answer']),
    delayMs: v.optional(delayMs),
    times,
  }),
  v.object({ kind: v.literal('notify-forged'), only: v.optional(v.boolean()), times }),
  v.object({ kind: v.literal('answer-lost'), call, times }),
  v.object({
    kind: v.literal('status'),
    call,
    status: v.pipe(v.number(), v.integer(), v.minValue(400), v.maxValue(599)),
    times,
  }),
  v.object({ kind: v.literal('slow'), call, delayMs, times }),
  v.object({ kind: v.literal('wrong-signature'), call, times }),
  v.object({ kind: v.literal('wire'), how: v.picklist(['cut', 'double', 'other-trace']), call, times }),
  v.object({ kind: v.literal('pay-after-close'), times }),
  v.object({ kind: v.literal('double-pay'), times }),
  v.object({
    kind: v.literal('wrong-amount'),
    amountFen: v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(1_000_000_000)),
    times,
  }),
]);

const bodySchema = v.union([v.object({ plan: faultSchema }), v.object({ clear: v.literal(true) })]);

/**
 * The control interface: `GET /control/CODE` tells faults, payments and the tries of notifications; `POST` with
 * `{"plan": fault}` or `{"clear": true}` changes the plan. Only JSON is taken, so that no other page's form can post here.
 */
export function answerControl(
  standIns: ReadonlyMap<string, PlatformStandIn>,
  parts: ReadonlyMap<string, StandInTools>,
  request: WireRequest,
): WireAnswer {
  const code = decodeURIComponent(request.target.split('?')[0]?.slice('/control/'.length) ?? '');
  const standIn = standIns.get(code);
  const tools = parts.get(code);
  if (standIn === undefined || tools === undefined) return json(404, { error: `No stand-in is called ${code}.` });
  if (request.method === 'GET') {
    return json(200, { faults: tools.faults.list(), payments: standIn.payments(), notices: tools.notifier.tries });
  }
  const body = v.safeParse(bodySchema, readJson(request));
  if (!body.success) return json(400, { error: body.issues[0].message });
  if ('clear' in body.output) standIn.clearFaults();
  else {
    try {
      standIn.plan(withoutUndefined(body.output.plan));
    } catch (error) {
      return json(409, { error: error instanceof Error ? error.message : 'refused' });
    }
  }
  return json(200, { faults: tools.faults.list() });
}

/** The JSON body; `undefined` unless the request says that it is JSON. */
export function readJson(request: WireRequest): unknown {
  if (!/^application\/json\b/.test(request.headers['content-type'] ?? '')) return undefined;
  try {
    return JSON.parse(request.body.toString('utf8')) as unknown;
  } catch {
    return undefined;
  }
}

/** An answer in JSON that nobody keeps. */
export function json(status: number, value: unknown): WireAnswer {
  return {
    status,
    headers: { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' },
    body: JSON.stringify(value),
  };
}

function withoutUndefined(fault: v.InferOutput<typeof faultSchema>): Fault {
  return Object.fromEntries(Object.entries(fault).filter(([, value]) => value !== undefined)) as unknown as Fault;
}
