import { join } from 'node:path';
import { renderUnicodeCompact } from 'uqr';
import { builtAppFolder, ensureBuilt } from './build-app.ts';
import { authorityPath, lanAddress } from './lan.ts';
import { projectRoot } from './processes.ts';
import { startStack, type Stack } from './stack.ts';

/** What differs between `npm start` and `npm run dev`. */
export interface StartOptions {
  readonly serveBuiltApp: boolean;
}

const defaultServerPort = 8640;
const defaultTerminalsPort = 8641;
const defaultPlatformsPort = 8642;
/** The https fronts of server and wallet, counted from the server's port: three are the platforms'. */
const lanPortsAbove = 5;
const viteOrigin = 'http://localhost:5173';

function portFrom(name: string, fallback: number): number {
  const text = process.env[name];
  if (text === undefined || text === '') return fallback;
  const port = Number(text);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new Error(`${name}: ${text} is no port number`);
  return port;
}

function greeting(stack: Stack, appUrl: string): string {
  return [
    '',
    `  App         ${appUrl}`,
    `  Terminals   ${stack.terminals.url.replace('//127.0.0.1', '//localhost')}   (screens, keypads, paper, sensors, the demo approver's codes)`,
    `  Wallet      ${stack.platforms.url.replace('http://127.0.0.1', 'http://localhost')}   (the customers’ simulated wallets: scan or paste a code, pay)`,
    `  Terminal    ${appUrl}/terminal   (the shop’s screen; choose E1-01 and pair it)`,
    `  Interface   ${stack.url}/openapi.json`,
    '',
    '  Sign in with one click as a demo technician, approver or operator. Ctrl+C ends everything.',
    '',
    '',
  ].join('\n');
}

function lanGreeting({ lan }: Stack): string {
  if (lan === undefined) return '';
  const code = renderUnicodeCompact(lan.url, { border: 2 });
  return [
    `  On this network   ${lan.url}   (wallet: ${lan.walletUrl})`,
    '  Scan it with a phone in the same Wi-Fi. The certificate is this machine’s own: the phone asks once at each address,',
    `  or trust the authority for good: ${lan.url}${authorityPath}`,
    `  Open the terminal at ${lan.url}/terminal, so that its codes lead here. Passkeys need a host name and do not work there.`,
    '  Whoever is in this network can use the demo, and sign in to it.',
    '',
    code
      .split('\n')
      .map((line) => `  ${line}`)
      .join('\n'),
    '',
    '',
  ].join('\n');
}

/** Reads `--lan` or `--lan=ADDRESS`. Throws with the argument's name for anything else. */
function lanFrom(
  args: readonly string[],
  serverPort: number,
): NonNullable<Parameters<typeof startStack>[0]['lan']> | undefined {
  const [first, ...more] = args;
  if (first === undefined) return undefined;
  if (more.length > 0 || !/^--lan(?:=[\d.]+)?$/.test(first))
    throw new Error(`${args.join(' ')}: the only option is --lan, or --lan=ADDRESS`);
  const address = first.split('=')[1] ?? lanAddress();
  if (address === undefined) throw new Error('--lan: this machine has no network besides loopback');
  const port = serverPort === 0 ? 0 : serverPort + lanPortsAbove;
  return { address, port, walletPort: port === 0 ? 0 : port + 1 };
}

function explain(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return /EADDRINUSE/.test(message)
    ? `${message}\nAnother program uses that port. Choose others, for example: PORT=8650 TERMINALS_PORT=8651 PLATFORMS_PORT=8652 npm start`
    : message;
}

function closeOnSignals(stack: Stack): void {
  let closing = false;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (closing) return;
      closing = true;
      void stack.close().finally(() => process.exit(0));
    });
  }
}

/** Starts the whole demo and prints its addresses; ends the process with a plain message when it cannot. */
export async function startFromCommandLine({ serveBuiltApp }: StartOptions): Promise<void> {
  try {
    const serverPort = portFrom('PORT', defaultServerPort);
    const lan = lanFrom(process.argv.slice(2), serverPort);
    if (serveBuiltApp) await ensureBuilt();
    const { DATABASE_URL: databaseUrl, TILLKEEPER_DATA: dataDir = join(projectRoot, 'data') } = process.env;
    const stack = await startStack({
      dataDir,
      serverPort,
      ...(lan === undefined ? {} : { lan }),
      terminalsPort: portFrom('TERMINALS_PORT', defaultTerminalsPort),
      platformsPort: portFrom('PLATFORMS_PORT', defaultPlatformsPort),
      ...(serveBuiltApp ? { staticDir: builtAppFolder } : { allowedOrigins: [viteOrigin] }),
      ...(databaseUrl === undefined ? {} : { databaseUrl }),
    });
    closeOnSignals(stack);
    process.stdout.write(greeting(stack, serveBuiltApp ? stack.url : viteOrigin) + lanGreeting(stack));
  } catch (error) {
    process.stderr.write(`Tillkeeper could not start: ${explain(error)}\n`);
    process.exit(1);
  }
}
