import type { ChannelView } from '../../../protocol/http/channels.ts';
import { i18n } from '../../i18n/i18n.svelte.ts';

/** What a setting or key of a channel is called; an unknown one by its own name. */
export function fieldWords(kind: ChannelView | undefined, name: string): string {
  const own = name.split('.').at(-1) ?? name;
  return kind?.fields.find((field) => field.name === own)?.label[i18n.language] ?? own;
}

const ppmPerPercent = 10_000;

/** `0.38 %` from parts in a million. */
export function feeWords(feePpm: number): string {
  return `${feeText(feePpm)} %`;
}

/** `0.38` from parts in a million, for a field. */
export function feeText(feePpm: number): string {
  return String(feePpm / ppmPerPercent);
}

/** Parts in a million from a percentage with at most four decimals; `undefined` for anything else or above 10. */
export function feeFromText(text: string): number | undefined {
  const match = /^(\d{1,2})(?:\.(\d{1,4}))?$/.exec(text.trim());
  if (match === null) return undefined;
  const ppm = Number(match[1]) * ppmPerPercent + Number((match[2] ?? '').padEnd(4, '0'));
  return ppm <= 10 * ppmPerPercent ? ppm : undefined;
}
