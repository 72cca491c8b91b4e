import { sql } from 'kysely';
import type { FeeService } from '../../../../domain/tariffs/rating.ts';
import type { Db } from '../../../store/database.ts';
import type { TariffNames } from './document.ts';
import type { AccountRef, Owed } from './owed.ts';
import type { Words } from './words.ts';

/** Who asks whom, and for which household: what stands around the figures of every document. */
export interface Frame {
  readonly service: FeeService;
  readonly payeeName: string;
  readonly household: { readonly label: string; readonly tail: string };
  readonly terminal: { readonly id: string; readonly label: string; readonly place: string };
  readonly allocation: 'oldest-first' | 'late-fee-first';
  readonly digitsAboveFen: number;
  readonly topUp?: { readonly minFen: number; readonly maxFen: number };
}

interface FrameRow {
  readonly service: FeeService;
  readonly payee_name: string;
  readonly label_masked: string;
  readonly tail: string;
  readonly terminal_label: string;
  readonly place: string;
  readonly allocation: Frame['allocation'];
  readonly digits_above_fen: number;
  readonly top_up_min_fen: number | null;
  readonly top_up_max_fen: number | null;
}

/**
 * What stands around a household's figures at a terminal; its place is the shop's name, which the resident sees over the door.
 * `undefined` without the household or the terminal.
 */
export async function readFrame(db: Db, account: AccountRef, terminalId: string): Promise<Frame | undefined> {
  const { rows } = await sql<FrameRow>`
    select a.service, m.name as payee_name, a.label_masked, a.tail, t.label as terminal_label, shop.name as place, p.allocation,
      p.digits_above_fen, s.top_up_min_fen, s.top_up_max_fen
    from fee_accounts a join merchants m on m.id = a.merchant_id join fee_payees p on p.merchant_id = a.merchant_id
      join fee_services s on s.merchant_id = a.merchant_id and s.service = a.service
      join terminals t on t.id = ${terminalId} join merchants shop on shop.id = t.merchant_id
    where a.merchant_id = ${account.merchantId} and a.id = ${account.accountId}`.execute(db);
  const [row] = rows;
  if (row === undefined) return undefined;
  const { top_up_min_fen: minFen, top_up_max_fen: maxFen } = row;
  return {
    service: row.service,
    payeeName: row.payee_name,
    household: { label: row.label_masked, tail: row.tail },
    terminal: { id: terminalId, label: row.terminal_label, place: row.place },
    allocation: row.allocation,
    digitsAboveFen: row.digits_above_fen,
    ...(minFen === null || maxFen === null ? {} : { topUp: { minFen, maxFen } }),
  };
}

interface TariffRow {
  readonly bill_id: string;
  readonly name: Words;
  readonly unit: Words | null;
  readonly numbers: readonly number[];
}

const noUnit: Words = { zh: '', en: '' };

/** How each bill is read. */
export async function readTariffNames(
  db: Db,
  merchantId: string,
  owed: readonly Pick<Owed, 'id'>[],
): Promise<(owed: Pick<Owed, 'id'>) => TariffNames> {
  const { rows } = await sql<TariffRow>`
    select b.id as bill_id, t.name, t.details -> 'unit' as unit,
      (select coalesce(json_agg(v.number order by v.number), '[]') from fee_tariff_versions v
       where v.merchant_id = b.merchant_id and v.tariff_id = b.tariff_id
         and v.id::text in (select jsonb_array_elements_text(b.rated -> 'versions'))) as numbers
    from fee_bills b join fee_tariffs t on t.merchant_id = b.merchant_id and t.id = b.tariff_id
    where b.merchant_id = ${merchantId} and b.id = any(${owed.map(({ id }) => id)}::uuid[])`.execute(db);
  const names = new Map(rows.map((row) => [row.bill_id, tariffNames(row)]));
  return ({ id }) => names.get(id) ?? { unit: noUnit, names: [] };
}

function tariffNames({ name, unit, numbers }: TariffRow): TariffNames {
  const named = numbers.map((number) => ({
    zh: `${name.zh}，第 ${String(number)} 版`,
    en: `${name.en}, version ${String(number)}`,
  }));
  return { unit: unit ?? noUnit, names: named.length === 0 ? [name] : named };
}
