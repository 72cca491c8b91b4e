import { equalBytes } from '../../protocol/bytes.ts';
import { unlockLimits } from '../../protocol/unlock/v1/limits.ts';
import type { SelfTestLine } from '../../protocol/unlock/v1/messages.ts';
import { hardwareSensors } from './body.ts';
import type { Firmware } from './firmware.ts';
import { eraseRecord } from './store.ts';

const scratchName = 'scratch';

/** One check: its name on the wire, and what it finds in ASCII. */
interface Check {
  readonly name: string;
  run(firmware: Firmware): { readonly passed: boolean; readonly detail: string };
}

function verdict(passed: boolean, good: string, bad: string): { passed: boolean; detail: string } {
  return { passed, detail: passed ? good : bad };
}

function checkPrinter(firmware: Firmware): { passed: boolean; detail: string } {
  const printed = firmware.printer.print(['自检 SELF-TEST', '0123456789 ABCDEFGHIJ', '████████████████████']);
  return printed.ok
    ? { passed: true, detail: `head ok, paper ${firmware.printer.paperState}` }
    : { passed: false, detail: printed.detail ?? printed.error };
}

function checkMemory(firmware: Firmware): { passed: boolean; detail: string } {
  const pattern = firmware.random(4096);
  const copy = pattern.map((byte) => byte ^ 0xff).map((byte) => byte ^ 0xff);
  const isSound = equalBytes(pattern, copy) && !firmware.body.isBroken('memory');
  return verdict(isSound, '4,096 bytes compared', 'a bit did not keep its value');
}

function checkStorage(firmware: Firmware): { passed: boolean; detail: string } {
  const pattern = firmware.random(256);
  firmware.store.write(scratchName, pattern);
  const read = firmware.store.read(scratchName) ?? new Uint8Array(0);
  eraseRecord(firmware.store, scratchName);
  const isSound = equalBytes(pattern, read) && firmware.store.read(scratchName) === undefined;
  return verdict(isSound, 'written, read, erased', 'a record did not come back');
}

function checkClock(firmware: Firmware): { passed: boolean; detail: string } {
  const { cellMillivolts } = firmware.body;
  const volts = `${(cellMillivolts / 1000).toFixed(2)} V`;
  return verdict(cellMillivolts > 2500, `running, cell ${volts}`, `cell ${volts}: fit a new one`);
}

function checkSensors(firmware: Firmware): { passed: boolean; detail: string } {
  const held = hardwareSensors.filter((sensor) => firmware.body.isHeld(sensor));
  return verdict(held.length === 0, `${hardwareSensors.length} quiet`, `still tripped: ${held.join(', ')}`);
}

function checkPart(name: 'card-reader' | 'display' | 'keypad', good: string, bad: string): Check {
  return { name, run: ({ body }) => verdict(!body.isBroken(name), good, bad) };
}

/** The part itself is tested: a place without network does not make a terminal defective. */
function checkNetwork({ body }: Firmware): { passed: boolean; detail: string } {
  const good = body.hasNetwork ? 'registered' : 'part answers, no network here';
  return verdict(!body.isBroken('network'), good, 'no signal');
}

/** What SELF_TEST goes through, in this order. */
export const selfTestChecks: readonly Check[] = [
  { name: 'memory', run: checkMemory },
  { name: 'storage', run: checkStorage },
  { name: 'clock', run: checkClock },
  { name: 'tamper-sensors', run: checkSensors },
  checkPart('display', 'pattern shown', 'rows missing'),
  checkPart('keypad', '16 keys, none stuck', 'a key is stuck'),
  checkPart('card-reader', 'chip and contactless answer', 'the chip reader does not answer'),
  { name: 'printer', run: checkPrinter },
  { name: 'network', run: checkNetwork },
];

/** Runs one check and gives its line of the report. */
export function runCheck(firmware: Firmware, check: Check): SelfTestLine {
  const { passed, detail } = check.run(firmware);
  return { name: check.name, passed, detail: detail.slice(0, unlockLimits.selfTestDetailBytesMax) };
}
