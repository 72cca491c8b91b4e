import { sql } from 'kysely';
import { type FeeService, feeServices } from '../../../../domain/tariffs/rating.ts';
import type { FeeMenu } from '../../../../protocol/http/fees-terminal.ts';
import type { Core } from '../../../core.ts';
import type { Words } from '../quotes/words.ts';

interface MenuRow {
  readonly merchant_id: string;
  readonly name: string;
  readonly service: FeeService;
  readonly number_min: number;
  readonly number_max: number;
  readonly number_name: Words;
  readonly secret_digits: number;
  readonly secret_name: Words;
  readonly top_up_min_fen: number | null;
  readonly top_up_max_fen: number | null;
  readonly top_up_usual: readonly number[];
}

type MenuService = FeeMenu['services'][number];

const rowsMax = 200;

/** Services that can be asked for at a terminal: of the payees that named it, those that are active. */
async function readRows(core: Core, terminalId: string): Promise<readonly MenuRow[]> {
  const { rows } = await sql<MenuRow>`
    select s.merchant_id, m.name, s.service, s.number_min, s.number_max, s.number_name, s.secret_digits, s.secret_name,
      s.top_up_min_fen, s.top_up_max_fen, s.top_up_usual
    from fee_payee_terminals t join fee_payees p on p.merchant_id = t.merchant_id and p.is_active
      join fee_services s on s.merchant_id = p.merchant_id and s.is_active join merchants m on m.id = p.merchant_id
    where t.terminal_id = ${terminalId} order by m.name, m.id limit ${rowsMax}`.execute(core.db);
  return rows;
}

/** What can be asked for at a terminal. Payees of one service that ask for the same digits stand together. */
export async function readMenu(core: Core, terminalId: string, pageUrl: string): Promise<FeeMenu> {
  const rows = await readRows(core, terminalId);
  const services = feeServices.flatMap((service) => groupsOf(rows.filter((row) => row.service === service)));
  const [key] = core.keys().lookupKeys;
  const publicKey = Buffer.from(key.publicKey).toString('base64url');
  return { services, lookupKey: { kid: key.kid, publicKey }, pageUrl };
}

function groupsOf(rows: readonly MenuRow[]): MenuService[] {
  const groups = new Map<string, MenuService>();
  for (const row of rows) {
    const asks = askOf(row);
    const key = JSON.stringify(asks);
    const known = groups.get(key);
    const payee = { id: row.merchant_id, name: row.name };
    if (known === undefined) groups.set(key, { service: row.service, payees: [payee], ...asks });
    else known.payees.push(payee);
  }
  return [...groups.values()];
}

/** What a payee asks for. */
function askOf(row: MenuRow): Omit<MenuService, 'service' | 'payees'> {
  const { top_up_min_fen: minFen, top_up_max_fen: maxFen } = row;
  return {
    numberDigits: { min: row.number_min, max: row.number_max },
    secretDigits: row.secret_digits,
    numberName: row.number_name,
    secretName: row.secret_name,
    ...(minFen === null || maxFen === null ? {} : { topUp: { minFen, maxFen, usual: row.top_up_usual.map(Number) } }),
  };
}

/** True when this service of this payee can be asked for at this terminal. */
export async function isOnMenu(core: Core, terminalId: string, payeeId: string, service: FeeService): Promise<boolean> {
  const rows = await readRows(core, terminalId);
  return rows.some((row) => row.merchant_id === payeeId && row.service === service);
}
