/* What comes after the press: one file, fetched as soon as there is a bill, so that it is here when it is needed. */
export { default as Outcome } from './bill/Outcome.svelte';
export { default as CheckingView } from './CheckingView.svelte';
export { default as PaidView } from './receipt/PaidView.svelte';
