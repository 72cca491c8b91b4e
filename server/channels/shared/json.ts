/** A JSON object whose fields are not trusted yet. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** Reads bytes as a JSON object in strict UTF-8. @returns `undefined` for anything else. */
export function readJsonObject(bytes: Uint8Array): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** The object in a field; `undefined` when there is none. */
export function objectIn(object: JsonObject | undefined, name: string): JsonObject | undefined {
  const value = object?.[name];
  return isObject(value) ? value : undefined;
}

/** The text in a field; `undefined` when it is absent, empty or no text. */
export function textIn(object: JsonObject | undefined, name: string): string | undefined {
  const value = object?.[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** The whole number in a field; `undefined` when it is anything else. */
export function wholeNumberIn(object: JsonObject | undefined, name: string): number | undefined {
  const value = object?.[name];
  return Number.isSafeInteger(value) ? (value as number) : undefined;
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
