import { bool, bytes, oneOf, text, uint } from '../fields.ts';
import { op } from './op.ts';

/** How a card was read; empty in a reply without a card. */
export const cardEntries = ['', 'chip', 'contactless', 'magstripe'] as const;

/** What became of a reading (docs/cable-protocol.md, section 8.6). All but `read` mean that nothing was taken. */
export const cardOutcomes = [
  'read',
  'cancelled',
  'timeout',
  'chip-removed',
  'swipe-unreadable',
  'use-chip',
  'no-key',
  'key-ended',
  'locked',
  'over-limit',
  'reader-broken',
] as const;

/** Why a key block was not taken; empty when it was (docs/cable-protocol.md, section 8.6). */
export const keyRefusals = [
  '',
  'no-acquirer',
  'no-identity',
  'malformed',
  'not-openable',
  'wrong-key',
  'used-before',
  'full',
] as const;

/** Longest wait for a card in seconds; with the PIN's 60 s it stays below the 120 s of a request. */
export const cardWaitMaxSeconds = 50;

/** Largest card data as ciphertext: IV, TLV of a chip card, padding. */
export const cardDataMaxBytes = 512;

/** Service 10: cards and their keys (docs/cable-protocol.md, section 8.6). */
export const cardOps = {
  'card.read': op(
    0x0a01,
    {
      amountFen: uint(1),
      orderNo: text(2, 32),
      language: oneOf(3, ['zh', 'en']),
      timeoutSeconds: uint(4, cardWaitMaxSeconds),
      wantsPin: bool(5),
    },
    {
      outcome: oneOf(1, cardOutcomes),
      entry: oneOf(2, cardEntries),
      ksn: bytes(3, 12),
      data: bytes(4, cardDataMaxBytes),
      pinKsn: bytes(5, 12),
      pinBlock: bytes(6, 16),
      tail: text(7, 4),
    },
  ),
  'card.cancel': op(0x0a02, {}, { wasRunning: bool(1) }),
  'card.loadKey': op(
    0x0a03,
    { keyBlock: text(1, 512) },
    { accepted: bool(1), refusal: oneOf(2, keyRefusals), kcv: bytes(3, 3) },
  ),
  'card.keyStatus': op(
    0x0a04,
    {},
    {
      state: oneOf(1, ['none', 'ready', 'ended']),
      ikid: bytes(2, 8),
      kcv: bytes(3, 3),
      counter: uint(4),
      devicePublicKey: bytes(5, 32),
      hasAcquirer: bool(6),
    },
  ),
} as const;
