import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { deviceErrorCodes } from '../../../protocol/cable/v1/errors.ts';
import type { FieldTable } from '../../../protocol/cable/v1/fields.ts';
import { encodedMaxBytes } from '../../../protocol/cable/v1/limits.ts';
import { eventTable } from '../../../protocol/cable/v1/services/events.ts';
import { ops, opSpec, type OpName } from '../../../protocol/cable/v1/services/table.ts';

const page = readFileSync(new URL('../../../docs/cable-protocol.md', import.meta.url), 'utf8');
const plain = page.replaceAll('\\', '');

function fieldsLine(table: FieldTable): string {
  const fields = Object.entries(table).map(([name, field]) => `${field.key} \`${name}\` ${field.kind}`);
  return fields.length === 0 ? 'none' : fields.join('; ');
}

test.each((Object.keys(ops) as OpName[]).map((name) => [name]))('docs/cable-protocol.md says what %s takes', (name) => {
  const spec = opSpec(name);
  const code = spec.code.toString(16).padStart(4, '0');
  const lines = [
    `- **\`${name}\`** 0x${code}`,
    `  - asks: ${fieldsLine(spec.params)}`,
    `  - replies: ${fieldsLine(spec.reply)}`,
  ];
  expect(plain).toContain(lines.join('\n'));
});

test.each(Object.entries(eventTable))('docs/cable-protocol.md says what the event %s holds', (name, spec) => {
  expect(plain).toContain(`- **\`${name}\`** ${spec.code}: ${fieldsLine(spec.body)}`);
});

test('docs/cable-protocol.md names every device error and the true frame size', () => {
  for (const code of deviceErrorCodes) expect(plain).toContain(`| \`${code}\``);
  expect(plain).toContain(`${encodedMaxBytes.toLocaleString('en')} bytes without a zero`);
});
