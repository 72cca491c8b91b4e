import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { encryptAccount } from '../../protocol/fees/account-cipher.ts';
import { type Haystack, type Needle, search, spellings } from './card-leak/needles.ts';
import { dumpDatabase, filesBelow, Tap, tapHttp, tapLog } from './card-leak/taps.ts';
import { FeeBench } from './fees/bench.ts';
import { Cluster, newId } from './server/world.ts';
import { callRoute } from './terminal-app/bench.ts';

const resident = {
  number: '7390441826',
  secret: '5093',
  name: '欧阳晓楠',
  phone: '13907551284',
  idCard: '44030519870612351X',
  bankAccount: '6217003320058817641',
} as const;

function needlesOf(): Needle[] {
  const { number, secret, ...others } = resident;
  return [
    ...spellings('household number', Buffer.from(number)),
    // Its tail is shown; everything before the tail is not.
    ...spellings('household number without its tail', Buffer.from(number.slice(0, -4))),
    { name: 'household number in UTF-16', bytes: Buffer.from(number, 'utf16le') },
    ...Object.entries(others).flatMap(([name, text]) => spellings(name, Buffer.from(text))),
    { name: 'secret', pattern: new RegExp(`(?<![0-9a-fA-F])${secret}(?![0-9a-fA-F])`) },
    { name: 'secret as a JSON text', bytes: Buffer.from(`"${secret}"`) },
  ];
}

const http = new Tap('calls over HTTP');
const log = new Tap('log of the server');
const needles = needlesOf();

let cluster: Cluster;
let fees: FeeBench;

beforeAll(async () => {
  tapLog(log);
  tapHttp(http);
  cluster = await Cluster.start();
  fees = await FeeBench.start(cluster, { logLevel: 'debug' });
}, 120_000);
afterAll(async () => {
  await fees.close();
  await cluster.stop();
  vi.restoreAllMocks();
});

/** The payee's list as its office has it, with columns that are nobody's business here. */
async function bringIn(): Promise<string> {
  const rows = [
    ['户号', '房号', '查询密码', '姓名', '手机号', '身份证号', '银行账号'],
    [
      resident.number,
      '7 号楼 902 室',
      resident.secret,
      resident.name,
      resident.phone,
      resident.idCard,
      resident.bankAccount,
    ],
  ];
  const content = Buffer.from(rows.map((row) => row.join(',')).join('\n')).toString('base64');
  const { feeOffice } = fees.world.server.context.services;
  const file = { kind: 'accounts', service: 'electricity', fileName: '住户.csv', content } as const;
  const done = await feeOffice.commitImport(undefined, fees.payeeId, { id: newId(), ...file });
  if (!done.ok || done.value.done !== 1) throw new Error(JSON.stringify(done));
  const [row] = await fees.sql<{ id: string }>('select id from fee_accounts where merchant_id = $1', fees.payeeId);
  return row?.id ?? '';
}

function encryptedAccount(): { certId: string; ciphertext: string } {
  const { n = '', e = '' } = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({ format: 'jwk' });
  const key = { modulus: n, exponent: e };
  const ciphertext = encryptAccount(resident.bankAccount, key, (length) => new Uint8Array(randomBytes(length)));
  return { certId: '68759663125', ciphertext: ciphertext ?? '' };
}

test('the search finds each of them where it is planted', () => {
  for (const text of Object.values(resident)) {
    const bytes = Buffer.from(JSON.stringify({ planted: text }));
    expect([text, search([{ name: 'planted', bytes }], needles).length > 0]).toEqual([text, true]);
  }
});

describe('a resident asks, pays by account, gets a receipt and the money back', () => {
  test('all of it happens', async () => {
    const household = { id: await bringIn(), number: resident.number, secret: resident.secret };
    await fees.bill(household, 12_345, { dueOn: '2026-12-20' });
    const quote = await fees.quote(household);
    const body = {
      payId: newId(),
      channel: 'toy-a',
      kind: 'link' as const,
      totalFen: 12_345,
      account: encryptedAccount(),
    };
    await fees.lookup(resident.number, '0000');
    const begun = await fees.app.call('feePayQuote', { id: quote.quoteId }, body);
    expect(begun.body.way).toBeDefined();
    await fees.wallet(quote.quoteId);
    const { receipt } = await fees.look(quote.quoteId);
    const { receiptNo } = await fees.open('receipt', receipt);
    await fees.app.call('feePrinted', { receiptNo }, { id: newId() });
    await callRoute(fees.world, 'feeResult', { params: { token: (await fees.way(begun)).token } });
    await fees.refund(quote.quoteId);
    await fees.visit(household);
    expect((await fees.look(quote.quoteId)).state).toBe('reversed');
  });

  test('no packet between terminal, phone and server, and no line of the log, holds any of it', () => {
    const ways: readonly Haystack[] = [http.haystack, log.haystack];
    for (const { name, bytes } of ways) expect([name, bytes.length > 2_000]).toEqual([name, true]);
    expect(http.haystack.bytes.includes(Buffer.from('fees/lookup'))).toBe(true);
    expect(search(ways, needles)).toEqual([]);
  });

  test('no table of the database holds any of it', async () => {
    const tables = await dumpDatabase(fees.world.databaseUrl);
    expect(tables.find(({ name }) => name.endsWith('fee_accounts'))?.bytes.toString()).toContain('7 号楼');
    expect(tables.find(({ name }) => name.endsWith('fee_receipts'))?.bytes.length).toBeGreaterThan(500);
    expect(search(tables, needles)).toEqual([]);
  });

  test('no file of server and database does, the write-ahead log included', { timeout: 120_000 }, () => {
    const files = filesBelow(cluster.folder);
    expect(files.some(({ name }) => name.includes('pg_wal'))).toBe(true);
    const long = needles.filter(({ bytes }) => bytes !== undefined && bytes.length >= 8);
    expect(search(files, long, true)).toEqual([]);
  });
});
