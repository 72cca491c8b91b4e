import { sha256 } from '@noble/hashes/sha2.js';
import { utf8Encode } from '../../protocol/bytes.ts';

/** Version of the emulated firmware, as people read it. */
export const firmwareText = '4.2.1';
/** The same version as REQUEST carries it: major.minor.patch.build, 8 bit each. */
export const firmwareNumber = 0x04020100;

const knownModels: Readonly<Record<string, number>> = { 'QT-60': 0x0060, 'QT-80': 0x0080, 'QT-20': 0x0020 };

/** The model code of REQUEST; a model that is not in the table gets one from its name. */
export function modelNumber(model: string): number {
  const known = knownModels[model];
  if (known !== undefined) return known;
  const [high = 0, low = 0] = sha256(utf8Encode(model));
  return 0x8000 | ((high & 0x7f) << 8) | low;
}
