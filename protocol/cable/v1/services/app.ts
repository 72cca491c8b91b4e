import { bytes, oneOf, text } from '../fields.ts';
import { op } from './op.ts';

/** What became of a pairing; only `signed` carries a statement. */
export const pairOutcomes = ['signed', 'cancelled', 'timeout', 'no-identity'] as const;

/** Service 11: the terminal's app becomes one with the device (docs/cable-protocol.md, section 8.7). */
export const appOps = {
  'app.pair': op(
    0x0b01,
    { appPublicKey: bytes(1, 65, 65), code: text(2, 8) },
    { outcome: oneOf(1, pairOutcomes), statement: bytes(2, 256), signature: bytes(3, 64) },
  ),
} as const;
