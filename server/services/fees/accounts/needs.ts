import type { Component } from '../../../../domain/tariffs/tariff.ts';
import type { ChangeFeeAccount } from '../../../../protocol/http/fees-office.ts';
import type { Db } from '../../../store/database.ts';
import { serviceRow } from '../parts.ts';
import { readVersionRows } from '../tariffs/load.ts';
import type { FeeAccountRow } from './rows.ts';

/** The class of a household that names none. */
export const usualClass = 'resident';

/** Every formula of a part of a price list, however deep it stands. */
function formulasIn(part: unknown): string[] {
  if (typeof part !== 'object' || part === null) return [];
  if (Array.isArray(part)) return part.flatMap((one) => formulasIn(one));
  const entries = Object.entries(part);
  const isFormula = entries.some(([name, value]) => name === 'kind' && value === 'formula');
  return entries.flatMap(([name, value]) => {
    if (name === 'formula' || (isFormula && name === 'amount')) return typeof value === 'string' ? [value] : [];
    if (name === 'formulas' && Array.isArray(value)) return value.filter((one) => typeof one === 'string');
    return formulasIn(value);
  });
}

function sharesByArea(components: readonly Component[]): boolean {
  return components.some((part) => {
    if (part.kind === 'share') return part.key === 'area';
    return part.kind === 'select' && part.tables.some((table) => sharesByArea(table.components));
  });
}

const asksFor = (components: readonly Component[], name: string): boolean =>
  formulasIn(components).some((text) => new RegExp(`\\b${name}\\b`).test(text));

const charges = (components: readonly Component[], customerClass: string): boolean =>
  components.some(({ when }) => when?.customerClass?.includes(customerClass) ?? true);

/**
 * What a change takes away although the household's price list in force, or one to come, cannot do without it, with the
 * price list's id: `area-needed: …`. A class is needed where nothing would be charged without it.
 */
export async function stillNeeded(
  db: Db,
  row: FeeAccountRow,
  body: ChangeFeeAccount,
  today: string,
): Promise<string | undefined> {
  const isClearing = [body.areaM2, body.innerAreaM2, body.customerClass].includes(null);
  if (!isClearing) return undefined;
  const service = await serviceRow(db, row.merchant_id, row.service);
  const tariffId = (body.tariffId === undefined ? row.tariff_id : body.tariffId) ?? service?.tariff_id ?? null;
  if (tariffId === null) return undefined;
  const versions = await readVersionRows(db, { merchantId: row.merchant_id, tariffId });
  const inForce = versions.filter(
    ({ state, effective_to: last }) => state !== 'draft' && (last === null || last >= today),
  );
  const needs = (test: (components: readonly Component[]) => boolean): boolean =>
    inForce.some((version) => test(version.body.components));
  const isLost = (is: unknown, was: string | null, test: (components: readonly Component[]) => boolean): boolean =>
    is === null && was !== null && needs(test);
  if (isLost(body.areaM2, row.area_m2, (all) => sharesByArea(all) || asksFor(all, 'area')))
    return `area-needed: ${tariffId}`;
  if (isLost(body.innerAreaM2, row.inner_area_m2, (all) => asksFor(all, 'innerArea')))
    return `inner-area-needed: ${tariffId}`;
  const losesClass = (all: readonly Component[]): boolean =>
    charges(all, row.customer_class) && !charges(all, usualClass);
  return isLost(body.customerClass, row.customer_class, losesClass) ? `class-needed: ${tariffId}` : undefined;
}
