import { terminalStates } from '../../../../domain/unlock/states.ts';
import { bodyMaxBytes, windowMaxFrames } from '../limits.ts';
import { bytes, oneOf, text, texts, uint, uints } from '../fields.ts';
import { op } from './op.ts';

/** Service 1: who is there, and at which rate we talk (docs/cable-protocol.md, section 8.1). */
export const identityOps = {
  'identity.hello': op(
    0x0101,
    {},
    {
      protocol: uint(1, 255),
      serial: text(2, 32),
      deviceId: bytes(3, 8, 8),
      model: text(4, 32),
      firmware: text(5, 32),
      bootCount: uint(6),
      state: oneOf(7, terminalStates),
      capabilities: texts(8, 32, 32),
      bodyMaxBytes: uint(9, bodyMaxBytes),
      windowFrames: uint(10, windowMaxFrames),
      rates: uints(11, 16),
    },
  ),
  'identity.rate': op(0x0102, { baud: uint(1) }, { baud: uint(1) }),
} as const;
