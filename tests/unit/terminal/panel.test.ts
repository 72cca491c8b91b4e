import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTerminals } from '../../../mock-server/terminal/terminals.ts';
import type { Terminals } from '../../../mock-server/terminal/terminals.ts';
import { TestAuthority } from './authority.ts';

let terminals: Terminals;

beforeAll(async () => {
  const authority = new TestAuthority(() => 0);
  const trust = { rootPublicKey: authority.rootPublicKey, keyset: authority.keyset() };
  terminals = await startTerminals({ terminals: [{ serial: 'QT60-1', label: 'A1', model: 'QT-60' }], trust });
});

afterAll(async () => {
  await terminals.close();
});

/** The names in a dictionary, with those of the tables inside. */
function namesOf(dictionary: object, prefix = ''): string[] {
  return Object.entries(dictionary).flatMap(([name, value]) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? namesOf(value as object, `${prefix}${name}.`)
      : [`${prefix}${name}:${Array.isArray(value) ? value.length : typeof value}`],
  );
}

describe('the page of the bench', () => {
  test.each(['', 'panel.css', 'panel.js', 'parts.js', 'cards.js', 'paper.js', 'texts.js'])(
    'serves /%s with a policy that lets in nothing else',
    async (name) => {
      const response = await fetch(terminals.url + name);
      expect(response.status).toBe(200);
      expect(response.headers.get('content-security-policy')).toContain("default-src 'self'");
      expect((await response.text()).length).toBeGreaterThan(500);
    },
  );

  test.each(['panel-server.ts', '..%2fterminals.ts', 'panel/index.html', 'index.html/x'])(
    'does not serve /%s',
    async (name) => {
      expect((await fetch(terminals.url + name)).status).toBe(404);
    },
  );

  test('says everything in both languages', async () => {
    const path = join(import.meta.dirname, '../../../mock-server/terminal/panel/texts.js');
    const { texts } = (await import(path)) as { texts: { en: object; zh: object } };
    expect(namesOf(texts.zh)).toEqual(namesOf(texts.en));
  });

  test('control calls of a form, which need no permission of the browser, are refused', async () => {
    const body = JSON.stringify({ action: 'trip', sensor: 'case' });
    const response = await fetch(`${terminals.url}control/QT60-1`, { method: 'POST', body });
    expect([response.status, terminals.device('QT60-1').firmware?.core.state]).toEqual([415, 'NORMAL']);
  });

  test('a card is given and taken by control calls; the page learns four digits of it', async () => {
    const post = async (body: object): Promise<number> => {
      const headers = { 'content-type': 'application/json' };
      const options = { method: 'POST', headers, body: JSON.stringify(body) };
      return (await fetch(`${terminals.url}control/QT60-1`, options)).status;
    };
    expect(await post({ action: 'card', card: 'debit', entry: 'chip' })).toBe(200);
    expect(terminals.device('QT60-1').body.slot.inserted?.id).toBe('debit');
    expect(await post({ action: 'card', card: 'credit', entry: 'chip' })).toBe(400);
    expect(await post({ action: 'card', card: 'stripe', entry: 'contactless' })).toBe(400);
    expect(await post({ action: 'card', card: 'nobody', entry: 'chip' })).toBe(400);
    const view = await (await fetch(`${terminals.url}terminals`)).text();
    expect(view).toContain('"insertedCard":"debit"');
    expect(view).not.toContain('6217000000000000426');
    expect(await post({ action: 'take-card' })).toBe(200);
    expect(await post({ action: 'take-card' })).toBe(400);
  });

  test('a terminal that was made for another server is not started', async () => {
    const stranger = new TestAuthority(() => 0);
    const trust = { rootPublicKey: new Uint8Array(32).fill(1), keyset: stranger.keyset() };
    const folder = mkdtempSync(join(tmpdir(), 'tillkeeper-trust-'));
    const own = { rootPublicKey: stranger.rootPublicKey, keyset: stranger.keyset() };
    const spec = { terminals: [{ serial: 'QT60-2', label: 'A2', model: 'QT-60' }], dataDir: folder };
    await (await startTerminals({ ...spec, trust: own })).close();
    await expect(startTerminals({ ...spec, trust })).rejects.toThrow('made for another server');
    rmSync(folder, { recursive: true });
  });
});
