import type { FeeService } from '../../../../domain/tariffs/rating.ts';
import type { FeeMenu } from '../../../../protocol/http/fees-terminal.ts';

/** One service of the menu. */
export type ServiceOffer = FeeMenu['services'][number];

/** What is being asked for; number and secret live here only, until the server has answered. */
export interface Entry {
  readonly service: FeeService;
  readonly payeeId: string;
  readonly number: string;
  readonly secret: string;
}

type Bare<N extends string> = N extends string ? { readonly at: N } : never;

/** What the fee desk shows. `bill`: a quote is in hand; what stands there follows from it (`feeStageOf`). */
export type FeeScreen =
  | Bare<'services' | 'household' | 'months' | 'top-up' | 'quoting' | 'bill' | 'ways' | 'scan-phone' | 'ask-cancel'>
  | { readonly at: 'payees'; readonly service: FeeService }
  | { readonly at: 'number'; readonly entry: Entry }
  | { readonly at: 'secret'; readonly entry: Entry }
  | { readonly at: 'looking'; readonly entry: Entry }
  | { readonly at: 'bills'; readonly picked: readonly string[]; readonly page: number }
  | { readonly at: 'amount'; readonly text: string }
  | { readonly at: 'receipts'; readonly page: number }
  | { readonly at: 'receipt'; readonly receiptNo: string }
  | { readonly at: 'help'; readonly back: FeeScreen };

/** A screen of one kind. */
export type FeeScreenOf<N extends FeeScreen['at']> = Extract<FeeScreen, { readonly at: N }>;

/** True where digits are typed: 00 is typed too and does not scroll. */
export function takesDigits(screen: FeeScreen): boolean {
  return screen.at === 'number' || screen.at === 'secret' || screen.at === 'amount';
}

/** A service as it stands in the list: once, with everybody who bills it, whatever each of them asks for. */
export type ListedService = Pick<ServiceOffer, 'service' | 'payees'>;

/** The list of services. */
export function listedServices(menu: FeeMenu | undefined): readonly ListedService[] {
  const listed = new Map<FeeService, ServiceOffer['payees']>();
  for (const { service, payees } of menu?.services ?? [])
    listed.set(service, [...(listed.get(service) ?? []), ...payees]);
  return [...listed].map(([service, payees]) => ({ service, payees }));
}

/** Everybody who bills a service. */
export function payeesOf(menu: FeeMenu | undefined, service: FeeService): ServiceOffer['payees'] {
  return listedServices(menu).find((listed) => listed.service === service)?.payees ?? [];
}

/** What a payee asks for where one of its services is paid. */
export function offerOf(menu: FeeMenu | undefined, of: Pick<Entry, 'service' | 'payeeId'>): ServiceOffer | undefined {
  return menu?.services.find(
    ({ service, payees }) => service === of.service && payees.some(({ id }) => id === of.payeeId),
  );
}

/** What comes after the choice of a service: the payee where there are several, otherwise the number. */
export function afterService({ service, payees }: ListedService): FeeScreen | undefined {
  const [only, ...others] = payees;
  if (only === undefined) return undefined;
  return others.length > 0 ? { at: 'payees', service } : askNumber(service, only.id);
}

/** An empty number of a payee's household. */
export function askNumber(service: FeeService, payeeId: string): FeeScreen {
  return { at: 'number', entry: { service, payeeId, number: '', secret: '' } };
}
