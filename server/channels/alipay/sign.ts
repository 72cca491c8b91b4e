import { createSign, createVerify } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import type { FormFields } from '../shared/form.ts';
import { sortedPairs } from '../shared/form.ts';

/** Signs a text with RSA2: SHA-256, RSA PKCS #1 v1.5, base64 (Alipay 开放平台 “自行实现签名”). */
export function signRsa2(text: string, key: KeyObject): string {
  return createSign('RSA-SHA256').update(text, 'utf8').sign(key, 'base64');
}

/** Whether an RSA2 signature holds. False also for a signature that is no base64. */
export function isRsa2(text: string, signature: string, key: KeyObject): boolean {
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(signature)) return false;
  return createVerify('RSA-SHA256').update(text, 'utf8').verify(key, signature, 'base64');
}

/** What a request's signature is over: every field but `sign`, sorted, not URL-encoded. */
export function requestText(fields: FormFields): string {
  return sortedPairs(fields, ['sign']);
}

/** What a notification's signature is over (V1): `sign_type` is left out as well. */
export function notificationText(fields: FormFields): string {
  return sortedPairs(fields, ['sign', 'sign_type']);
}

/**
 * The members of a JSON object as they stand in the text. An answer is signed over the raw text of one member: written
 * anew by a JSON library it may differ (escaped slashes, order, spaces). @returns `undefined` for anything that is no
 * object, or when a name comes twice.
 */
export function rawMembers(json: string): ReadonlyMap<string, string> | undefined {
  try {
    const parsed: unknown = JSON.parse(json);
    if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) return undefined;
  } catch {
    return undefined;
  }
  const members = new Map<string, string>();
  let at = json.indexOf('{') + 1;
  for (;;) {
    const start = json.indexOf('"', at);
    if (start === -1) return members;
    const nameEnd = stringEnd(json, start);
    const name = JSON.parse(json.slice(start, nameEnd)) as string;
    const valueStart = json.indexOf(':', nameEnd) + 1;
    at = valueEnd(json, valueStart);
    if (members.has(name)) return undefined;
    members.set(name, json.slice(valueStart, at).trim());
  }
}

/** Where the value that begins at `start` ends: at the comma or brace of the object around it. The JSON is valid. */
function valueEnd(json: string, start: number): number {
  let depth = 0;
  for (let at = start; at < json.length; at += 1) {
    const character = json[at];
    if (character === '"') at = stringEnd(json, at) - 1;
    else if (character === '{' || character === '[') depth += 1;
    else if (depth === 0 && (character === ',' || character === '}')) return at;
    else if (character === '}' || character === ']') depth -= 1;
  }
  return json.length;
}

/** Index behind the closing quote of the string that begins at `start`. */
function stringEnd(json: string, start: number): number {
  let at = start + 1;
  while (json[at] !== '"') at += json[at] === '\\' ? 2 : 1;
  return at + 1;
}
