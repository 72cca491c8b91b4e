/** Widths of bars and gaps of the symbols 0 to 106 (ISO/IEC 15417, annex of Code 128). */
const widths = (
  '212222 222122 222221 121223 121322 131222 122213 122312 132212 221213 221312 231212 112232 122132 122231 113222 ' +
  '123122 123221 223211 221132 221231 213212 223112 312131 311222 321122 321221 312212 322112 322211 212123 212321 ' +
  '232121 111323 131123 131321 112313 132113 132311 211313 231113 231311 112133 112331 132131 113123 113321 133121 ' +
  '313121 211331 231131 213113 213311 213131 311123 311321 331121 312113 312311 332111 314111 221411 431111 111224 ' +
  '111422 121124 121421 141122 141221 112214 112412 122114 122411 142112 142211 241211 221114 413111 241112 134111 ' +
  '111242 121142 121241 114212 124112 124211 411212 421112 421211 212141 214121 412121 111143 111341 131141 114113 ' +
  '114311 411113 411311 113141 114131 311141 411131 211412 211214 211232 2331112'
).split(' ');

const startPairs = 105;
const switchToSingles = 100;
const stop = 106;
/** Symbol of the digit 0 in code set B. */
const zeroInSingles = 16;
const quietModules = 10;
const height = 60;

/** The symbols of a number: start, digits in pairs (the last one alone when their count is odd), check symbol, stop. */
export function code128Symbols(digits: string): readonly number[] {
  if (!/^\d{2,40}$/.test(digits)) throw new RangeError('digits: 2 to 40 digits');
  const symbols = [startPairs, ...(digits.match(/\d\d/g) ?? []).map(Number)];
  if (digits.length % 2 === 1) symbols.push(switchToSingles, zeroInSingles + Number(digits.at(-1)));
  const check = symbols.reduce((sum, symbol, at) => sum + symbol * Math.max(at, 1), 0) % 103;
  return [...symbols, check, stop];
}

/** Draws a number as a Code 128 barcode in SVG, as wallets show it beside the QR code. Throws for anything but digits. */
export function code128(digits: string): string {
  const runs = code128Symbols(digits).flatMap((symbol) => [...(widths[symbol] ?? '')].map(Number));
  let x = quietModules;
  let path = '';
  for (const [at, width] of runs.entries()) {
    if (at % 2 === 0) path += `M${String(x)} 0h${String(width)}v${String(height)}h-${String(width)}z`;
    x += width;
  }
  const total = String(x + quietModules);
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${total} ${String(height)}" preserveAspectRatio="none" shape-rendering="crispEdges">` +
    `<rect width="${total}" height="${String(height)}" fill="#fff"/><path d="${path}" fill="#000"/></svg>`
  );
}
