import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BrowserContext } from 'playwright-core';
import { openBench } from '../tests/serial-bench/bench.ts';
import type { SerialBench } from '../tests/serial-bench/bench.ts';
import type { PtyCable } from '../mock-server/terminal/pty.ts';
import { launchChromium } from '../tests/serial-bench/chromium.ts';
import { serialBenchProblem } from '../tests/serial-bench/requirements.ts';
import { OfficeScreen } from '../tests/e2e/support/office.ts';
import { TechnicianScreen } from '../tests/e2e/support/technician.ts';
import type { RunAct } from '../tests/e2e/support/technician.ts';
import { Authenticator } from '../tests/e2e/support/totp.ts';
import { builtAppFolder, ensureBuilt } from './build-app.ts';
import { takePayments } from './demo-counter.ts';
import { demoPeople, demoTerminals } from './demo-data.ts';
import { workOnSite } from './demo-on-site.ts';
import { PictureBook } from './demo-pictures.ts';
import { Story } from './demo-story.ts';
import { projectRoot } from './processes.ts';
import { startStack } from './stack.ts';
import type { Stack } from './stack.ts';

const usb = { vendorId: 0x1209, productId: 0x7470 };
const baud = 115_200;
const pictureFolder = join(projectRoot, 'demo-output');
const steps = ['approval', 'unlock', 'keys', 'parameters', 'self-test', 'test-payment'] as const;
const newSeal = '00990417';
/** Where the terminal stands on its page. */
const photoClip = { x: 20, y: 160, width: 560, height: 420 };

/** The demo's terminal whose case was opened: the one that needs a person. */
function openedTerminal(): (typeof demoTerminals)[number] {
  const terminal = demoTerminals.find(({ trip }) => trip === 'case');
  if (terminal === undefined) throw new Error('The demo data have no terminal with an opened case');
  return terminal;
}

function approverSecret(): string {
  const secret = demoPeople.find(({ role }) => role === 'approver')?.totpSecret;
  if (secret === undefined) throw new Error('The demo’s approver has no second factor');
  return secret;
}

function stateOf(stack: Stack, serial: string): string {
  return stack.terminals.device(serial).firmware?.core.state ?? 'off';
}

/** A picture of the terminal itself, from its page: what the technician photographs. */
async function photographTerminal(context: BrowserContext, stack: Stack): Promise<Buffer> {
  const page = await context.newPage();
  await page.setViewportSize({ width: 960, height: 720 });
  await page.goto(stack.terminals.url);
  await page.waitForLoadState('networkidle');
  const photo = await page.screenshot({ type: 'jpeg', quality: 70, clip: photoClip });
  await page.close();
  return photo;
}

/** The page shows `act`, with the cable open and its state read. */
async function settled(technician: TechnicianScreen, act: RunAct): Promise<void> {
  await technician.waitForAct(act);
  await technician.waitForCable('ready');
}

async function askForUnlock(
  technician: TechnicianScreen,
  pictures: PictureBook,
  story: Story,
  photo: Buffer,
): Promise<void> {
  const { label, serial, seal } = openedTerminal();
  await technician.page.locator(`li[data-serial="${serial}"] a`).click();
  await technician.waitForAct('start');
  story.tell(`${label} is connected through navigator.serial and says why it locked`);
  await pictures.take(technician.page, 'technician-start', () => settled(technician, 'start'));
  story.tell('(pictures)');
  await technician.press('start');
  await technician.waitForAct('inspect');
  story.tell('the policy wants an inspection and a person');
  await technician.fillInspection({ sealFound: seal, sealNew: newSeal, note: '螺丝松动，内部完好', photo });
  await pictures.take(technician.page, 'technician-inspect', () => settled(technician, 'inspect'));
  story.tell('two photos and the seals are recorded');
  await technician.press('inspect');
  await technician.waitForAct('wait-approval');
  story.tell('the approver is asked');
}

async function approve(office: OfficeScreen, pictures: PictureBook, story: Story): Promise<void> {
  const { label } = openedTerminal();
  await office.openRequest(label);
  await pictures.take(office.page, 'office-request', () => office.waitForDecision());
  story.tell('the approver reads the evidence');
  await office.approve(label, '照片与封签一致');
}

async function followToProbation(technician: TechnicianScreen, story: Story): Promise<void> {
  for (const step of steps) {
    await technician.waitForStep(step, 'done', 60_000);
    story.tell(`${step} done`);
  }
  await technician.waitForAct('wait-probation', 30_000);
}

/** What runs, and who works with it. */
interface Cast {
  readonly stack: Stack;
  readonly bench: SerialBench;
  readonly port: PtyCable;
  readonly pictures: PictureBook;
  readonly story: Story;
  readonly technician: TechnicianScreen;
  readonly office: OfficeScreen;
  readonly authenticator: Authenticator;
}

const desktop = { locale: 'zh-CN', viewport: { width: 1440, height: 900 } };
const phone = { locale: 'zh-CN', viewport: { width: 390, height: 844 } };

async function enter(stack: Stack, bench: SerialBench, port: PtyCable, story: Story): Promise<Cast> {
  const authenticator = new Authenticator(approverSecret());
  const field = await bench.browser.newContext(desktop);
  const desk = await bench.browser.newContext(desktop);
  const technician = new TechnicianScreen(await field.newPage(), stack.url);
  const office = new OfficeScreen(await desk.newPage(), stack.url, authenticator);
  return { stack, bench, port, story, technician, office, authenticator, pictures: new PictureBook(pictureFolder) };
}

async function wholeJob({ stack, pictures, story, technician, office }: Cast): Promise<void> {
  const { label, serial } = openedTerminal();
  await technician.signIn();
  await office.signIn();
  story.tell('technician and approver have signed in, each in a browser profile of their own');
  await askForUnlock(technician, pictures, story, await photographTerminal(office.page.context(), stack));
  await pictures.take(technician.page, 'technician-waiting', () => settled(technician, 'wait-approval'));
  await approve(office, pictures, story);
  await followToProbation(technician, story);
  story.tell(`${label} takes payments on probation (${stateOf(stack, serial)})`);
  await pictures.take(technician.page, 'technician-probation', () => settled(technician, 'wait-probation'));
  await office.release(label, '复查无异常');
  await technician.waitForAct('finished', 30_000);
  story.tell(`${label} is ${stateOf(stack, serial)}`);
  await pictures.take(technician.page, 'technician-done', () => settled(technician, 'finished'));
  await pictures.take(office.page, 'office-done', () => office.waitForDecision());
  process.stdout.write(`  From locked to ${stateOf(stack, serial)} in ${story.totalSeconds}, pictures included.\n`);
}

/** The second part: the same laptop, another terminal, no network. */
async function withoutNetwork(cast: Cast): Promise<string> {
  const { stack, bench, port, story } = cast;
  story.part('On site, without a network');
  const plugIn = async (serial: string): Promise<void> => {
    await port.unplug();
    await bench.unplug();
    const other = await stack.terminals.openPort(serial);
    await bench.replug({ ptyPath: other.path, serialNumber: serial });
  };
  const state = await workOnSite({
    ...cast,
    plugIn,
    office: cast.office.page,
    phone: await bench.browser.newContext(phone),
  });
  process.stdout.write(`  From the question to ${state} in ${story.totalSeconds}, pictures included.\n`);
  return state;
}

/** The third part: the shop's counter, in a browser that no cable is plugged into. */
async function atTheCounter({ stack, pictures, story }: Cast): Promise<void> {
  story.part('At the counter');
  const browser = await launchChromium();
  try {
    await takePayments({ stack, browser, pictures, story });
  } finally {
    await browser.close();
  }
  process.stdout.write(
    `  Three payments and a resident’s bill, from the power key to the books, in ${story.totalSeconds}, pictures included.\n`,
  );
}

async function run(): Promise<boolean> {
  const problem = serialBenchProblem();
  if (problem !== undefined) throw new Error(`The demo needs a serial bench, and ${problem}`);
  await ensureBuilt();
  const { label, serial } = openedTerminal();
  const dataDir = await mkdtemp(join(tmpdir(), 'tillkeeper-demo-'));
  // As root, PostgreSQL runs as another account, which must pass through.
  await chmod(dataDir, 0o711);
  const story = new Story();
  const stack = await startStack({
    dataDir,
    ...{ serverPort: 0, terminalsPort: 0, platformsPort: 0, staticDir: builtAppFolder },
    cables: Object.fromEntries(demoTerminals.map((terminal) => [terminal.serial, { baud }])),
  });
  try {
    story.tell(`server, PostgreSQL and ${demoTerminals.length} terminals run; ${label} is ${stateOf(stack, serial)}`);
    const port = await stack.terminals.openPort(serial);
    const bench = await openBench({ ...usb, serialNumber: serial, origin: stack.url, ptyPath: port.path });
    try {
      story.tell(`Chromium ${bench.browser.version()} sees ${label} as a USB serial port at ${baud} baud`);
      const cast = await enter(stack, bench, port, story);
      await wholeJob(cast);
      const isProbation = (await withoutNetwork(cast)) === 'PROBATION';
      await atTheCounter(cast);
      process.stdout.write(`\n  ${cast.pictures.names.length} pictures in demo-output/\n`);
      return stateOf(stack, serial) === 'NORMAL' && isProbation;
    } finally {
      await bench.close();
    }
  } finally {
    await stack.close();
    await rm(dataDir, { recursive: true, force: true });
  }
}

process.stdout.write(
  '\nTillkeeper: a terminal unlocked over real Web Serial, one without a network, and a shop’s payments and bills\n\n',
);
try {
  process.exitCode = (await run()) ? 0 : 1;
} catch (error) {
  process.stderr.write(`The demo did not reach its end: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
process.exit();
