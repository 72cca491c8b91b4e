import { stringify } from 'csv-stringify/sync';
import ExcelJS from 'exceljs';
import type { FeeTemplateQuery } from '../../../../protocol/http/fees-work.ts';
import { columnsOf } from './columns.ts';

/** A file to download. */
export interface TemplateFile {
  readonly name: string;
  readonly type: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

const byteOrderMark = '\uFEFF';

/** An empty file with the right headings and one example row, that is to be written over. */
export async function importTemplate({
  kind,
  service,
  format,
  language = 'zh',
}: FeeTemplateQuery): Promise<TemplateFile> {
  const columns = columnsOf(kind, service);
  const headings = columns.map(({ names }) => names[language][0] ?? '');
  const example = columns.map((column) => column.example[language]);
  const name = `${kind}-${service}.${format}`;
  if (format === 'csv') {
    const text = byteOrderMark + stringify([headings, example], { record_delimiter: 'windows' });
    return { name, type: 'text/csv; charset=utf-8', bytes: new Uint8Array(Buffer.from(text)) };
  }
  const book = new ExcelJS.Workbook();
  const sheet = book.addWorksheet(kind);
  // Text, so that a spreadsheet does not make 2.026E+10 of a household number.
  sheet.columns = headings.map((header) => ({ header, width: 20, style: { numFmt: '@' } }));
  sheet.addRow(example);
  sheet.getRow(1).font = { bold: true };
  const bytes = new Uint8Array(await book.xlsx.writeBuffer());
  return { name, type: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet', bytes };
}
