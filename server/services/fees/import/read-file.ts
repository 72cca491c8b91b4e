import { promisify } from 'node:util';
import { inflateRaw } from 'node:zlib';
import { parse } from 'csv-parse/sync';
import ExcelJS from 'exceljs';
import iconv from 'iconv-lite';
import { err, ok, type Result } from '../../../../domain/result.ts';
import { importFileMaxBytes, importRowsMax } from '../../../../protocol/http/fees-work.ts';

/** Why a file cannot be read at all. */
export type FileProblem = 'unreadable' | 'too-many-rows' | 'no-rows' | 'old-excel' | 'too-large' | 'encoding';
/** A file's rows as text; `row` as the spreadsheet counts them. */
export interface FileRows {
  readonly headings: readonly string[];
  readonly rows: readonly { readonly row: number; readonly cells: readonly string[] }[];
}

const columnsMax = 60;
const cellMaxChars = 200;
/** A workbook is a packed archive: what it may come to when it is unpacked. */
const unpackedMaxBytes = 40_000_000;
/** The way of packing that workbooks use (APPNOTE 4.4.5). */
const deflated = 8;
const inflate = promisify<Buffer, { maxOutputLength: number }, Buffer>(inflateRaw);

/** UTF-8 with or without a mark, or what Chinese Excel saves as CSV. */
function decoded(bytes: Buffer): string | undefined {
  const plain = bytes.subarray(bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0);
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return iconv.decode(bytes.subarray(2), 'utf16-le');
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(plain);
  } catch {
    const text = iconv.decode(plain, 'gb18030');
    return text.includes('\uFFFD') ? undefined : text;
  }
}

function fromCsv(bytes: Buffer): Result<string[][], FileProblem> {
  const text = decoded(bytes);
  if (text === undefined) return err('encoding');
  const head = text.slice(0, text.indexOf('\n') + 1 || undefined);
  const delimiter = [',', ';', '\t'].sort((a, b) => head.split(b).length - head.split(a).length)[0] ?? ',';
  try {
    const rows = parse(text, {
      delimiter,
      relax_column_count: true,
      skip_empty_lines: false,
      max_record_size: 50_000,
      to: importRowsMax + 2,
    });
    return ok(rows as string[][]);
  } catch {
    return err('unreadable');
  }
}

/** A cell as a person reads it. A formula counts as what it gave; a date as its day. */
function cellText(value: ExcelJS.CellValue): string {
  if (value === null || value === undefined) return '';
  if (value instanceof Date) return value.toISOString().slice(0, 10);
  if (typeof value === 'object') {
    if ('result' in value) return cellText(value.result as ExcelJS.CellValue);
    if ('richText' in value) return value.richText.map(({ text }) => text).join('');
    if ('text' in value) return cellText(value.text as ExcelJS.CellValue);
    return '';
  }
  return String(value);
}

interface PackedEntry {
  readonly isDeflated: boolean;
  readonly data: Buffer;
}

/** The parts of a zip archive, by its directory. */
function* packedEntries(bytes: Buffer): Generator<PackedEntry> {
  const mark = Buffer.from([0x50, 0x4b, 0x01, 0x02]);
  for (let at = bytes.indexOf(mark); at >= 0 && at + 46 <= bytes.length; at = bytes.indexOf(mark, at + 46)) {
    const [length, head] = [bytes.readUInt32LE(at + 20), bytes.readUInt32LE(at + 42)];
    if (head + 30 > bytes.length) continue;
    const from = head + 30 + bytes.readUInt16LE(head + 26) + bytes.readUInt16LE(head + 28);
    yield { isDeflated: bytes.readUInt16LE(at + 10) === deflated, data: bytes.subarray(from, from + length) };
  }
}

/**
 * Whether a workbook unpacks to no more than it may. It is tried: the sizes in the archive's directory are what whoever
 * made it wrote there. What cannot be unpacked at all is for the reader of workbooks to refuse.
 */
async function isSmallUnpacked(bytes: Buffer): Promise<boolean> {
  let left = unpackedMaxBytes;
  for (const { isDeflated, data } of packedEntries(bytes)) {
    const size = isDeflated ? await unpackedSize(data, left) : data.length;
    if (size > left) return false;
    left -= size;
  }
  return true;
}

/** The size of one part; more than `max` when it is more. */
async function unpackedSize(data: Buffer, max: number): Promise<number> {
  try {
    return (await inflate(data, { maxOutputLength: Math.max(1, max) })).length;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE' ? max + 1 : 0;
  }
}

async function fromWorkbook(bytes: Buffer): Promise<Result<string[][], FileProblem>> {
  if (!(await isSmallUnpacked(bytes))) return err('too-large');
  const book = new ExcelJS.Workbook();
  try {
    await book.xlsx.load(bytes as unknown as ArrayBuffer);
  } catch {
    return err('unreadable');
  }
  const sheet = book.worksheets.find(({ state }) => state === 'visible') ?? book.worksheets[0];
  if (sheet === undefined) return err('no-rows');
  if (sheet.rowCount > importRowsMax + 1) return err('too-many-rows');
  const rows: string[][] = [];
  for (let index = 1; index <= sheet.rowCount; index += 1) {
    const row = sheet.getRow(index);
    const width = Math.min(row.cellCount, columnsMax);
    rows.push(Array.from({ length: width }, (_cell, column) => cellText(row.getCell(column + 1).value)));
  }
  return ok(rows);
}

/** Reads a CSV file or an XLSX workbook's first sheet; the first row is the heading. Formulas are never run. */
export async function readFileRows(bytes: Buffer): Promise<Result<FileRows, FileProblem>> {
  if (bytes.length > importFileMaxBytes) return err('too-large');
  if (bytes.subarray(0, 4).toString('hex') === 'd0cf11e0') return err('old-excel');
  const isZip = bytes.subarray(0, 4).toString('hex') === '504b0304';
  const read = isZip ? await fromWorkbook(bytes) : fromCsv(bytes);
  if (!read.ok) return read;
  const [headings = [], ...rest] = read.value;
  const cut = (cells: readonly string[]): string[] =>
    cells.slice(0, columnsMax).map((cell) => cell.normalize('NFKC').trim().slice(0, cellMaxChars));
  const rows = rest
    .map((cells, index) => ({ row: index + 2, cells: cut(cells) }))
    .filter(({ cells }) => cells.some((cell) => cell !== ''));
  if (rows.length === 0) return err('no-rows');
  if (rows.length > importRowsMax) return err('too-many-rows');
  return ok({ headings: cut(headings), rows });
}
