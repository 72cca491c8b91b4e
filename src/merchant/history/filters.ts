import { fenFromYuan, yuanFromFen, fen } from '../../../domain/money.ts';
import { isDay } from '../shanghai.ts';

/** Names of the filters in the address. */
const filterNames = ['kind', 'state', 'channel', 'terminalId', 'from', 'to', 'minFen', 'maxFen', 'search'] as const;
/** A filter's name. */
export type FilterName = (typeof filterNames)[number];
/** What a list is narrowed to, as the interface takes it: strings; what is absent does not narrow. */
export type Filters = Partial<Readonly<Record<FilterName, string | undefined>>>;

const shapes: Readonly<Record<FilterName, RegExp>> = {
  kind: /^(payments|refunds)$/,
  state: /^(paid|open|closed|refunded|review)$/,
  channel: /^[a-z0-9-]{2,30}$/,
  terminalId: /^[0-9a-f-]{36}$/,
  from: /^\d{4}-\d\d-\d\d$/,
  to: /^\d{4}-\d\d-\d\d$/,
  minFen: /^\d{1,10}$/,
  maxFen: /^\d{1,10}$/,
  search: /^.{1,64}$/,
};

/** The filters of an address. What the server would refuse is left out: an old or mistyped link still shows a list. */
export function filtersOf(query: URLSearchParams): Filters {
  const pairs = filterNames.flatMap((name) => {
    const value = query.get(name)?.trim() ?? '';
    const isRight = shapes[name].test(value) && ((name !== 'from' && name !== 'to') || isDay(value));
    return isRight ? [[name, value] as const] : [];
  });
  return Object.fromEntries(pairs);
}

/** The filters that are set, as a query. */
export function filterQuery(filters: Filters): URLSearchParams {
  return new URLSearchParams(
    Object.entries(filters).filter((pair): pair is [string, string] => pair[1] !== undefined && pair[1] !== ''),
  );
}

/** An address with these filters; everything else of the query is kept. */
export function withFilters(path: string, query: URLSearchParams, filters: Filters): string {
  const next = new URLSearchParams(query);
  for (const name of filterNames) next.delete(name);
  for (const [name, value] of filterQuery(filters)) next.set(name, value);
  next.delete('day');
  const text = next.toString();
  return text === '' ? path : `${path}?${text}`;
}

/** Filters as one text, to notice a change. */
export function filterKey(filters: Filters): string {
  return filterNames.map((name) => `${name}=${filters[name] ?? ''}`).join('&');
}

/** How many filters are set, the search not counted. */
export function filterCount(filters: Filters): number {
  const days = filters.from !== undefined || filters.to !== undefined ? 1 : 0;
  const amounts = filters.minFen !== undefined || filters.maxFen !== undefined ? 1 : 0;
  const single = (['kind', 'state', 'channel', 'terminalId'] as const).filter((name) => filters[name] !== undefined);
  return single.length + days + amounts;
}

/** Yuan as typed → fen as text; `''` for nothing, undefined for what is no amount. */
export function typedFen(text: string): string | undefined {
  const typed = text.replace(/[¥￥,，\s]/g, '');
  if (typed === '') return '';
  const amount = fenFromYuan(typed);
  return amount === undefined || amount < 0 ? undefined : String(amount);
}

/** Fen as text → yuan for a field. */
export function yuanField(text: string | undefined): string {
  return text === undefined ? '' : yuanFromFen(fen(Number(text)));
}
