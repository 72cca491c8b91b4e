import { reasonsOf } from '../../../domain/unlock/states.ts';
import type { EvidenceKind } from '../../../protocol/log/case-file.ts';
import type { ProvenCase, ProvenRecord } from '../../../protocol/log/case-check.ts';
import { i18n } from '../../i18n/i18n.svelte.ts';
import { officeText } from '../../i18n/office.ts';
import { shared } from '../../i18n/shared.ts';
import { actWords } from '../parts/history.ts';

/** One act of the story, in words. */
export interface StoryRow {
  readonly number: number;
  readonly at: string;
  readonly title: string;
  readonly who: string;
  readonly details: readonly string[];
  readonly evidence: readonly { readonly kind: EvidenceKind; readonly sizeBytes: number; readonly isSigned: boolean }[];
  readonly isFailure: boolean;
}

/** What can be asked of a checked case file. */
export type StoryVerdict =
  | { readonly ok: true; readonly proven: ProvenCase; readonly keys: string }
  | { readonly ok: false; readonly problem: keyof typeof officeText.t.story.problem; readonly detail: string };

/** Checks a case file here, by the code that the command line uses; fetched when it is needed. */
export async function checkStory(file: string, vkeys: string): Promise<StoryVerdict> {
  const [{ verifyCaseFile }, { readLogKeys }] = await Promise.all([
    import('../../../protocol/log/case-check.ts'),
    import('../../api/log-check.ts'),
  ]);
  const verdict = verifyCaseFile(file, { keys: readLogKeys(vkeys) });
  if (verdict.ok) return { ok: true, proven: verdict.value, keys: vkeys.trim().split('\n')[0] ?? '' };
  return { ok: false, problem: verdict.error, detail: verdict.detail ?? '' };
}

const failures = ['unlock.refuse', 'unlock.depot', 'unlock.bad-signature', 'grant.expired', 'grant.unanswered'];

/** The acts of one case and of its ticket, in the log's order. */
export function storyRows(proven: ProvenCase, caseId: string): StoryRow[] {
  return proven.records
    .filter((record) => isAbout(record, proven.file.ticket.id, caseId))
    .map((record) => rowOf(proven, record));
}

function isAbout({ entry }: ProvenRecord, ticketId: string, caseId: string): boolean {
  const { facts, subject } = entry;
  if (typeof facts['caseId'] === 'string') return facts['caseId'] === caseId;
  return subject === `case:${caseId}` || facts['ticketId'] === ticketId;
}

function rowOf({ file }: ProvenCase, { entry, evidence }: ProvenRecord): StoryRow {
  return {
    number: entry.seq,
    at: entry.at,
    title: titleOf(entry.act, entry.facts),
    who: whoDid(file.people, entry.actor, entry.facts),
    details: [...onSiteOf(file.people, entry.facts), ...detailsOf(entry.facts)],
    evidence,
    isFailure: failures.includes(entry.act) || entry.facts['done'] === false,
  };
}

type Facts = Readonly<Record<string, unknown>>;
type People = Readonly<Record<string, string>>;

function whoDid(people: People, actor: string | null, { source }: Facts): string {
  if (source === 'terminal') return officeText.t.story.terminal;
  return actor === null ? officeText.t.audit.server : (people[actor] ?? actor);
}

/** Of an unlock on site: by which use of which delegation, who signed, and whether its time is proven. */
function onSiteOf(people: People, facts: Facts): string[] {
  const t = officeText.t.story;
  const { number, useIndex, technicianId, secondId, timeProven } = facts;
  if (typeof number !== 'string' || typeof useIndex !== 'number') return [];
  const both = [technicianId, secondId].map((id) => people[String(id)] ?? String(id));
  return [t.onSite(number, useIndex, i18n.formats.list(both)), ...(timeProven === false ? [t.timeUnproven] : [])];
}

function stepWords(step: unknown): string | undefined {
  const words: Readonly<Record<string, string>> = shared.t.commissionStep;
  return typeof step === 'string' ? (words[step] ?? step) : undefined;
}

function titleOf(act: string, facts: Facts): string {
  const step = stepWords(facts['step']);
  const separator = i18n.language === 'zh' ? '：' : ': ';
  return step === undefined ? capital(actWords(act)) : `${step}${separator}${actWords(act)}`;
}

/** Titles begin with a capital where the language has them. */
function capital(words: string): string {
  return words.charAt(0).toLocaleUpperCase(i18n.language) + words.slice(1);
}

function detailsOf(facts: Facts): string[] {
  const t = officeText.t.story;
  const { reason, reasons, done, sealFound, sealNew, kind, sha256 } = facts;
  const photoKinds: Readonly<Record<string, string>> = officeText.t.evidence.photo;
  return [
    ...(typeof reasons === 'number'
      ? [i18n.formats.list(reasonsOf(reasons).map((name) => shared.t.reason[name]))]
      : []),
    ...(typeof reason === 'string' && reason !== '' ? [i18n.language === 'zh' ? `「${reason}」` : `“${reason}”`] : []),
    ...(done === false ? [t.failed] : []),
    ...(typeof sealFound === 'string' && typeof sealNew === 'string' ? [t.seals(sealFound, sealNew)] : []),
    ...(typeof kind === 'string' && typeof sha256 === 'string'
      ? [t.photo(photoKinds[kind] ?? kind, sha256.slice(0, 12))]
      : []),
  ];
}
