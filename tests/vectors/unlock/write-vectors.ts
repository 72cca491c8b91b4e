import { writeFileSync } from 'node:fs';
import { makeSiteVerdicts } from './make-site-verdicts.ts';
import { makeVectors } from './make-vectors.ts';
import { makeVerdicts } from './make-verdicts.ts';

// Run by hand after a deliberate change of the wire format: `node tests/vectors/unlock/write-vectors.ts`.
const verdicts = { 'grant-verdicts.json': makeVerdicts(), 'site-verdicts.json': makeSiteVerdicts() };
for (const [name, content] of Object.entries({ ...makeVectors(), ...verdicts })) {
  writeFileSync(new URL(name, import.meta.url), `${JSON.stringify(content, null, 2)}\n`);
}
