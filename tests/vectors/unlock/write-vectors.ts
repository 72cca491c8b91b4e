import { writeFileSync } from 'node:fs';
import { makeVectors } from './make-vectors.ts';
import { makeVerdicts } from './make-verdicts.ts';

// Run by hand after a deliberate change of the wire format: `node tests/vectors/unlock/write-vectors.ts`.
for (const [name, content] of Object.entries({ ...makeVectors(), 'grant-verdicts.json': makeVerdicts() })) {
  writeFileSync(new URL(name, import.meta.url), `${JSON.stringify(content, null, 2)}\n`);
}
