import { PassThrough, Readable } from 'node:stream';
import { stringify } from 'csv-stringify/sync';
import { shanghaiDay } from '../../../domain/payments/numbers.ts';
import { err, ok } from '../../../domain/result.ts';
import type { ExportQuery } from '../../../protocol/http/merchant.ts';
import type { Answer } from '../../answer.ts';
import { shanghaiText } from '../../channels/shared/shanghai-time.ts';
import type { Core } from '../../core.ts';
import { exportBatches, type ExportRow, guarded, yuanText } from './export-rows.ts';
import { type ExportColumn, exportColumns, type ExportLanguage, exportWords } from './export-words.ts';

/** A file on its way: its name, its type, and its bytes as they come. */
export interface ExportFile {
  readonly name: string;
  readonly type: string;
  readonly body: ReadableStream<Uint8Array>;
}

/** Files that one process makes at a time. */
const runningMax = 4;
/** Bytes that may wait for a slow reader before more rows are read. */
const waitingMaxBytes = 1_048_576;
const shanghaiOffsetMs = 8 * 3_600_000;
const byteOrderMark = '\uFEFF';

type Batches = AsyncIterable<readonly ExportRow[]>;

function csvCells(row: ExportRow): string[] {
  const texts: Readonly<Record<ExportColumn, string>> = {
    ...row,
    time: shanghaiText(row.timeMs),
    amount: yuanText(row.amountFen),
    refunded: yuanText(row.refundedFen),
  };
  // Amounts are numbers; their minus is one and not the beginning of a formula.
  return exportColumns.map((name) => (name === 'amount' || name === 'refunded' ? texts[name] : guarded(texts[name])));
}

/** CSV (RFC 4180) with a byte order mark, so that spreadsheets read the Chinese. */
async function* csvParts(batches: Batches, language: ExportLanguage): AsyncGenerator<Buffer> {
  const line = { record_delimiter: 'windows' } as const;
  const { columns } = exportWords[language];
  yield Buffer.from(byteOrderMark + stringify([exportColumns.map((name) => columns[name])], line));
  for await (const rows of batches) if (rows.length > 0) yield Buffer.from(stringify(rows.map(csvCells), line));
}

const widths: Readonly<Record<ExportColumn, number>> = {
  ...{ time: 20, kind: 10, orderNo: 18, number: 26, amount: 14, refunded: 14 },
  ...{ channel: 16, tail: 12, terminal: 14, state: 18, reference: 24, note: 40 },
};

async function drained(stream: PassThrough): Promise<void> {
  while (!stream.destroyed && stream.readableLength > waitingMaxBytes)
    await new Promise<void>((done) => {
      stream.once('data', done).once('close', done);
    });
}

/** Writes the workbook row by row; rows are read only as fast as the reader takes the bytes. */
async function writeWorkbook(batches: Batches, language: ExportLanguage, stream: PassThrough): Promise<void> {
  const { default: ExcelJs } = await import('exceljs');
  const workbook = new ExcelJs.stream.xlsx.WorkbookWriter({ stream, useSharedStrings: false, useStyles: true });
  const { sheet: name, columns } = exportWords[language];
  const sheet = workbook.addWorksheet(name, { views: [{ state: 'frozen', ySplit: 1 }] });
  sheet.columns = exportColumns.map((key) => ({
    key,
    header: columns[key],
    width: widths[key],
    ...(key === 'time' ? { style: { numFmt: 'yyyy-mm-dd hh:mm:ss' } } : {}),
    ...(key === 'amount' || key === 'refunded' ? { style: { numFmt: '#,##0.00' } } : {}),
  }));
  sheet.getRow(1).font = { bold: true };
  for await (const rows of batches) {
    for (const row of rows) {
      const { timeMs, amountFen, refundedFen, ...texts } = row;
      // A spreadsheet's time has no zone: the clock of Shanghai is written as if it were UTC. Texts are typed as text.
      const time = new Date(timeMs + shanghaiOffsetMs);
      sheet.addRow({ ...texts, time, amount: amountFen / 100, refunded: refundedFen / 100 }).commit();
    }
    await drained(stream);
    if (stream.destroyed) return;
  }
  sheet.commit();
  await workbook.commit();
}

/** Makes files of the history. */
export function createExporter(core: Core) {
  let running = 0;
  const once = (): (() => void) => {
    let isOver = false;
    running += 1;
    return () => {
      if (!isOver) running -= 1;
      isOver = true;
    };
  };
  return (merchantId: string, { format, language = 'zh', ...filter }: ExportQuery): Answer<ExportFile> => {
    if (running >= runningMax) return err('rate-limited');
    const end = once();
    const batches = exportBatches(core, merchantId, filter, language);
    const name = `tillkeeper-${shanghaiDay(core.clock())}.${format}`;
    const fail = (error: unknown): void => {
      // A reader that goes away is none of our failures.
      const isGone = error instanceof Error && error.name === 'AbortError';
      if (!isGone) core.log.warn({ err: error }, 'an export ended early');
    };
    if (format === 'csv') {
      const source = Readable.from(csvParts(batches, language), { objectMode: false }).once('close', end);
      source.on('error', fail);
      return ok({ name, type: 'text/csv; charset=utf-8', body: webOf(source) });
    }
    const stream = new PassThrough().once('close', end);
    stream.on('error', fail);
    writeWorkbook(batches, language, stream).catch((error: unknown) => {
      stream.destroy(error instanceof Error ? error : new Error(String(error)));
    });
    const type = 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet';
    return ok({ name, type, body: webOf(stream) });
  };
}

function webOf(stream: Readable): ReadableStream<Uint8Array> {
  return Readable.toWeb(stream) as unknown as ReadableStream<Uint8Array>;
}
