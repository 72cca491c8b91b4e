import { createContext } from 'svelte';
import type { TerminalDesk } from './desk.svelte.ts';

/** Reads and sets the terminal's desk in components. */
export const [useDesk, provideDesk] = createContext<TerminalDesk>();
