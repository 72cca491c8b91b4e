import { createContext } from 'svelte';
import type { PersonAppProps } from '../app/person.ts';
import type { OfficeData } from './office-data.svelte.ts';

/** What every screen of the office shares. */
export interface OfficeContext extends Omit<PersonAppProps, 'shellCache'> {
  readonly data: OfficeData;
}

/** Reads and sets the office's context in components. */
export const [office, provideOffice] = createContext<OfficeContext>();
