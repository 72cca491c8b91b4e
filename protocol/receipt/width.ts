/**
 * How many columns a character takes on the paper. Receipt printers in China set ASCII in one column and everything else
 * from their GBK font in two, also signs that a screen draws narrow.
 */
export function charColumns(char: string): 1 | 2 {
  const point = char.codePointAt(0) ?? 0;
  return point >= 0x20 && point < 0x7f ? 1 : 2;
}

/** Columns of a text. */
export function textColumns(text: string): number {
  let columns = 0;
  for (const char of text) columns += charColumns(char);
  return columns;
}

/** Control characters would be commands to a printer; some signs have a form that its font holds. */
const replacements: readonly (readonly [RegExp, string])[] = [
  [/[\p{Cc}\p{Zl}\p{Zp}\u00a0]/gu, ' '],
  [/[\p{Cf}\p{Mn}\p{Me}]/gu, ''],
  [/\u00a5/g, '\uffe5'],
  [/\u2212/g, '-'],
];

/** A text as it may be printed: one line, no commands, no marks without width. */
export function printable(text: string): string {
  return replacements.reduce((result, [pattern, by]) => result.replace(pattern, by), text.normalize('NFC')).trim();
}

/** The end of the longest beginning of `chars` that fits, at least one character. */
function fittingLength(chars: readonly string[], columns: number): number {
  let used = 0;
  let count = 0;
  for (const char of chars) {
    used += charColumns(char);
    if (used > columns) break;
    count += 1;
  }
  return Math.max(1, count);
}

/** 1 when a line would otherwise begin with a mark that closes what stands before it, else 0. */
function hanging(chars: readonly string[], length: number): 0 | 1 {
  return length > 1 && /^[，。；：！？、）》」』”’…,.;:!?)]$/.test(chars[length] ?? '') ? 1 : 0;
}

/**
 * Breaks a text into lines of at most `columns` columns: between Chinese characters anywhere, in Latin text at spaces
 * where there is one in reach. At most `linesMax` lines; what is longer is cut with `…`.
 */
export function wrap(text: string, columns: number, linesMax: number): string[] {
  const lines: string[] = [];
  let rest = [...printable(text)];
  while (rest.length > 0 && lines.length < linesMax) {
    const length = fittingLength(rest, columns);
    const isLast = length === rest.length;
    const space = isLast || rest[length] === ' ' ? -1 : rest.lastIndexOf(' ', length - 1);
    // A word is kept whole unless that would leave more than half of the line empty.
    const end = space > length / 2 ? space : length - hanging(rest, length);
    lines.push(rest.slice(0, end).join('').trimEnd());
    rest = [...rest.slice(end).join('').trimStart()];
  }
  if (rest.length > 0) lines.push(cut(lines.pop() ?? '', columns));
  return lines;
}

function cut(line: string, columns: number): string {
  const chars = [...line];
  return `${chars.slice(0, fittingLength(chars, columns - charColumns('…'))).join('')}…`;
}
