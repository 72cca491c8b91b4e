import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { base64UrlDecode, concatBytes, u32Be } from '../../protocol/bytes.ts';
import { type CaseProblem, verifyCaseFile } from '../../protocol/log/case-check.ts';
import { type CaseFile, formatCaseFile, parseCaseFile } from '../../protocol/log/case-file.ts';
import { caseStory } from '../../protocol/log/case-story.ts';
import { checkpointText, openCheckpoint } from '../../protocol/log/checkpoint.ts';
import { entryText, parseEntry } from '../../protocol/log/entry.ts';
import { leafHash } from '../../protocol/log/merkle.ts';
import { decodeVkey, formatNote, type NoteKey, noteKey, signNote } from '../../protocol/log/note.ts';
import { hashesOf, inclusionRanges, TreeEdge } from '../../protocol/log/tree.ts';
import { softwareSigner, signingPublicKey } from '../../protocol/unlock/v1/ed25519.ts';
import type { Signer } from '../../protocol/unlock/v1/signer.ts';
import { verifyByNode } from '../../server/keys/node-keys.ts';
import { FieldSite } from './server/field-site.ts';
import { tellStory } from './server/log-story.ts';
import { Cluster, World } from './server/world.ts';

let cluster: Cluster;
let world: World;
let text: string;
let ticketId: string;
let caseId: string;
let early: string;
let key: NoteKey;
let signer: Signer;

beforeAll(async () => {
  cluster = await Cluster.start();
  world = await World.start(cluster);
  const { log } = world.server.context.services;
  await settle();
  early = await checkpoint();
  const story = await tellStory(world);
  ticketId = story.site.ticketId;
  caseId = story.caseId;
  const made = await log.caseFile(ticketId, early);
  if (!made.ok) throw new Error(made.error);
  text = made.value;
  const decoded = decodeVkey((await log.keys()).trim());
  if (!decoded.ok) throw new Error(decoded.error);
  key = decoded.value;
  signer = world.server.context.keys().logKeys[0]?.signer as Signer;
});
afterAll(async () => {
  await world.close();
  await cluster.stop();
});

async function settle(): Promise<void> {
  await world.server.context.sequencer.drain();
  await world.server.context.checkpoints.sign();
}

async function checkpoint(): Promise<string> {
  const kept = await world.server.context.services.log.checkpoint();
  if (!kept.ok) throw new Error(kept.error);
  return kept.value;
}

/** The file with something else in it, signed again by the log's own key: what a dishonest office could make. */
function forged(change: (file: CaseFile) => CaseFile): string {
  const parsed = parseCaseFile(text);
  if (!parsed.ok) throw new Error(parsed.error);
  return formatCaseFile(change(parsed.value.file), key, (message) => signer.sign(message));
}

function refusal(file: string, known?: string): CaseProblem | 'accepted' {
  const verdict = verifyCaseFile(file, { keys: [key], known, verify: verifyByNode });
  return verdict.ok ? 'accepted' : verdict.error;
}

describe('a true case file', () => {
  it('is accepted with nothing but the key, and tells the whole story', () => {
    const verdict = verifyCaseFile(text, { keys: [key] });
    if (!verdict.ok) throw new Error(`${verdict.error}: ${verdict.detail ?? ''}`);
    const acts = verdict.value.records.map(({ entry }) => entry.act);
    for (const act of ['terminal.registered', 'keys.published', 'ticket.opened', 'unlock.asked', 'photo.kept'])
      expect(acts).toContain(act);
    const kinds = verdict.value.records.flatMap(({ evidence }) => evidence.map(({ kind }) => kind));
    expect(new Set(kinds)).toEqual(new Set(['request', 'grant', 'receipt', 'order', 'report']));
    expect(kinds.filter((kind) => kind === 'report')).toHaveLength(6);
    expect(verdict.value.records.flatMap(({ evidence }) => evidence).every(({ isSigned }) => isSigned)).toBe(true);
    const story = caseStory(verdict.value).join('\n');
    expect(story).toContain('wang asked for an unlock');
    expect(story).toContain('zhou approved the unlock: reason Photos fit., factor totp');
    expect(story).toContain('signed by the key that you gave');
  });

  it('is accepted against a checkpoint seen before, and says so', () => {
    const verdict = verifyCaseFile(text, { keys: [key], known: early });
    expect(verdict).toMatchObject({ ok: true, value: { isPinned: true } });
    if (verdict.ok) expect(caseStory(verdict.value).join('\n')).toContain('that you know');
  });

  it('without a key it is checked against itself only, and says so', () => {
    const verdict = verifyCaseFile(text);
    if (!verdict.ok) throw new Error(verdict.error);
    expect(caseStory(verdict.value).join('\n')).toContain('Compare it with one learned elsewhere');
  });

  it('comes from the interface for the office too, by the ticket’s id', async () => {
    const lin = await world.person('lin', 'operator');
    const response = await fetch(`${world.server.url}/api/tickets/${ticketId}/case-file`, { headers: lin.headers() });
    expect(response.headers.get('content-disposition')).toContain('attachment');
    expect(refusal(await response.text())).toBe('accepted');
    const wang = await world.person('wang', 'technician');
    expect(
      (await fetch(`${world.server.url}/api/tickets/${ticketId}/case-file`, { headers: wang.headers() })).status,
    ).toBe(403);
  });
});

describe('a changed case file', () => {
  it('is refused after each of 1,000 changes of one byte', () => {
    const bytes = Buffer.from(text);
    const rest = 1_000;
    for (let count = 0; count < rest; count++) {
      // The last lines whole, the rest spread evenly.
      const at =
        count < 150 ? bytes.length - 1 - count : Math.floor(((count - 150) / (rest - 150)) * (bytes.length - 150));
      const changed = Buffer.from(bytes);
      changed[at] = (changed[at] ?? 0) ^ (1 << (count % 7));
      expect(refusal(changed.toString('utf8')), `byte ${String(at)}`).not.toBe('accepted');
    }
  });

  it.each(['', 'x', '\n\n', 'Tillkeeper case file 1\n{}\n\n— a AAAAAAA=\n'])(
    '%j is refused without a throw',
    (file) => {
      expect(refusal(file)).not.toBe('accepted');
    },
  );

  it('cut anywhere it is refused', () => {
    for (let part = 0; part < 20; part++)
      expect(refusal(text.slice(0, Math.floor((text.length * part) / 20)))).not.toBe('accepted');
  });

  it('with a second signature line it is refused', () => {
    expect(refusal(text + text.slice(text.lastIndexOf('—')))).toBe('malformed');
  });

  it('signed by another key of the same name it is refused', () => {
    const other = noteKey(key.name, 'ed25519', signingPublicKey(new Uint8Array(32).fill(9)));
    const parsed = parseCaseFile(text);
    if (!parsed.ok) throw new Error(parsed.error);
    const file = formatCaseFile(parsed.value.file, other, softwareSigner(new Uint8Array(32).fill(9)).sign);
    expect(refusal(file)).toBe('wrong-key');
  });
});

const factsOf = (entry: string): Readonly<Record<string, unknown>> => parseEntry(entry)?.facts ?? {};

describe('a file that the office itself falsifies and signs is refused', () => {
  const table: [string, CaseProblem, (file: CaseFile) => CaseFile][] = [
    [
      'a record left out',
      'gap',
      (file) => ({ ...file, records: file.records.filter(({ entry }) => !entry.includes('"unlock.inspected"')) }),
    ],
    [
      'a photo’s record left out',
      'gap',
      (file) => ({
        ...file,
        records: file.records.filter(
          ({ entry }, i) =>
            !entry.includes('"photo.kept"') ||
            file.records.slice(0, i).some((other) => other.entry.includes('"photo.kept"')),
        ),
      }),
    ],
    ['two records exchanged', 'gap', (file) => ({ ...file, records: [...file.records].reverse() })],
    [
      'an approver’s reason changed',
      'not-in-log',
      (file) => ({
        ...file,
        records: file.records.map((record) => ({
          ...record,
          entry: record.entry.replace('Photos fit.', 'Photos fit!'),
        })),
      }),
    ],
    [
      'another actor',
      'not-in-log',
      (file) => ({
        ...file,
        records: file.records.map((record) => {
          const entry = parseEntry(record.entry);
          return entry?.act === 'unlock.approve'
            ? { ...record, entry: entryText({ ...entry, actor: 'somebody' }) }
            : record;
        }),
      }),
    ],
    [
      'the receipt left out',
      'evidence-missing',
      (file) => ({ ...file, messages: file.messages.filter(({ kind }) => kind !== 'receipt') }),
    ],
    [
      'a message that no record names',
      'evidence-missing',
      (file) => ({ ...file, messages: [...file.messages, { kind: 'receipt', bytes: 'AAAA' }] }),
    ],
    [
      'a report put for a receipt',
      'evidence-missing',
      (file) => ({
        ...file,
        messages: file.messages.map((message) =>
          message.kind === 'receipt' ? { ...message, kind: 'report' as const } : message,
        ),
      }),
    ],
    [
      'another terminal’s key',
      'keys-wrong',
      (file) => ({
        ...file,
        identityPublicKey: Buffer.from(signingPublicKey(new Uint8Array(32).fill(3))).toString('base64url'),
      }),
    ],
    [
      'another root key',
      'keys-wrong',
      (file) => ({
        ...file,
        rootPublicKey: Buffer.from(signingPublicKey(new Uint8Array(32).fill(3))).toString('base64url'),
      }),
    ],
    ['the keyset left out', 'evidence-wrong', (file) => ({ ...file, keysets: [] })],
    [
      'the registration left out',
      'keys-wrong',
      (file) => ({ ...file, records: file.records.filter(({ entry }) => !entry.includes('"terminal.registered"')) }),
    ],
    ['an older checkpoint', 'not-in-log', (file) => ({ ...file, checkpoint: early, earlier: [] })],
    [
      'a proof of another checkpoint',
      'forked',
      (file) => ({ ...file, earlier: file.earlier.map((item) => ({ ...item, hashes: item.hashes.slice(1) })) }),
    ],
    [
      'another ticket',
      'gap',
      (file) => ({ ...file, ticket: { ...file.ticket, id: '00000000-0000-7000-8000-000000000000' } }),
    ],
  ];
  it.each(table)('%s → %s', (_what, problem, change) => {
    expect(refusal(forged(change))).toBe(problem);
  });

  it('a log written anew for the purpose passes alone, and fails against a checkpoint seen before', () => {
    // The worst office: it rewrites the history, builds another tree over it and signs everything with the true key.
    const parsed = parseCaseFile(text);
    if (!parsed.ok) throw new Error(parsed.error);
    const { file } = parsed.value;
    const old = openCheckpoint(file.checkpoint, [key]);
    if (!old.ok) throw new Error(old.error);
    const { size, origin } = old.value;
    const reread = file.records.map(({ entry }) => entry.replace('Photos fit.', 'All is well'));
    const leaves = Array.from({ length: size }, (_, i) => leafHash(concatBytes(u32Be(7), u32Be(i))));
    for (const entry of reread) leaves[(parseEntry(entry)?.seq ?? 1) - 1] = leafHash(Buffer.from(entry));
    const nodes = new Map(leaves.map((hash, i) => [`0/${String(i)}`, hash]));
    const edge = new TreeEdge(0, []);
    for (const leaf of leaves)
      edge.grow(leaf, (id, hash) => nodes.set(`${String(id.level)}/${String(id.index)}`, hash));
    const signed = (root: Uint8Array): string => {
      const body = checkpointText({ origin, size, root });
      return formatNote({ text: body, signatures: [signNote(body, key, (message) => signer.sign(message))] });
    };
    const other = rebuilt(file, reread, nodes, size, signed(edge.root));
    expect(refusal(other)).toBe('accepted');
    expect(refusal(other, file.checkpoint)).toBe('forked');
    expect(refusal(other, early)).toBe('no-proof-from-known');
    expect(factsOf(reread.at(-1) ?? '')).toBeDefined();
  });

  it('a log rolled back fails against a later checkpoint', async () => {
    const { pool } = world.server.context.store;
    await pool.query(
      `insert into audit (id, at, act, subject, facts) values (gen_random_uuid(), now(), 'test', 'x', '{}')`,
    );
    await settle();
    expect(refusal(text, await checkpoint())).toBe('rolled-back');
  });
});

function rebuilt(
  file: CaseFile,
  entries: readonly string[],
  nodes: ReadonlyMap<string, Uint8Array>,
  size: number,
  note: string,
): string {
  const read = ({ level, index }: { level: number; index: number }): Uint8Array =>
    nodes.get(`${String(level)}/${String(index)}`) ?? new Uint8Array(0);
  const records = entries.map((entry) => {
    const index = (parseEntry(entry)?.seq ?? 1) - 1;
    const hashes = hashesOf(inclusionRanges(index, size), read);
    return { entry, hashes: hashes.map((hash) => Buffer.from(hash).toString('base64url')) };
  });
  return formatCaseFile({ ...file, records, checkpoint: note, earlier: [] }, key, (message) => signer.sign(message));
}

it('every message of the file is one that the database kept', () => {
  const parsed = parseCaseFile(text);
  if (!parsed.ok) throw new Error(parsed.error);
  expect(parsed.value.file.messages.every(({ bytes }) => (base64UrlDecode(bytes)?.length ?? 0) > 50)).toBe(true);
  expect(parsed.value.file.records.some(({ entry }) => entry.includes(caseId))).toBe(true);
});

it('an unlock on site is proved by its bundle, and every report by the terminal', async () => {
  const site = await FieldSite.start(cluster);
  const { log } = site.world.server.context.services;
  const terminal = await site.terminal();
  const laptop = await site.ready([terminal]);
  terminal.device.trip('case');
  const record = await laptop.mustUse(terminal);
  const reports = await laptop.setUp(terminal);
  const handed = await laptop.submit(record);
  await laptop.report(record.caseId, reports);
  const made = await log.caseFile(handed.body.ticketId);
  const own = decodeVkey((await log.keys()).trim());
  if (!made.ok || !own.ok) throw new Error('no file');
  const verdict = verifyCaseFile(made.value, { keys: [own.value], verify: verifyByNode });
  if (!verdict.ok) throw new Error(`${verdict.error}: ${verdict.detail ?? ''}`);
  const messages = verdict.value.records.flatMap(({ evidence }) => evidence);
  expect(messages.map(({ kind }) => kind)).toEqual(['request', 'bundle', 'receipt', ...reports.map(() => 'report')]);
  expect(messages.every(({ isSigned }) => isSigned)).toBe(true);
  const { people } = verdict.value.file;
  const told = caseStory(verdict.value).join('\n');
  expect(told).toMatch(/number D-\d+, useIndex 1, timeProven true\n +signed by /);
  expect(told).toContain(`signed by ${String(people[site.wang.person.id])} and ${String(people[site.li.person.id])}`);
  await site.world.close();
});
