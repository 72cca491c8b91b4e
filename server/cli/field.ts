import type { DelegationView } from '../../protocol/http/field.ts';
import type { ServerContext } from '../context.ts';

type Print = (line: string) => void;

const listedMax = 50;
const reasonCharsMin = 3;

function lineOf(delegation: DelegationView): string {
  const { number, state, technician, notAfter, terminals, uses, usesMax, missing, doubled } = delegation;
  const wrong = [
    ...(missing.length === 0 ? [] : [`missing ${missing.join(', ')}`]),
    ...(doubled.length === 0 ? [] : [`doubled ${doubled.join(', ')}`]),
  ];
  return [
    number.padEnd(8),
    state.padEnd(8),
    notAfter === undefined ? '–'.padEnd(24) : notAfter,
    `uses ${String(uses.length)}/${String(usesMax)}`,
    technician.name,
    terminals.map((entry) => entry.terminal.serial).join(' '),
    ...wrong,
  ].join('  ');
}

/** Prints the newest delegations, one a line. @returns the exit code. */
export async function listField({ services }: ServerContext, print: Print): Promise<number> {
  for (const delegation of await services.field.recent(listedMax)) print(lineOf(delegation));
  return 0;
}

/** Revokes one delegation by its number; the rest of the words is the reason. @returns the exit code. */
export async function revokeField(
  { services }: ServerContext,
  [number = '', ...words]: readonly string[],
  print: Print,
): Promise<number> {
  const reason = words.join(' ').trim();
  if (!/^D-\d+$/i.test(number) || reason.length < reasonCharsMin) {
    print('field revoke: name the delegation and the reason, such as: till field revoke D-17 laptop lost');
    return 2;
  }
  const found = await services.field.findByNumber(number);
  const answer = found === undefined ? undefined : await services.field.revoke(undefined, found.id, { reason });
  if (answer?.ok !== true) {
    print(found === undefined ? `${number}: there is no such delegation` : `${number}: it is over already`);
    return 1;
  }
  print(`${answer.value.number} is revoked. A terminal hears of it with its next grant.`);
  return 0;
}
