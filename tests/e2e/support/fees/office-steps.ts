import type { Locator, Page } from 'playwright-core';
import type { OfficeFeesText } from '../../../../src/i18n/office-fees.en.ts';

/** Somebody at the office's fees, as far as these steps need them. */
export interface ClerkHands {
  readonly page: Page;
  readonly t: OfficeFeesText;
  readonly dialog: Locator;
  press(name: string): Promise<void>;
  look(name: string): Promise<void>;
  done(): Promise<void>;
  tab(name: 'import'): Promise<void>;
}

/** Money is taken in advance and all of it paid out again. */
export async function payOut(clerk: ClerkHands): Promise<void> {
  const { page, t, dialog } = clerk;
  const { household } = t;
  await clerk.press(household.changeBalance);
  await dialog.getByLabel(household.amount).fill('50');
  await dialog.getByLabel(household.note).fill('at the desk');
  await clerk.done();
  await page.getByText('50.00').first().waitFor();
  await clerk.press(household.changeBalance);
  await dialog.getByLabel(household.way).selectOption('payOut');
  await dialog.getByLabel(household.note).fill('they move out');
  await clerk.look('money');
  await clerk.done();
  await page.getByText(household.entry.adjustment).first().waitFor();
}

/** A file of two households: one with a fault is named, the other comes in. */
export async function bringFileIn(clerk: ClerkHands, number: string): Promise<void> {
  const { page, t } = clerk;
  await clerk.tab('import');
  await page.getByLabel(t.serviceLabel, { exact: true }).selectOption('water');
  const rows = ['户号,房号,建筑面积', `${number},9 号楼 201 室,88.5`, `${number},9 号楼 202 室,large`].join('\n');
  await page
    .locator('input[type="file"]')
    .setInputFiles({ name: 'homes.csv', mimeType: 'text/csv', buffer: Buffer.from(rows) });
  await page
    .getByText(t.files.counts(1, 0, 1))
    .first()
    .waitFor();
  await clerk.look('import');
  await clerk.press(t.files.commit(1));
  await page.getByText(t.files.done(1)).waitFor();
}

/** A draft by time of day is worked out, its result kept as an example; in force, it is compared and ended. */
export async function tryAndEnd(clerk: ClerkHands): Promise<void> {
  const { page, dialog } = clerk;
  const t = clerk.t.tariffs;
  await page.getByLabel('(peak)').or(page.getByLabel('（peak）')).fill('200');
  await clerk.press(t.work);
  await page.getByText('154.10').first().waitFor();
  await clerk.look('what-if');
  await page.getByLabel(t.exampleName).fill('200 by day, 100 by night');
  await clerk.press(t.keep);
  await clerk.press(t.save);
  await page.getByText('200 by day, 100 by night').first().waitFor();
  await clerk.press(t.activate);
  await page.getByText(t.activated).waitFor();
  await clerk.press(t.compareNow);
  await page.getByText(t.noBills).waitFor();
  await clerk.press(t.retire);
  await dialog.getByLabel(t.lastDay).waitFor();
  await clerk.done();
  await page.getByText(t.state.retired, { exact: true }).first().waitFor();
}
