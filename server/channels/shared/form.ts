/** Most fields of a form that are read. */
const fieldsMax = 200;

/** Fields by name, as texts. */
export type FormFields = Readonly<Record<string, string>>;

/**
 * Reads `application/x-www-form-urlencoded`, decoding once. @returns `undefined` when a name comes twice, there are too
 * many fields, or the bytes are no UTF-8: what is signed would not be what is read.
 */
export function readForm(bytes: Uint8Array): FormFields | undefined {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
  const fields = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(text)) {
    if (fields.has(name) || fields.size >= fieldsMax) return undefined;
    fields.set(name, value);
  }
  return Object.fromEntries(fields);
}

/** Writes fields as `application/x-www-form-urlencoded` in their order. */
export function writeForm(fields: FormFields): string {
  return new URLSearchParams(fields).toString();
}

/** `name=value` joined by `&`, sorted by name, empty values and the names in `without` left out: what platforms sign. */
export function sortedPairs(fields: FormFields, without: readonly string[]): string {
  return Object.keys(fields)
    .filter((name) => fields[name] !== '' && !without.includes(name))
    .sort()
    .map((name) => `${name}=${fields[name] ?? ''}`)
    .join('&');
}
