import type { Terminal } from '../../../protocol/http/registry.ts';

const columns = [
  'label',
  'serial',
  'model',
  'merchantName',
  'place',
  'stateConfirmed',
  'stateWanted',
  'firmware',
  'keys',
  'seal',
  'unlocksLifetime',
  'confirmedAt',
] as const satisfies readonly (keyof Terminal)[];

/** The rows as CSV (RFC 4180) with a byte order mark, so that spreadsheets read the Chinese; a cell never starts a formula. */
export function terminalsCsv(terminals: readonly Terminal[]): string {
  const lines = [
    columns.join(','),
    ...terminals.map((terminal) => columns.map((name) => cell(terminal[name])).join(',')),
  ];
  return `\uFEFF${lines.join('\r\n')}\r\n`;
}

function cell(value: string | number | undefined): string {
  const text = String(value ?? '');
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
