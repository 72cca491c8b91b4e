import type { UnlockPolicy } from './policy.ts';
import { lockReasons } from './states.ts';

/**
 * The policy that a new installation starts with. Order matters: what ends a case comes first, then what needs a
 * person, then what the policy grants by itself. Its numbers are those of docs/unlock-protocol.md.
 */
export const defaultUnlockPolicy: UnlockPolicy = {
  version: 1,
  technicianDailyLimit: 20,
  unlocksLifetimeLimit: 10,
  tamperUnlocks30DaysLimit: 2,
  rules: [
    {
      number: 1,
      text: 'A stolen terminal stays locked and raises an alarm.',
      when: { stolen: true },
      outcome: 'refuse',
      refusal: 'stolen',
      alarm: 'stolen',
    },
    {
      number: 2,
      text: 'The ticket must be open.',
      when: { ticketOpen: false },
      outcome: 'refuse',
      refusal: 'ticket-not-open',
    },
    {
      number: 3,
      text: 'The ticket must be for this terminal.',
      when: { ticketForTerminal: false },
      outcome: 'refuse',
      refusal: 'ticket-other-terminal',
    },
    {
      number: 4,
      text: 'The ticket must be assigned to the technician who asks.',
      when: { ticketAssigned: false },
      outcome: 'refuse',
      refusal: 'ticket-not-assigned',
    },
    {
      number: 5,
      text: 'A technician unlocks at most 20 terminals a day.',
      when: { technicianUnlocksTodayMin: 20 },
      outcome: 'refuse',
      refusal: 'technician-limit',
      alarm: 'technician-limit',
    },
    {
      number: 6,
      text: 'Counters that went back mean a copy or a restored memory.',
      when: { epochContinues: false },
      outcome: 'depot',
      refusal: 'epoch-broken',
      alarm: 'log-broken',
    },
    {
      number: 7,
      text: 'A broken mesh or an attack on the supply goes to the depot.',
      when: { reasonsAny: ['mesh', 'voltage'] },
      outcome: 'depot',
      refusal: 'mesh-broken',
    },
    {
      number: 8,
      text: 'A dead identity key goes to the depot.',
      when: { identityAlive: false },
      outcome: 'depot',
      refusal: 'identity-dead',
    },
    {
      number: 9,
      text: 'A request without the device’s signature goes to the depot.',
      when: { requestSigned: false },
      outcome: 'depot',
      refusal: 'identity-dead',
    },
    {
      number: 10,
      text: 'Ten unlocks are a terminal’s life.',
      when: { unlocksLifetimeMin: 10 },
      outcome: 'depot',
      refusal: 'lifetime-limit',
    },
    {
      number: 11,
      text: 'A third tampering in 30 days goes to the depot.',
      when: { reasonsAny: ['case', 'temperature', 'self-test'], tamperUnlocks30DaysMin: 2 },
      outcome: 'depot',
      refusal: 'repeated-tamper',
      alarm: 'repeated-tamper',
    },
    {
      number: 12,
      text: 'A request must name a reason.',
      when: { reasonsNone: true },
      outcome: 'refuse',
      refusal: 'no-reason',
    },
    {
      number: 13,
      text: 'A log that was left behind needs a person.',
      when: { logContinues: false },
      outcome: 'person',
      inspection: true,
      alarm: 'log-broken',
    },
    {
      number: 14,
      text: 'An opened case, heat or a failed self-test needs an inspection and a person.',
      when: { reasonsAny: ['case', 'temperature', 'self-test'] },
      outcome: 'person',
      inspection: true,
    },
    {
      number: 15,
      text: 'A lock set by the office is lifted by the office.',
      when: { reasonsAny: ['policy'] },
      outcome: 'person',
    },
    {
      number: 16,
      text: 'A third accident in 30 days needs a person.',
      when: { unlocks30DaysMin: 2 },
      outcome: 'person',
      inspection: true,
      alarm: 'repeated-tamper',
    },
    {
      number: 17,
      text: 'Too many PIN tries, a flat cell or a drop are unlocked at once.',
      when: { reasonsOnly: ['pin-tries', 'flat-cell', 'drop'] },
      outcome: 'grant',
    },
    {
      number: 18,
      text: 'Everything else needs an inspection and a person.',
      when: {},
      outcome: 'person',
      inspection: true,
    },
  ],
  probation: [
    { reasonsOnly: ['pin-tries', 'policy', 'flat-cell', 'drop'], hours: 0, transactionLimitFen: 0 },
    { reasonsOnly: lockReasons, hours: 72, transactionLimitFen: 50_000 },
  ],
};
