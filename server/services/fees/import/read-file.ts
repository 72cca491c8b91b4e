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

/** The sizes that a zip archive's directory names, so that a small file cannot unpack to a huge one. */
function unpackedBytes(bytes: Buffer): number {
  let sum = 0;
  const mark = Buffer.from([0x50, 0x4b, 0x01, 0x02]);
  for (let at = bytes.indexOf(mark); at >= 0 && at + 46 <= bytes.length; at = bytes.indexOf(mark, at + 46))
    sum += bytes.readUInt32LE(at + 24);
  return sum;
}

async function fromWorkbook(bytes: Buffer): Promise<Result<string[][], FileProblem>> {
  if (unpackedBytes(bytes) > unpackedMaxBytes) return err('too-large');
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
