const dayDigits = 6;
const tailDigits = 4;

/** A number typed by keypad as the server looks for it: the last four digits, or `yyMMdd-NNNNNN` without its dash. */
export function queryOfNumber(digits: string): string {
  return digits.length > dayDigits && digits.length !== tailDigits
    ? `${digits.slice(0, dayDigits)}-${digits.slice(dayDigits)}`
    : digits;
}

/** The last four characters of a number: what people read to each other. */
export function tailOf(number: string): string {
  return number.slice(-tailDigits);
}
