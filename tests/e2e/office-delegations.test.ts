import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { officeEn } from '../../src/i18n/office.en.ts';
import { accessibilityProblems } from './support/accessibility.ts';
import { DelegationDesk } from './support/delegation-desk.ts';
import { FieldPerson } from './support/field-person.ts';
import { describeWorld } from './support/fixture.ts';
import type { Fixture } from './support/fixture.ts';
import { worldPeople } from './support/seed.ts';
import { Authenticator } from './support/totp.ts';

const words = officeEn.delegations;
const colleague = { name: 'Li Colleague', email: 'colleague@world.invalid', role: 'technician', locale: 'en' } as const;
const newcomer = { name: 'He Newcomer', email: 'newcomer@world.invalid', role: 'technician', locale: 'en' } as const;
const sizes = [
  { width: 1440, height: 900 },
  { width: 390, height: 844 },
] as const;

const authenticator = new Authenticator(worldPeople.approver.totpSecret);

async function enrol({ world }: Fixture, person: typeof colleague | typeof newcomer): Promise<FieldPerson> {
  await world.server.context.services.people.ensurePerson(person);
  return FieldPerson.enrol(world.origin, person.email, `Laptop of ${person.name}`);
}

async function desk(fixture: Fixture): Promise<DelegationDesk> {
  const { page } = await fixture.approver();
  const opened = new DelegationDesk(page, fixture.world.origin, authenticator);
  await opened.open();
  return opened;
}

/** Faults of the page as it is, at both sizes. */
async function faults(page: Page): Promise<string[]> {
  const found: string[] = [];
  for (const size of sizes) {
    await page.setViewportSize(size);
    found.push(...(await accessibilityProblems(page)).map((problem) => `${String(size.width)}: ${problem}`));
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    if (overflow > 0) found.push(`${String(size.width)}: ${String(overflow)} px wider than the window`);
  }
  await page.setViewportSize(sizes[0]);
  return found;
}

describeWorld('delegations in the office', { terminals: ['OD-1', 'OD-2', 'OD-3'], serial: false }, (fixture) => {
  test('approve with a second factor, watch the uses come in, revoke', async () => {
    const { world } = fixture;
    const technician = await FieldPerson.enrol(world.origin, worldPeople.technician.email, 'Laptop');
    const second = await enrol(fixture, colleague);
    const office = await desk(fixture);
    world.device('OD-1').trip('case');
    world.device('OD-2').trip('drop');
    const tickets = [await world.ticketFor('OD-1'), await world.ticketFor('OD-2')] as const;
    const { id, number } = await technician.ask(tickets, second, 8, 'Both stand in a cellar');

    await office.choose(number);
    await office.page.getByText('Both stand in a cellar').waitFor();
    expect(await faults(office.page)).toEqual([]);
    await office.approve(number, 'Planned round');
    await office.state('active').waitFor();
    const delegation = await technician.call('getDelegation', undefined, { id });
    expect(delegation).toMatchObject({ state: 'active', decidedBy: { name: worldPeople.approver.name } });

    const use = (label: string, ticketId: string, useIndex: number) =>
      technician.unlockOnSite({ device: world.device(label), delegation, ticketId, second, useIndex });
    const first = await technician.handIn(await use('OD-1', tickets[0], 1));
    const row = office.page.getByRole('row').filter({ hasText: words.source.technician });
    await row.getByRole('cell', { name: colleague.name, exact: true }).waitFor();

    const { request, bundle, receipt } = await use('OD-2', tickets[1], 3);
    await technician.call('deviceSiteRecords', { records: [{ request, bundle, receipt }] });
    await office.page.getByText(words.onlyTerminal).waitFor();
    await office.page.getByText(words.missing('2', 1)).waitFor();
    expect(await faults(office.page)).toEqual([]);

    await office.revoke(number, 'The laptop was seen elsewhere');
    await office.state('revoked').waitFor();
    expect(await technician.call('getDelegation', undefined, { id })).toMatchObject({
      ...{ state: 'revoked', revokedReason: 'The laptop was seen elsewhere', missing: [2] },
    });

    await office.page.goto(`${world.origin}/office/requests/${first.id}`);
    await office.page.getByRole('link', { name: officeEn.site.useOf(number, 1), exact: true }).waitFor();
    await office.page.getByText(officeEn.site.decidedBy(number, 1)).waitFor();
    expect(await faults(office.page)).toEqual([]);
  });

  test('refuse with a reason that the technician reads; a lost laptop takes its delegations along', async () => {
    const { world } = fixture;
    const technician = await enrol(fixture, newcomer);
    const second = await enrol(fixture, colleague);
    const office = await desk(fixture);
    const ticketId = await world.ticketFor('OD-3', technician.id);

    const refused = await technician.ask([ticketId], second);
    await office.choose(refused.number);
    await office.refuse('Ask the colleague who is there');
    await office.state('refused').waitFor();
    expect(await technician.call('getDelegation', undefined, { id: refused.id })).toMatchObject({
      ...{ state: 'refused', decisionReason: 'Ask the colleague who is there' },
    });

    const asked = await technician.ask([ticketId], second);
    await office.choose(asked.number);
    await office.approve(asked.number, 'Nobody else is near');
    await office.state('active').waitFor();
    const said = await office.revokeLaptop(technician.id, 'Left on the bus');
    expect(said).toContain(asked.number);
    await office.page.getByText(officeEn.keys.revoked(worldPeople.approver.name, '').replace(/, $/, '')).waitFor();
    expect(await faults(office.page)).toEqual([]);
    expect(await technician.call('getDelegation', undefined, { id: asked.id })).toMatchObject({
      ...{ state: 'revoked', revokedReason: 'Left on the bus' },
    });
  });
});
