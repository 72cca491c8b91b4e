import { err, ok } from '../../../domain/result.ts';
import type { AppScreen } from '../../../protocol/http/terminal-app.ts';
import type { Actor, Answer } from '../../answer.ts';
import { writeAudit } from '../../audit/records.ts';
import type { Core } from '../../core.ts';
import { appOfToken } from './sessions.ts';

/** A terminal whose app is signed in. */
export interface SignedInApp {
  readonly terminalId: string;
  readonly merchantId: string;
  readonly appId: string;
  readonly label: string;
}

/** Finds who a bearer token belongs to, and forgets what changes make untrue. */
export interface AppFinder {
  find(token: string): Promise<SignedInApp | undefined>;
  close(): void;
}

const believedMs = 3_000;
const rememberedMax = 5_000;

/**
 * Tokens are checked against the app's row, remembered for three seconds; a change of the terminal that the bus tells of
 * is forgotten at once, so that a revoked app is refused at its next call.
 */
export function createAppFinder(core: Core): AppFinder {
  const remembered = new Map<string, { readonly app: SignedInApp; readonly untilMs: number }>();
  const unsubscribe = core.bus.subscribe((event) => {
    if (event.name !== 'control' && event.name !== 'terminal') return;
    for (const [appId, { app }] of remembered) if (app.terminalId === event.id) remembered.delete(appId);
  });
  return {
    close: unsubscribe,
    find: async (token) => {
      const appId = appOfToken(core, token);
      if (appId === undefined) return undefined;
      const known = remembered.get(appId);
      if (known !== undefined && known.untilMs > performance.now()) return known.app;
      const app = await readApp(core, appId);
      remembered.delete(appId);
      if (remembered.size >= rememberedMax) remembered.clear();
      if (app !== undefined) remembered.set(appId, { app, untilMs: performance.now() + believedMs });
      return app;
    },
  };
}

async function readApp(core: Core, appId: string): Promise<SignedInApp | undefined> {
  const row = await core.db
    .selectFrom('terminal_apps as a')
    .innerJoin('terminals as t', 't.id', 'a.terminal_id')
    .select(['t.id', 't.merchant_id', 't.label'])
    .where('a.id', '=', appId)
    .where('a.state', '=', 'active')
    .where('t.stolen', '=', false)
    .executeTakeFirst();
  return row === undefined ? undefined : { terminalId: row.id, merchantId: row.merchant_id, appId, label: row.label };
}

/** Takes the terminal's app out of service; its next call is refused. `not-found` when no app is paired. */
export async function revokeApp(core: Core, actor: Actor, terminalId: string): Promise<Answer<{ done: true }>> {
  const nowMs = core.clock();
  const merchantId = await core.db.transaction().execute(async (db) => {
    const revoked = await db
      .updateTable('terminal_apps')
      .set({ state: 'revoked' })
      .where('terminal_id', '=', terminalId)
      .where('state', '=', 'active')
      .returning('id')
      .executeTakeFirst();
    if (revoked === undefined) return undefined;
    await writeAudit(db, nowMs, {
      act: 'terminal-app.revoked',
      actorId: actor.id,
      subject: `terminal:${terminalId}`,
      facts: { appId: revoked.id },
    });
    const terminal = await db
      .selectFrom('terminals')
      .select('merchant_id')
      .where('id', '=', terminalId)
      .executeTakeFirstOrThrow();
    return terminal.merchant_id;
  });
  if (merchantId === undefined) return err('not-found');
  core.bus.publish(
    { name: 'control', id: terminalId, scope: { merchantId, terminalId } },
    { name: 'audit', id: terminalId },
  );
  return ok({ done: true });
}

/** Keeps what a terminal says that it shows. */
export async function reportScreen(core: Core, app: SignedInApp, screen: AppScreen): Promise<Answer<{ done: true }>> {
  const { merchantId, terminalId } = app;
  const before = await core.db
    .selectFrom('terminal_apps')
    .select(['screen', 'last_seen_at'])
    .where('id', '=', app.appId)
    .executeTakeFirst();
  await core.db
    .updateTable('terminal_apps')
    .set({ screen: JSON.stringify(screen), last_seen_at: new Date(core.clock()) })
    .where('id', '=', app.appId)
    .where('state', '=', 'active')
    .execute();
  // A report that changes nothing but the time is no news while the terminal is known to be there.
  const isNews = !isSameScreen(before?.screen ?? undefined, screen) || !isOnline(core, before?.last_seen_at ?? null);
  if (isNews) core.bus.publish({ name: 'board', id: terminalId, scope: { merchantId, terminalId } });
  return ok({ done: true });
}

function isSameScreen(before: AppScreen | undefined, now: AppScreen): boolean {
  return (['screen', 'version', 'cable', 'paper'] as const).every((name) => before?.[name] === now[name]);
}

const onlineMs = 120_000;

/** True when the app was heard within two minutes; it reports once a minute. */
export function isOnline(core: Core, lastSeenAt: Date | null): boolean {
  return lastSeenAt !== null && core.clock() - lastSeenAt.getTime() < onlineMs;
}
