import { err, ok } from '../../../domain/result.ts';
import type { ControlView, SetControl } from '../../../protocol/http/control.ts';
import { controlStates } from '../../../protocol/http/terminal-app.ts';
import type { Actor, Answer } from '../../answer.ts';
import { writeAudit } from '../../audit/records.ts';
import type { Core } from '../../core.ts';
import type { Db } from '../../store/database.ts';

interface ControlRow {
  readonly state: ControlView['state'];
  readonly state_reason: string;
  readonly by: string | null;
  readonly changed_at: Date | null;
}

const running: ControlView = { state: 'active', reason: '' };

/** A control as screens show it; nobody ever having changed it means that it runs. */
export function controlOf(row: ControlRow | undefined): ControlView {
  if (row === undefined) return running;
  return {
    state: row.state,
    reason: row.state_reason,
    ...(row.by === null ? {} : { by: row.by }),
    ...(row.changed_at === null ? {} : { changedAt: row.changed_at.toISOString() }),
  };
}

/** The stricter of a terminal's and its merchant's control: what the terminal is held to. */
export function strictest(terminal: ControlView, merchant: ControlView): ControlView {
  return controlStates.indexOf(merchant.state) > controlStates.indexOf(terminal.state) ? merchant : terminal;
}

/** How a terminal is controlled, by itself and by its merchant, with the names of who did it. */
export async function readControls(
  core: Core,
  merchantId: string,
  terminalId: string,
): Promise<{ readonly control: ControlView; readonly merchantControl: ControlView }> {
  const [terminal, merchant] = await Promise.all([
    core.db
      .selectFrom('terminal_settings as s')
      .leftJoin('user as u', 'u.id', 's.by')
      .select(['s.state', 's.state_reason', 's.changed_at'])
      .select((eb) => eb.fn.coalesce('u.name', 's.by').as('by'))
      .where('terminal_id', '=', terminalId)
      .executeTakeFirst(),
    core.db
      .selectFrom('merchant_settings as s')
      .leftJoin('user as u', 'u.id', 's.by')
      .select(['s.state', 's.state_reason', 's.changed_at'])
      .select((eb) => eb.fn.coalesce('u.name', 's.by').as('by'))
      .where('merchant_id', '=', merchantId)
      .executeTakeFirst(),
  ]);
  return { control: controlOf(terminal), merchantControl: controlOf(merchant) };
}

/** A control needs a reason unless it lets things run again. @returns the faulty field. */
function faultOf(body: SetControl): string | undefined {
  return body.state !== 'active' && body.reason === '' ? 'reason' : undefined;
}

/**
 * Pauses, stops or resumes one terminal. What is in progress goes on to its end. `keepsStop`: one that is stopped stays so
 * (`not-in-state`); looked at in the write itself, so that a stop of the same moment is not undone.
 */
export async function controlTerminal(
  core: Core,
  actor: Actor,
  terminalId: string,
  body: SetControl,
  keepsStop = false,
): Promise<Answer<ControlView>> {
  const fault = faultOf(body);
  if (fault !== undefined) return err('bad-request', fault);
  const now = new Date(core.clock());
  const place = await core.db.transaction().execute(async (db) => {
    const terminal = await db
      .selectFrom('terminals')
      .select('merchant_id')
      .where('id', '=', terminalId)
      .executeTakeFirst();
    if (terminal === undefined) return undefined;
    const set = { state: body.state, state_reason: body.reason, by: actor.id, changed_at: now };
    const written = await db
      .insertInto('terminal_settings')
      .values({ terminal_id: terminalId, ...set })
      .onConflict((conflict) => {
        const updated = conflict.column('terminal_id').doUpdateSet(set);
        return keepsStop ? updated.where('terminal_settings.state', '!=', 'stopped') : updated;
      })
      .executeTakeFirst();
    if (written.numInsertedOrUpdatedRows !== 1n) return 'stopped';
    await writeControl(db, actor, `terminal:${terminalId}`, body, now);
    return { merchantId: terminal.merchant_id };
  });
  if (place === undefined) return err('not-found');
  if (place === 'stopped') return err('not-in-state', 'the office stopped this terminal');
  const { merchantId } = place;
  core.bus.publish(
    { name: 'control', id: terminalId, scope: { merchantId, terminalId } },
    { name: 'audit', id: terminalId },
  );
  return ok({ state: body.state, reason: body.reason, by: actor.name, changedAt: now.toISOString() });
}

/** Pauses, stops or resumes every terminal of a merchant. */
export async function controlMerchant(
  core: Core,
  actor: Actor,
  merchantId: string,
  body: SetControl,
): Promise<Answer<ControlView>> {
  const fault = faultOf(body);
  if (fault !== undefined) return err('bad-request', fault);
  const now = new Date(core.clock());
  const isKnown = await core.db.transaction().execute(async (db) => {
    const merchant = await db.selectFrom('merchants').select('id').where('id', '=', merchantId).executeTakeFirst();
    if (merchant === undefined) return false;
    const set = { state: body.state, state_reason: body.reason, by: actor.id, changed_at: now };
    await db
      .insertInto('merchant_settings')
      .values({ merchant_id: merchantId, ...set })
      .onConflict((conflict) =>
        conflict.column('merchant_id').doUpdateSet((eb) => ({
          ...set,
          version: eb('merchant_settings.version', '+', 1),
        })),
      )
      .execute();
    await writeControl(db, actor, `merchant:${merchantId}`, body, now);
    return true;
  });
  if (!isKnown) return err('not-found');
  core.bus.publish({ name: 'control', id: merchantId, scope: { merchantId } }, { name: 'audit', id: merchantId });
  return ok({ state: body.state, reason: body.reason, by: actor.name, changedAt: now.toISOString() });
}

function writeControl(db: Db, actor: Actor, subject: string, body: SetControl, now: Date): Promise<void> {
  const act = { active: 'control.resumed', paused: 'control.paused', stopped: 'control.stopped' }[body.state];
  return writeAudit(db, now.getTime(), { act, actorId: actor.id, subject, facts: { reason: body.reason } });
}
