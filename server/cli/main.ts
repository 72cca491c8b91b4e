import { parseArgs } from 'node:util';
import { roles } from '../../protocol/http/common.ts';
import { configFromEnvironment } from '../config.ts';
import { commands } from './commands.ts';

const usage = `till: the operators' command line. Reads the same environment as the server (TILLKEEPER_DATA, DATABASE_URL, …).

  till people invite EMAIL NAME ROLE    make an account (${roles.join(', ')}) and print its link
  till people list                      who has an account
  till keys list                        ids, kinds and dates of the keys; no secrets
  till keys rotate KIND                 new issuer, policy-approver, office-approver or transport key; new keyset
  till audit verify                     recompute the whole chain; exit code 1 when it is broken
  till policy show                      the unlock policy, rule by rule
  till migrate                          bring the database up to date
`;

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { help: { type: 'boolean', short: 'h' }, data: { type: 'string' } },
});
const [group = '', verb = '', ...rest] = positionals;
const command = commands[`${group} ${verb}`.trim()];
if (values.help === true || command === undefined) {
  (values.help === true ? process.stdout : process.stderr).write(usage);
  process.exitCode = values.help === true ? 0 : 2;
} else {
  const environment = values.data === undefined ? process.env : { ...process.env, TILLKEEPER_DATA: values.data };
  process.exitCode = await command({ ...configFromEnvironment(environment), logLevel: 'warn' }, rest, (line) => {
    process.stdout.write(`${line}\n`);
  });
}
