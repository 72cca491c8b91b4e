// First thing that every npm script runs. Plain JavaScript for any Node ≥ 20, because on a bare clone nothing is
// installed yet: it installs what is missing, says why when it cannot, and hands over to the pinned Node 24.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const bin = join(root, 'node_modules', '.bin');
const stamp = join(root, 'node_modules', '.installed-from');
const installLock = join(root, '.cache', 'install.lock');
const installWaitMs = 600_000;
const aptWaitMs = 300_000;

/** Task → the script that runs it, what it needs besides the node modules, and what makes it quicker. */
const tasks = {
  start: { script: 'scripts/start.ts', needs: [] },
  dev: { script: 'scripts/dev.ts', needs: [] },
  build: { script: 'scripts/build.ts', needs: [] },
  check: { script: 'scripts/check.ts', needs: [] },
  test: { script: 'scripts/test.ts', needs: ['chromium', 'fonts', 'socat'], helps: ['shell'] },
  bench: { script: 'scripts/bench.ts', needs: ['chromium', 'socat', 'pgbench'] },
  demo: { script: 'scripts/demo.ts', needs: ['chromium', 'fonts', 'socat'] },
  till: { script: 'server/cli/main.ts', needs: [] },
};

/** What Debian's packages bring, and how to see that it is there. */
const debianParts = {
  chromium: { packages: ['chromium'], present: () => found('chromium', 'chromium-browser', 'google-chrome') },
  shell: { packages: ['chromium-headless-shell'], present: () => found('chromium-headless-shell') },
  fonts: { packages: ['fonts-noto-cjk', 'fonts-roboto-unhinted'], present: () => hasFonts() },
  socat: { packages: ['socat'], present: () => found('socat') },
  pgbench: { packages: ['postgresql-contrib'], present: () => found('pgbench') || existsSync('/usr/lib/postgresql') },
};

function found(...names) {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/bin', '/usr/local/bin'];
  return names.some((name) => folders.some((folder) => existsSync(join(folder, name))));
}

function hasFonts() {
  const list = (pattern) => spawnSync('fc-list', [pattern, 'family'], { encoding: 'utf8' }).stdout ?? '';
  return list(':lang=zh').trim() !== '' && list('Roboto').trim() !== '';
}

function fail(message) {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}

function lockHash() {
  return createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
}

function installed() {
  return existsSync(stamp) && readFileSync(stamp, 'utf8') === lockHash() && existsSync(join(bin, 'node'));
}

/** One installer at a time: two npm scripts started together on a bare clone would else write the same folder. */
function withInstallLock(work) {
  mkdirSync(dirname(installLock), { recursive: true });
  const giveUpAt = Date.now() + installWaitMs;
  for (;;) {
    try {
      mkdirSync(installLock);
      break;
    } catch {
      if (Date.now() > giveUpAt) fail(`Another install holds ${installLock} for too long; remove it and try again.`);
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 500);
    }
  }
  try {
    work();
  } finally {
    rmSync(installLock, { recursive: true, force: true });
  }
}

function installModules() {
  if (installed()) return;
  withInstallLock(() => {
    if (installed()) return;
    process.stderr.write('Installing node modules (npm ci) …\n');
    const npm = spawnSync('npm', ['ci', '--no-fund', '--no-audit'], { cwd: root, stdio: ['ignore', 2, 2] });
    if (npm.status !== 0)
      fail('npm ci failed: see its message above. A network connection to an npm registry is needed once.');
    writeFileSync(stamp, lockHash());
  });
}

const isRoot = process.getuid?.() === 0;

/** True when apt-get brought them. */
function aptInstall(packages) {
  const limits = { stdio: ['ignore', 'ignore', 2], timeout: aptWaitMs };
  spawnSync('apt-get', ['update'], limits);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  return (
    spawnSync('apt-get', ['install', '-y', '--no-install-recommends', ...packages], { ...limits, env }).status === 0
  );
}

function installDebianParts({ needs, helps = [] }) {
  const missing = needs.filter((need) => !debianParts[need].present());
  const packages = missing.flatMap((need) => debianParts[need].packages);
  const command = `apt-get install -y ${packages.join(' ')}`;
  const canInstall = found('apt-get') && isRoot;
  if (missing.length > 0 && !canInstall) {
    process.stderr.write(
      `Missing: ${missing.join(', ')}. Not installed: ${found('apt-get') ? 'that needs root' : 'there is no apt-get'}. ` +
        `On Debian run: sudo ${command}\nWhat needs it is skipped, with this reason printed.\n`,
    );
  } else if (missing.length > 0) {
    process.stderr.write(`Installing ${packages.join(', ')} (${command}) …\n`);
    if (!aptInstall(packages)) {
      process.stderr.write(`Could not install ${packages.join(', ')}; what needs it is skipped.\n`);
    }
  }
  // What only makes it quicker is installed apart, so that it hinders nothing where it cannot be had.
  const quicker = helps.filter((part) => !debianParts[part].present()).flatMap((part) => debianParts[part].packages);
  if (quicker.length > 0 && canInstall && !aptInstall(quicker)) {
    process.stderr.write(`Could not install ${quicker.join(', ')}; it goes without, slower.\n`);
  }
}

const [name, ...rest] = process.argv.slice(2);
const task = Object.hasOwn(tasks, name ?? '') ? tasks[name] : undefined;
if (!task) fail(`Unknown task ${name ?? '(none)'}. Known: ${Object.keys(tasks).join(', ')}`);
installModules();
installDebianParts(task);
const child = spawn(join(bin, 'node'), ['--disable-warning=ExperimentalWarning', join(root, task.script), ...rest], {
  cwd: root,
  stdio: 'inherit',
  env: { ...process.env, PATH: `${bin}${delimiter}${process.env.PATH ?? ''}` },
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
child.on('exit', (code, signal) => process.exit(signal ? 1 : (code ?? 1)));
