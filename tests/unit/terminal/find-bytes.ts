/** Where in everything reachable from `root` the bytes of `needle` stand: raw, as hex or as base64url. */
export function findBytes(root: unknown, needle: Uint8Array): string[] {
  const raw = Buffer.from(needle);
  const spelled = [raw.toString('hex'), raw.toString('base64url'), raw.toString('base64').replace(/=+$/, '')];
  const seen = new Set<object>();
  const found: string[] = [];
  const visit = (value: unknown, path: string): void => {
    if (typeof value === 'string') {
      if (spelled.some((text) => value.includes(text))) found.push(path);
      return;
    }
    if ((typeof value !== 'object' && typeof value !== 'function') || value === null || seen.has(value)) return;
    seen.add(value);
    if (ArrayBuffer.isView(value)) {
      const whole = Buffer.from(value.buffer);
      if (whole.includes(raw)) found.push(path);
      return;
    }
    if (value instanceof Map) for (const [key, item] of value) visit([key, item], `${path}.${String(key)}`);
    if (value instanceof Set) for (const item of value) visit(item, `${path}.*`);
    for (const key of Reflect.ownKeys(value)) {
      const descriptor = Object.getOwnPropertyDescriptor(value, key);
      if (descriptor !== undefined && 'value' in descriptor) visit(descriptor.value, `${path}.${String(key)}`);
    }
  };
  visit(root, 'device');
  return found;
}
