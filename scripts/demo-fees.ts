import { createHash } from 'node:crypto';
import type { Result } from '../domain/result.ts';
import { feeServices, type FeeService } from '../domain/tariffs/rating.ts';
import type { PlatformStandIn } from '../mock-server/platforms/stand-in.ts';
import type { ServerContext } from '../server/context.ts';
import { type DemoHousehold, demoHouseholds } from './demo-fee-households.ts';
import { demoTariffs } from './demo-fee-tariffs.ts';
import { seedDemoPayments } from './demo-payments.ts';

/** The payee of the demo. */
export const demoPayee = '桂园小区物业服务处';

const metered: readonly FeeService[] = ['electricity', 'water', 'gas'];
const lines: readonly FeeService[] = ['mobile', 'fixed-phone'];
const monthsBilled = 12;

/** The same id for the same thing at every start, so that a start that was cut off is gone on with. */
function seedId(...parts: readonly string[]): string {
  const hex = createHash('sha256')
    .update(JSON.stringify(['demo fees', ...parts]))
    .digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

function must<T>(result: Result<T, string>, what: string): T {
  if (result.ok) return result.value;
  throw new Error(`demo fees, ${what}: ${result.error} ${result.detail ?? ''}`);
}

/** First day of the month that lies `back` months before the present one. */
function monthStart(nowMs: number, back: number): string {
  const now = new Date(nowMs + 8 * 3_600_000);
  return new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - back, 1)).toISOString().slice(0, 10);
}

function dayBefore(day: string): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) - 86_400_000).toISOString().slice(0, 10);
}

interface Seeding {
  readonly context: ServerContext;
  readonly payeeId: string;
  readonly nowMs: number;
}

async function ensurePayee({ services }: ServerContext): Promise<string> {
  const { items } = await services.registry.listMerchants();
  const known = items.find(({ id, name }) => name === demoPayee || id === seedId('payee'));
  if (known !== undefined) return known.id;
  const body = { id: seedId('payee'), name: demoPayee, contact: '0755-0000 0000', address: '桂园小区 1 号楼' };
  return must(await services.registry.createMerchant(undefined, body), demoPayee).id;
}

async function furnishPayee({ context, payeeId }: Seeding): Promise<void> {
  const { feeOffice, registry } = context.services;
  const { items } = await registry.listTerminals({ limit: 100 });
  const known = await feeOffice.payee(payeeId);
  const payee = {
    ...{
      version: known.ok ? known.value.version : 0,
      isActive: true,
      digitsAboveFen: 50_000,
      allocation: 'oldest-first' as const,
    },
    ...{ receiptTitle: demoPayee, receiptFooter: '客服 0755-0000 0000' },
    terminalIds: items.map(({ id }) => id),
  };
  must(await feeOffice.setPayee(undefined, payeeId, payee), 'payee');
}

async function setService({ context, payeeId }: Seeding, service: FeeService, tariffId: string): Promise<void> {
  const isLine = lines.includes(service);
  const isPrepaid = isLine || service === 'water' || service === 'gas';
  const known = must(await context.services.feeOffice.payee(payeeId), 'payee');
  const numberName = isLine ? { zh: '号码', en: 'Line number' } : { zh: '户号', en: 'Household number' };
  must(
    await context.services.feeOffice.setService(undefined, payeeId, {
      ...{
        version: known.services.find((one) => one.service === service)?.version ?? 0,
        service,
        isActive: true,
        numberMin: isLine ? 10 : 8,
        numberMax: 12,
        numberName,
        secretDigits: 4,
        dueDays: 20,
      },
      secretName: { zh: '与物业约定的四位数字', en: 'The four digits agreed with the office' },
      ...(isPrepaid ? { topUp: { minFen: 1_000, maxFen: 100_000, usual: [5_000, 10_000, 20_000, 50_000] } } : {}),
      tariffId,
    }),
    service,
  );
}

async function ensureTariffs(seeding: Seeding): Promise<void> {
  const { feeOffice } = seeding.context.services;
  const yearStart = monthStart(seeding.nowMs, monthsBilled).slice(5);
  for (const tariff of demoTariffs(yearStart)) {
    const tariffId = seedId('tariff', tariff.service);
    const body = { id: tariffId, tariff: { ...tariff } };
    const made = must(await feeOffice.createTariff(undefined, seeding.payeeId, body), tariff.id);
    const [version] = made.versions;
    if (version?.state === 'draft') {
      const place = { merchantId: seeding.payeeId, tariffId, versionId: version.id };
      const active = must(await feeOffice.activate(undefined, place), tariff.id);
      if (!active.isActive) throw new Error(`demo fees, ${tariff.id}: ${active.reason ?? ''}`);
    }
    await setService(seeding, tariff.service, tariffId);
  }
}

const accountIdOf = (service: FeeService, number: string): string => seedId('account', service, number);

async function hangMeter(seeding: Seeding, service: FeeService, home: DemoHousehold): Promise<void> {
  const { feeOffice } = seeding.context.services;
  const accountId = accountIdOf(service, home.number);
  const meterId = seedId('meter', service, home.number);
  const used = home.used?.[service] ?? [];
  let value = 1_000 + Number(home.number.slice(-3));
  must(
    await feeOffice.installMeter(
      undefined,
      { merchantId: seeding.payeeId, accountId },
      {
        ...{ id: meterId, kind: service, serial: `${service.slice(0, 1).toUpperCase()}-${home.number.slice(-6)}` },
        ...{ maxDial: '100000', on: monthStart(seeding.nowMs, home.months), firstValue: String(value) },
      },
    ),
    home.label,
  );
  for (let month = 0; month < home.months; month += 1) {
    value += used[month % used.length] ?? 0;
    const on = monthStart(seeding.nowMs, home.months - month - 1);
    const reading = { id: seedId('reading', meterId, on), on, value: String(value), quality: 'actual' as const };
    must(await feeOffice.enterReading(undefined, { merchantId: seeding.payeeId, meterId }, reading), home.label);
  }
}

async function ensureHousehold(seeding: Seeding, home: DemoHousehold): Promise<void> {
  const { feeOffice } = seeding.context.services;
  const { payeeId, nowMs } = seeding;
  for (const service of home.services) {
    const accountId = accountIdOf(service, home.number);
    const body = {
      ...{ id: accountId, service, number: home.number, secret: home.secret, label: home.label },
      ...(home.areaM2 === undefined ? {} : { areaM2: home.areaM2 }),
      ...(home.persons === undefined ? {} : { persons: home.persons }),
      payerObject: lines.includes(service)
        ? ('line' as const)
        : service === 'parking'
          ? ('parking-space' as const)
          : ('home' as const),
      movedIn: monthStart(nowMs, home.months),
    };
    must(await feeOffice.createAccount(undefined, payeeId, body), home.label);
    if (metered.includes(service)) await hangMeter(seeding, service, home);
    const amountFen = home.advanceFen?.[service];
    if (amountFen === undefined) continue;
    const entry = { id: seedId('advance', accountId), kind: 'top-up' as const, amountFen, note: '柜台预存' };
    must(await feeOffice.changeBalance(undefined, { merchantId: payeeId, accountId }, entry), home.label);
  }
}

async function billMonths({ context, payeeId, nowMs }: Seeding, homes: readonly DemoHousehold[]): Promise<void> {
  const { feeOffice } = context.services;
  for (let back = monthsBilled; back >= 1; back -= 1) {
    const [from, to] = [monthStart(nowMs, back), dayBefore(monthStart(nowMs, back - 1))];
    for (const service of feeServices) {
      if (!homes.some((home) => home.months >= back && home.services.includes(service))) continue;
      must(
        await feeOffice.startRun(undefined, payeeId, { id: seedId('run', service, from), service, from, to }),
        service,
      );
      await feeOffice.runsIdle();
    }
  }
}

/** Pays every bill but the newest ones that the story leaves open. */
async function payMost({ context, payeeId }: Seeding, home: DemoHousehold): Promise<void> {
  const { feeOffice } = context.services;
  for (const service of home.services) {
    const accountId = accountIdOf(service, home.number);
    const account = must(await feeOffice.account({ merchantId: payeeId, accountId }), home.label);
    for (const bill of account.bills.slice(home.unpaid?.[service] ?? 0)) {
      if (bill.state !== 'open') continue;
      const payment = {
        id: seedId('paid', bill.id),
        version: bill.version,
        principalFen: bill.leftFen,
        lateFen: 0,
        note: '柜台收讫，违约金免收',
      };
      must(await feeOffice.takePayment(undefined, { merchantId: payeeId, billId: bill.id }, payment), home.label);
    }
  }
}

/**
 * A payee that bills all eight services, a dozen households with their meters, and bills for the year up to this month.
 * Does nothing when its households are there already.
 */
export async function seedDemoFees(
  context: ServerContext,
  standIns: ReadonlyMap<string, PlatformStandIn>,
  nowMs: number,
): Promise<void> {
  const payeeId = await ensurePayee(context);
  await seedDemoPayments(context, standIns, new Map([[demoPayee, payeeId]]));
  const seeding = { context, payeeId, nowMs };
  await furnishPayee(seeding);
  const { feeOffice } = context.services;
  const last = demoHouseholds.at(-1);
  const known = await feeOffice.accounts(payeeId, { q: last?.number, limit: 1 });
  if (known.items.length > 0) return;
  await ensureTariffs(seeding);
  // The last one is what says that all is there.
  await Promise.all(demoHouseholds.slice(0, -1).map((home) => ensureHousehold(seeding, home)));
  await billMonths(seeding, demoHouseholds.slice(0, -1));
  await Promise.all(demoHouseholds.slice(0, -1).map((home) => payMost(seeding, home)));
  if (last !== undefined) await ensureHousehold(seeding, last);
}
