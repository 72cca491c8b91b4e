import { shanghaiDay, shanghaiDayStartMs } from '../../domain/payments/numbers.ts';

const dayMs = 86_400_000;

/** The day `days` after `day`, both `yyyy-mm-dd`. */
export function dayAfter(day: string, days: number): string {
  return shanghaiDay(shanghaiDayStartMs(day) + days * dayMs);
}

/** The instant at which a Shanghai day ends, ISO 8601. */
export function dayEnd(day: string): string {
  return new Date(shanghaiDayStartMs(day) + dayMs).toISOString();
}

/** True for a `yyyy-mm-dd` that exists. */
export function isDay(text: string): boolean {
  return /^\d{4}-\d\d-\d\d$/.test(text) && !Number.isNaN(Date.parse(`${text}T00:00:00Z`)) && dayAfter(text, 0) === text;
}

/** Noon of a Shanghai day, for writing its date in words whatever zone is used. */
export function noonOf(day: string): number {
  return shanghaiDayStartMs(day) + dayMs / 2;
}
