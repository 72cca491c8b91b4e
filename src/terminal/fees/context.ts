import { createContext } from 'svelte';
import type { FeeDesk } from './fee-desk.svelte.ts';

/** Reads and sets the desk for fees in its screens. */
export const [useFees, provideFees] = createContext<FeeDesk>();
