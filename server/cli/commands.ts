import { join } from 'node:path';
import * as v from 'valibot';
import { defaultUnlockPolicy } from '../../domain/unlock/policy-default.ts';
import { invitePersonSchema } from '../../protocol/http/people.ts';
import type { ServerConfig } from '../config.ts';
import type { ServerContext } from '../context.ts';
import { keyKinds, parseKeyFile, readOrMakeKeyFile, rotateKey, writeKeyFile } from '../keys/key-file.ts';
import { feeCheck, feeCompare, feeRate, feeSchema } from './fee-commands.ts';
import { listField, revokeField } from './field.ts';
import { exportCase, printLogKeys, verifyDatabase, verifyFile } from './audit-commands.ts';
import type { CliOptions, Print } from './options.ts';
import { addWitness, listWitnesses, runWitness } from './witness-command.ts';

/** One command: configuration, arguments, where to print, options. @returns the exit code: 0 done, 1 failed, 2 misused. */
type Command = (config: ServerConfig, args: readonly string[], print: Print, options: CliOptions) => Promise<number>;

/** Every command by its two words. The server is loaded by those that need it, so that a bill is rated in a moment. */
export const commands: Readonly<Record<string, Command>> = {
  'people invite': (config, args, print) => withContext(config, (context) => invite(context, args, print)),
  'people list': (config, _args, print) => withContext(config, (context) => listPeople(context, print)),
  'keys list': async (config, _args, print) => listKeys(config, print),
  'keys rotate': (config, args, print) => rotate(config, args[0], print),
  'audit verify': async (config, [file], print, options) =>
    file === undefined
      ? withContext(config, (context) => verifyDatabase(context, print))
      : verifyFile(file, options, print),
  'audit export': (config, args, print, options) =>
    withContext(config, (context) => exportCase(context, args, options, print)),
  'audit key': (config, _args, print) => withContext(config, (context) => printLogKeys(context, print)),
  'witness add': (config, args, print) => withContext(config, (context) => addWitness(context, args, print)),
  'witness list': (config, _args, print) => withContext(config, (context) => listWitnesses(context, print)),
  witness: (_config, _args, print, options) => runWitness(options, print),
  'field list': (config, _args, print) => withContext(config, (context) => listField(context, print)),
  'field revoke': (config, args, print) => withContext(config, (context) => revokeField(context, args, print)),
  'fee rate': async (_config, _args, print, options) => feeRate(options, print),
  'fee check': async (_config, args, print) => feeCheck(args, print),
  'fee compare': async (_config, args, print, options) => feeCompare(args, options, print),
  'fee schema': async (_config, _args, print) => {
    print(JSON.stringify(feeSchema(), null, 2));
    return 0;
  },
  'policy show': async (config, _args, print) => showPolicy(config, print),
  migrate: (config, _args, print) => withDatabase(config, (url) => migrateNow(url, print)),
};

/** Runs over the configured database, or over the embedded one, which a running server then shares. */
async function withDatabase(config: ServerConfig, run: (url: string) => Promise<number>): Promise<number> {
  if (config.databaseUrl !== undefined) return run(config.databaseUrl);
  const { startEmbedded } = await import('../store/embedded.ts');
  const embedded = await startEmbedded({ dataDir: config.dataDir });
  try {
    return await run(embedded.url);
  } finally {
    if (embedded.isOwner) await embedded.stop();
  }
}

function withContext(config: ServerConfig, run: (context: ServerContext) => Promise<number>): Promise<number> {
  return withDatabase(config, async (databaseUrl) => {
    await migrateNow(databaseUrl, () => undefined);
    const [{ createContext }, { createLog }] = await Promise.all([import('../context.ts'), import('../log.ts')]);
    const publicUrl = config.publicUrl ?? `http://localhost:${String(config.port ?? 0)}`;
    const context = await createContext({ ...config, databaseUrl, publicUrl, allowedOrigins: [] }, createLog('silent'));
    try {
      return await run(context);
    } finally {
      await context.close();
    }
  });
}

async function migrateNow(databaseUrl: string, print: Print): Promise<number> {
  const [{ openStore }, { migrate }, { createLog }] = await Promise.all([
    import('../store/database.ts'),
    import('../store/migrate.ts'),
    import('../log.ts'),
  ]);
  const store = openStore(databaseUrl, 1, createLog('warn'));
  try {
    const applied = await migrate(store.pool);
    print(applied.length === 0 ? 'The database is up to date.' : `Applied: ${applied.join(', ')}`);
    return 0;
  } finally {
    await store.close();
  }
}

async function invite(context: ServerContext, [email, name, role]: readonly string[], print: Print): Promise<number> {
  const parsed = v.safeParse(invitePersonSchema, { email, name, role });
  if (!parsed.success) {
    const [issue] = parsed.issues;
    print(`${v.getDotPath(issue) ?? 'arguments'}: ${issue.message}`);
    return 2;
  }
  const answer = await context.services.people.invite(undefined, parsed.output);
  if (!answer.ok) {
    print(`Not invited: ${answer.error} ${answer.detail ?? ''}`.trim());
    return 1;
  }
  print(`${answer.value.link}\nWorks once, until ${answer.value.expiresAt}.`);
  return 0;
}

async function listPeople(context: ServerContext, print: Print): Promise<number> {
  const { items } = await context.services.people.list();
  for (const { email, name, role, state, passkeys, totp } of items) {
    print(
      [
        role.padEnd(11),
        state.padEnd(9),
        email,
        name,
        `passkeys ${String(passkeys)}`,
        `totp ${totp ? 'yes' : 'no'}`,
      ].join('  '),
    );
  }
  return 0;
}

function readKeys(config: ServerConfig) {
  return config.keys === undefined ? readOrMakeKeyFile(keyPath(config), Date.now()) : parseKeyFile(config.keys);
}

const keyPath = (config: ServerConfig): string => join(config.dataDir, 'keys.json');

function listKeys(config: ServerConfig, print: Print): number {
  for (const { id, kind, state, createdAt, notAfterSeconds } of readKeys(config).keys) {
    const end = notAfterSeconds === 0 ? 'no end' : `until ${new Date(notAfterSeconds * 1000).toISOString()}`;
    print([id, kind.padEnd(15), state.padEnd(8), createdAt, end].join('  '));
  }
  return 0;
}

async function rotate(config: ServerConfig, wanted: string | undefined, print: Print): Promise<number> {
  const kind = keyKinds.find((name) => name === wanted);
  if (kind === undefined || kind === 'root') {
    print(`keys rotate: name one of ${keyKinds.filter((name) => name !== 'root').join(', ')}`);
    return 2;
  }
  if (config.keys !== undefined) {
    print('keys rotate: the keys come from TILLKEEPER_KEYS; change them where they are kept');
    return 1;
  }
  writeKeyFile(keyPath(config), rotateKey(readKeys(config), kind, Date.now()));
  return withContext(config, async (context) => {
    // A running server hears this and reads the file again.
    context.core.bus.publish({ name: 'keys', id: kind });
    print(`New ${kind} key; keyset ${String(context.trust.keyset().sequence)} is in force.`);
    return 0;
  });
}

function showPolicy(config: ServerConfig, print: Print): number {
  const policy = config.policy ?? defaultUnlockPolicy;
  print(`Policy ${String(policy.version)}`);
  for (const { number, outcome, text } of policy.rules)
    print(`${String(number).padStart(3)}  ${outcome.padEnd(7)} ${text}`);
  for (const term of policy.probation) {
    print(
      `     ${String(term.hours)} h probation, ${String(term.transactionLimitFen)} fen a payment: ${term.reasonsOnly.join(', ')}`,
    );
  }
  return 0;
}
