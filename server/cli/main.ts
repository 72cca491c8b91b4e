import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { roles } from '../../protocol/http/common.ts';
import { configFromEnvironment } from '../config.ts';
import { commands } from './commands.ts';
import { cliOptions } from './options.ts';

const usage = `till: the operators' command line. Reads the same environment as the server (TILLKEEPER_DATA, DATABASE_URL, …).

  till people invite EMAIL NAME ROLE    make an account (${roles.join(', ')}) and print its link
  till people list                      who has an account
  till keys list                        ids, kinds and dates of the keys; no secrets
  till keys rotate KIND                 new issuer, policy-approver, office-approver, transport or log key; new keyset
  till audit verify                     recompute the whole chain and tree; exit code 1 when it is broken
  till audit verify FILE [--key VKEY] [--known CHECKPOINTFILE]
                                        check a case file, offline; prints its story; exit code 1 when it is refused
  till audit export TICKET [--since CHECKPOINTFILE] [--out FILE]
                                        everything about a ticket as a file that can be verified by anybody
  till audit key                        the log's verifier keys
  till witness --log URL --state FILE [--once] [--interval SECONDS] [--key FILE] [--name NAME] [--log-key VKEY]
                                        watch a log and cosign it; exit code 3 when it contradicts itself
  till witness add NAME VKEY            let a witness's cosignatures in
  till witness list                     the witnesses, and what they cosigned last
  till field list                       the newest delegations, with what is wrong with their uses
  till field revoke D-NUMBER REASON     end a delegation; terminals hear of it with their next grant
  till fee rate --input FILE            the bill that follows from {tariff, account, readings, asOf, …}, as JSON;
                                        - reads the standard input;
                                        exit code 2 and a JSON error that names the place when it cannot be
  till fee check FILE…                  work the examples of tariffs; exit code 1 when one does not come out
  till fee compare OLD NEW --bills FILE what bills would have been under another tariff
  till fee schema                       the JSON Schema of tariffs and of what is rated
  till policy show                      the unlock policy, rule by rule
  till migrate                          bring the database up to date
`;

/** Where the server's data lies: `npm start` keeps it in a folder of its own beside the terminals'. */
function serverData(folder: string): string {
  const inside = join(folder, 'server');
  return existsSync(join(inside, 'keys.json')) ? inside : folder;
}

const { positionals, values } = parseArgs({ allowPositionals: true, options: cliOptions });
const [group = '', verb = '', ...rest] = positionals;
const command = commands[`${group} ${verb}`.trim()];
if (values.help === true || command === undefined) {
  (values.help === true ? process.stdout : process.stderr).write(usage);
  process.exitCode = values.help === true ? 0 : 2;
} else {
  const folder = serverData(values.data ?? process.env['TILLKEEPER_DATA'] ?? 'data');
  const environment = { ...process.env, TILLKEEPER_DATA: folder };
  const print = (line: string): void => {
    process.stdout.write(`${line}\n`);
  };
  process.exitCode = await command({ ...configFromEnvironment(environment), logLevel: 'warn' }, rest, print, values);
}
