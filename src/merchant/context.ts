import { createContext } from 'svelte';
import type { PersonAppProps } from '../app/person.ts';
import type { MerchantData } from './merchant-data.svelte.ts';

/** What every screen of the merchant's app shares. */
export interface MerchantContext extends Omit<PersonAppProps, 'shellCache'> {
  readonly data: MerchantData;
}

/** Reads and sets the merchant's context in components. */
export const [merchant, provideMerchant] = createContext<MerchantContext>();
