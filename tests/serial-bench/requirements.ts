import { spawnSync } from 'node:child_process';
import { findChromium } from './chromium.ts';

function works(program: string, args: readonly string[]): boolean {
  return spawnSync(program, args, { stdio: 'ignore' }).status === 0;
}

const isRoot = process.getuid?.() === 0;

/** Why this machine cannot show Chromium a serial port; undefined when it can. */
export function serialBenchProblem(): string | undefined {
  if (process.platform !== 'linux') return 'the serial bench needs Linux (mount namespaces, pseudo-terminals)';
  if (findChromium() === undefined) return 'Chromium is not installed (apt-get install chromium)';
  if (!works('socat', ['-V'])) return 'socat is not installed (apt-get install socat)';
  if (!works('unshare', [isRoot ? '-m' : '-Urm', 'true'])) {
    return 'this machine refuses mount namespaces (unshare): run as root, or allow user namespaces';
  }
  return undefined;
}

/** Why the port cannot be unplugged and replugged here; undefined when it can. */
export function unplugProblem(): string | undefined {
  const problem = serialBenchProblem();
  if (problem !== undefined) return problem;
  if (!isRoot) return 'unplugging sends a udev message, which the kernel lets only root do';
  if (!works('perl', ['-e', '1'])) return 'perl is not installed (apt-get install perl-base)';
  return undefined;
}

/** Why no test in Chromium can run here; undefined when they can. */
export function chromiumProblem(): string | undefined {
  return findChromium() === undefined ? 'Chromium is not installed (apt-get install chromium)' : undefined;
}
