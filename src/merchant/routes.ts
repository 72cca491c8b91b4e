/** The merchant's screens. */
export type MerchantScreen =
  'today' | 'history' | 'settlement' | 'terminals' | 'staff' | 'settings' | 'connections' | 'payments';

const screens: readonly MerchantScreen[] = [
  'today',
  'history',
  'settlement',
  'terminals',
  'staff',
  'settings',
  'connections',
  'payments',
];

/** Where in the merchant's app a path leads; `id` only below `payments`. */
export interface MerchantRoute {
  readonly screen: MerchantScreen | 'not-found';
  readonly id?: string;
}

/** Which screen stands at `path`; `/merchant` itself is the present day, and payments without an id are the history. */
export function merchantRoute(path: string): MerchantRoute {
  const [, name = 'today', id, ...rest] = path.split('/').filter((part) => part !== '');
  const screen = screens.find((candidate) => candidate === name);
  if (screen === undefined || rest.length > 0) return { screen: 'not-found' };
  if (screen === 'payments') return id === undefined ? { screen: 'history' } : { screen, id };
  return id === undefined ? { screen } : { screen: 'not-found' };
}

/** The same place with the story of one payment open beside it, or closed. */
export function withPayment(path: string, query: URLSearchParams, orderId: string | undefined): string {
  const next = new URLSearchParams(query);
  if (orderId === undefined) next.delete('payment');
  else next.set('payment', orderId);
  const text = next.toString();
  return text === '' ? path : `${path}?${text}`;
}
