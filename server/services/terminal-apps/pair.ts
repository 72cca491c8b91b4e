import { err, ok, type Result } from '../../../domain/result.ts';
import { equalBytes } from '../../../protocol/bytes.ts';
import type { Pair, Paired } from '../../../protocol/http/terminal-app.ts';
import {
  decodePairingStatement,
  type PairingStatement,
  pairingSignedBytes,
} from '../../../protocol/pairing/v1/statement.ts';
import { verifyStrict } from '../../../protocol/unlock/v1/ed25519.ts';
import type { Answer } from '../../answer.ts';
import { writeAudit } from '../../audit/records.ts';
import type { Core } from '../../core.ts';
import type { Db } from '../../store/database.ts';
import { uuidv7 } from '../../store/uuid.ts';
import { codeHash, codeTriesMax, countTry, useCode } from './codes.ts';
import { isAppKey } from './sessions.ts';

interface Evidence {
  readonly statement: PairingStatement;
  readonly statementBytes: Uint8Array;
  readonly signature: Uint8Array;
}

const bytesOf = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'base64url'));

/** What the body proves by itself: a statement about this very key and code. The device's signature is checked later. */
function evidenceOf(body: Pair): Result<Evidence, 'bad-request'> {
  const publicKey = bytesOf(body.publicKey);
  if (!isAppKey(publicKey)) return err('bad-request', 'publicKey');
  const statementBytes = bytesOf(body.statement);
  const decoded = decodePairingStatement(statementBytes);
  if (!decoded.ok) return err('bad-request', 'statement');
  const statement = decoded.value;
  if (!equalBytes(statement.appPublicKey, publicKey)) return err('bad-request', 'publicKey');
  if (statement.code !== body.code) return err('bad-request', 'code');
  return ok({ statement, statementBytes, signature: bytesOf(body.signature) });
}

/**
 * Pairs an app with its terminal: the device whose identity the registry holds states the app's key and the code that a
 * person typed, and the code is the office's. An earlier app of the terminal is replaced. The same key with the same code
 * again, while the code is not over, is the same app: an answer may be lost. `expired`: the code is not of this terminal,
 * was used by another, is over or was tried too often. Errors name the field.
 */
export async function pair(core: Core, body: Pair): Promise<Answer<Paired>> {
  const evidence = evidenceOf(body);
  if (!evidence.ok) return evidence;
  const { statement, statementBytes, signature } = evidence.value;
  const terminal = await core.db
    .selectFrom('terminals as t')
    .innerJoin('merchants as m', 'm.id', 't.merchant_id')
    .select(['t.id', 't.label', 't.merchant_id', 't.identity_public_key', 't.stolen', 'm.name'])
    .where('t.device_id', '=', Buffer.from(statement.deviceId))
    .executeTakeFirst();
  if (terminal === undefined) return err('unknown-terminal');
  const isSigned = verifyStrict(terminal.identity_public_key, pairingSignedBytes(statementBytes), signature);
  if (!isSigned) return err('bad-signature', 'signature');
  if (terminal.stolen) return err('not-in-state', 'terminal');
  const appId = uuidv7(core.clock());
  const paired = await core.db.transaction().execute(async (db) => {
    const isNew = await writeApp(core, db, terminal.id, appId, evidence.value);
    return isNew ? appId : pairedBefore(core, db, terminal.id, evidence.value.statement);
  });
  if (paired === undefined) {
    await refuseCode(core, terminal.id);
    return err('expired', 'code');
  }
  const scope = { merchantId: terminal.merchant_id, terminalId: terminal.id };
  if (paired === appId)
    core.bus.publish({ name: 'control', id: terminal.id, scope }, { name: 'audit', id: terminal.id });
  return ok({ appId: paired, terminalId: terminal.id, label: terminal.label, merchantName: terminal.name });
}

async function writeApp(
  core: Core,
  db: Db,
  terminalId: string,
  appId: string,
  { statement, statementBytes, signature }: Evidence,
): Promise<boolean> {
  const now = new Date(core.clock());
  if (!(await useCode(db, terminalId, codeHash(core, statement.code), now))) return false;
  const replaced = await db
    .updateTable('terminal_apps')
    .set({ state: 'replaced' })
    .where('terminal_id', '=', terminalId)
    .where('state', '=', 'active')
    .returning('id')
    .executeTakeFirst();
  await db
    .insertInto('terminal_apps')
    .values({
      terminal_id: terminalId,
      id: appId,
      public_key: statement.appPublicKey,
      statement: statementBytes,
      signature,
      paired_at: now,
    })
    .execute();
  await writeAudit(db, now.getTime(), {
    act: 'terminal-app.paired',
    subject: `terminal:${terminalId}`,
    facts: { appId, ...(replaced === undefined ? {} : { replaces: replaced.id }) },
  });
  return true;
}

/** The app that this very key became with this very code, while the code's time runs and no other app has followed. */
async function pairedBefore(
  core: Core,
  db: Db,
  terminalId: string,
  { code, appPublicKey }: PairingStatement,
): Promise<string | undefined> {
  const app = await db
    .selectFrom('activation_codes as c')
    .innerJoin('terminal_apps as a', (join) =>
      join.onRef('a.terminal_id', '=', 'c.terminal_id').onRef('a.paired_at', '=', 'c.used_at'),
    )
    .select('a.id')
    .where('c.terminal_id', '=', terminalId)
    .where('c.code_hash', '=', codeHash(core, code))
    .where('c.expires_at', '>', new Date(core.clock()))
    .where('a.state', '=', 'active')
    .where('a.public_key', '=', Buffer.from(appPublicKey))
    .executeTakeFirst();
  return app?.id;
}

/** A wrong code counts against the terminal's open one, and is written down when it kills it. */
async function refuseCode(core: Core, terminalId: string): Promise<void> {
  const now = new Date(core.clock());
  await core.db.transaction().execute(async (db) => {
    const tries = await countTry(db, terminalId, now);
    if (tries !== codeTriesMax) return;
    const subject = `terminal:${terminalId}`;
    await writeAudit(db, now.getTime(), { act: 'terminal-app.code-dead', subject, facts: { tries } });
  });
}
