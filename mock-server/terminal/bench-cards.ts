import { simulatedCards } from '../platforms/bank-card/cards.ts';
import type { ReadableCard } from './cards.ts';

/** Cards that lie on the bench: the ones that the acquirer's stand-in knows. */
export const benchCards: readonly ReadableCard[] = simulatedCards;
