import type { ProvenCase, ProvenRecord } from './case-check.ts';

const acts: Readonly<Record<string, string>> = {
  'terminal.registered': 'registered the terminal',
  'terminal.changed': 'changed the terminal’s entry',
  'ticket.opened': 'opened the ticket',
  'ticket.claimed': 'took the ticket',
  'ticket.assigned': 'gave the ticket to a technician',
  'ticket.closed': 'closed the ticket',
  'keys.published': 'published the keys in force',
  'unlock.asked': 'asked for an unlock',
  'unlock.inspected': 'handed in the inspection',
  'unlock.approve': 'approved the unlock',
  'unlock.refuse': 'refused the unlock',
  'unlock.depot': 'sent the terminal to the depot',
  'unlock.withdrawn': 'gave the request up',
  'unlock.aborted': 'handed in that the request was burnt',
  'unlock.receipt': 'handed in the terminal’s receipt',
  'unlock.on-site': 'handed in an unlock on site',
  'photo.kept': 'kept a photo',
  'commission.order': 'fetched the order for',
  'commission.report': 'handed in the report of',
  'probation.released': 'ended probation early',
  'probation.over': 'let probation end',
  'grant.expired': 'let the grant expire',
  'grant.unanswered': 'missed the receipt',
};

/** Facts worth a word, in this order; the rest is in the file. */
const told = [
  'step',
  'done',
  'why',
  'outcome',
  'refusal',
  'result',
  'state',
  'reason',
  'factor',
  'sealFound',
  'sealNew',
  'kind',
  'number',
  'useIndex',
  'timeProven',
];

function wordsOf({ entry }: ProvenRecord): string {
  const { facts } = entry;
  return told
    .filter((name) => facts[name] !== undefined && facts[name] !== null)
    .map((name) => `${name} ${String(facts[name])}`)
    .join(', ');
}

function photosOf({ entry }: ProvenRecord): string[] {
  const { photos, sha256, photoId } = entry.facts;
  if (entry.act === 'photo.kept') return [`photo ${String(photoId)}, SHA-256 ${String(sha256)}`];
  if (typeof photos !== 'object' || photos === null) return [];
  return Object.entries(photos).map(([id, hash]) => `photo ${id}, SHA-256 ${String(hash)}`);
}

/** One record as lines: when, who, what, then its evidence. */
export function recordLines(proven: ProvenCase, record: ProvenRecord): string[] {
  const { entry, evidence } = record;
  const { people } = proven.file;
  const own = entry.facts['source'] === 'terminal' ? 'the terminal itself' : 'the server';
  const who = entry.actor === null ? own : (people[entry.actor] ?? entry.actor);
  const both = ['technicianId', 'secondId'].map((name) => entry.facts[name]).filter((id) => typeof id === 'string');
  const words = wordsOf(record);
  return [
    `${entry.at}  no. ${String(entry.seq)}  ${who} ${acts[entry.act] ?? entry.act}${words === '' ? '' : `: ${words}`}`,
    ...(entry.act === 'unlock.on-site' ? [`    signed by ${both.map((id) => people[id] ?? id).join(' and ')}`] : []),
    ...photosOf(record).map((line) => `    ${line}`),
    ...evidence.map(
      ({ kind, sizeBytes, isSigned }) =>
        `    ${kind}, ${String(sizeBytes)} bytes: the one that the record names, ${isSigned ? 'signatures hold' : 'no signature proves it'}`,
    ),
  ];
}

/** What was proved by what, and what was not. */
export function proofLines(proven: ProvenCase): string[] {
  const { checkpoint, witnesses, isPinned, knownSize, records, file } = proven;
  const oldest = file.earlier.length;
  return [
    `All ${String(records.length)} records stand in the log ${checkpoint.origin}, checkpoint of ${String(checkpoint.size)} records.`,
    isPinned
      ? 'The file and its checkpoints are signed by the key that you gave.'
      : `The file and its checkpoints are signed by the key that the file itself names (${file.keys[0] ?? ''}). Compare it with one learned elsewhere (--key).`,
    ...(oldest === 0
      ? []
      : [`The checkpoint continues ${String(oldest)} earlier one${oldest === 1 ? '' : 's'} in the file.`]),
    knownSize === undefined
      ? 'No checkpoint seen earlier was compared (--known): a log that shows different people different histories would not be noticed here.'
      : `It continues the checkpoint of ${String(knownSize)} records that you know.`,
    ...(witnesses.length === 0 ? ['No witness has cosigned a checkpoint in the file.'] : []),
    ...witnesses.map(
      ({ name, size, timeSeconds }) =>
        `Witness ${name} saw the log at ${String(size)} records, ${new Date(timeSeconds * 1000).toISOString()}.`,
    ),
  ];
}

/** The whole case in plain lines. */
export function caseStory(proven: ProvenCase): string[] {
  const { ticket, terminal, madeAt } = proven.file;
  return [
    `Ticket ${ticket.number}, terminal ${terminal.label} (${terminal.serial}); file made ${madeAt}`,
    '',
    ...proven.records.flatMap((record) => recordLines(proven, record)),
    '',
    ...proofLines(proven),
  ];
}
