import { expect, test } from 'vitest';
import { officeMoneyEn } from '../../../src/i18n/office-money.en.ts';
import { officeMoneyZh } from '../../../src/i18n/office-money.zh.ts';
import type { ScreenName } from '../../../src/terminal/flow/screens.ts';
import type { Stage } from '../../../src/terminal/flow/stage.ts';

/** Everything that a terminal reports about itself; the compiler wants a new screen or stage here. */
const reported: Readonly<Record<ScreenName | Stage['at'], true>> = {
  ...{ off: true, channels: true, settings: true, printer: true, welcome: true, menu: true, amount: true },
  ...{ ways: true, split: true, scan: true, payment: true, 'ask-cancel': true, find: true, found: true },
  ...{ order: true, refund: true, receipt: true, settle: true, settled: true, sending: true, asking: true },
  ...{ qr: true, 'qr-over': true, payer: true, bank: true, checking: true, switching: true, ending: true },
  ...{ open: true, part: true, closed: true, failed: true, paid: true, cancelled: true, review: true },
  ...{ refunded: true, fees: true },
};

test.each(Object.keys(reported))('the live board has words for a terminal at “%s”', (name) => {
  expect(officeMoneyEn.screen[name]).toMatch(/\S/);
  expect(officeMoneyZh.screen[name]).toMatch(/\p{Script=Han}/u);
});
