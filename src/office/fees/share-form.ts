import type { FeeShares, StartFeeRun } from '../../../protocol/http/fees-work.ts';

/** What stands in the form of one of a building's totals. */
export interface ShareValue {
  readonly tariffId: string;
  readonly componentId: string;
  way: 'total' | 'readings';
  total: string;
  before: string;
  after: string;
  multiplier: string;
}

/** The form of what a run must be told: empty, or with what was typed before for the same share. */
export function shareValues(items: FeeShares['items'], before: readonly ShareValue[]): ShareValue[] {
  return items.map(({ tariffId, componentId, of, known }) => {
    const same = before.find((one) => one.tariffId === tariffId && one.componentId === componentId);
    if (same !== undefined && known === undefined) return same;
    const way = of === 'quantity' && known === undefined ? 'readings' : 'total';
    return { tariffId, componentId, way, total: known ?? '', before: '', after: '', multiplier: '1' };
  });
}

/** What a run is told. What was left empty is not sent, so that the server names what is missing. */
export function commonBody(values: readonly ShareValue[]): NonNullable<StartFeeRun['common']> {
  return values.flatMap(({ tariffId, componentId, way, ...typed }) => {
    const [total, before, after] = [typed.total.trim(), typed.before.trim(), typed.after.trim()];
    if (way === 'total' ? total === '' : before === '' && after === '') return [];
    const multiplier = typed.multiplier.trim();
    const readings = { before, after, ...(multiplier === '' ? {} : { multiplier }) };
    return [{ tariffId, componentId, of: way === 'total' ? { total } : readings }];
  });
}
