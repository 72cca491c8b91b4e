import { err, ok } from '../../domain/result.ts';
import type { feesOfficeRoutes } from '../../protocol/http/routes-fees-office.ts';
import type { Actor, Answer } from '../answer.ts';
import type { ServerContext } from '../context.ts';
import type { Handlers } from '../http/mount.ts';
import { maySee } from '../services/fees/parts.ts';
import { pageQuery } from '../services/paging.ts';

type Params = Readonly<Record<string, string>>;

interface Scoped {
  readonly actor: Actor;
  readonly params: Params;
}

const part = (params: Params, name: string): string => params[name] ?? '';
const merchantOf = ({ params }: Scoped): string => part(params, 'id');
const tariffOf = (call: Scoped) => ({ merchantId: merchantOf(call), tariffId: part(call.params, 'tariffId') });
const versionOf = (call: Scoped) => ({ ...tariffOf(call), versionId: part(call.params, 'versionId') });
const accountOf = (call: Scoped) => ({ merchantId: merchantOf(call), accountId: part(call.params, 'accountId') });
const meterOf = (call: Scoped) => ({ merchantId: merchantOf(call), meterId: part(call.params, 'meterId') });
const billOf = (call: Scoped) => ({ merchantId: merchantOf(call), billId: part(call.params, 'billId') });
const runOf = (call: Scoped) => ({ merchantId: merchantOf(call), runId: part(call.params, 'runId') });

/** Another payee's things are not there for a payee's people. */
async function within<T>(call: Scoped, act: () => Promise<Answer<T>>): Promise<Answer<T>> {
  return maySee(call.actor, merchantOf(call)) ? act() : err('not-found');
}

/** Payees and price lists. */
function tariffHandlers({ services: { feeOffice } }: ServerContext) {
  return {
    feePayees: async () => ok(await feeOffice.payees()),
    feePayee: (call) => within(call, () => feeOffice.payee(merchantOf(call))),
    setFeePayee: (call) => feeOffice.setPayee(call.actor, merchantOf(call), call.body),
    setFeeService: (call) => feeOffice.setService(call.actor, merchantOf(call), call.body),
    shippedTariffs: async () => ok(await feeOffice.shippedTariffs()),
    feeTariffs: (call) => within(call, async () => ok(await feeOffice.tariffs(merchantOf(call)))),
    feeTariff: (call) => within(call, () => feeOffice.tariff(tariffOf(call))),
    createFeeTariff: (call) => feeOffice.createTariff(call.actor, merchantOf(call), call.body),
    saveFeeVersion: (call) => feeOffice.saveVersion(call.actor, versionOf(call), call.body),
    checkFeeVersion: (call) => feeOffice.checkDraft(tariffOf(call), call.body),
    activateFeeVersion: (call) => feeOffice.activate(call.actor, versionOf(call), call.body),
    feeVersionEffects: (call) => feeOffice.effects(versionOf(call), call.body.behind),
    retireFeeVersion: (call) => feeOffice.retire(call.actor, versionOf(call), call.body.effectiveTo),
    feeWhatIf: (call) => within(call, () => feeOffice.whatIf(tariffOf(call), call.body)),
    compareFeeVersion: (call) => feeOffice.compare(versionOf(call), call.body),
  } satisfies Partial<Handlers<keyof typeof feesOfficeRoutes>>;
}

/** Households, bills, runs and files. */
export function feesOfficeHandlers(context: ServerContext) {
  const { feeOffice } = context.services;
  return {
    ...tariffHandlers(context),
    feeAccounts: (call) =>
      within(call, async () => {
        const { q, service, arrears } = call.query;
        const filter = { q, service, arrears: arrears === 'true', ...pageQuery(call.query) };
        return ok(await feeOffice.accounts(merchantOf(call), filter));
      }),
    createFeeAccount: (call) => within(call, () => feeOffice.createAccount(call.actor, merchantOf(call), call.body)),
    feeAccount: (call) => within(call, () => feeOffice.account(accountOf(call))),
    changeFeeAccount: (call) => within(call, () => feeOffice.changeAccount(call.actor, accountOf(call), call.body)),
    setFeePersons: (call) => within(call, () => feeOffice.setPersons(call.actor, accountOf(call), call.body)),
    installFeeMeter: (call) => within(call, () => feeOffice.installMeter(call.actor, accountOf(call), call.body)),
    changeFeeBalance: (call) => feeOffice.changeBalance(call.actor, accountOf(call), call.body),
    enterFeeReading: (call) => within(call, () => feeOffice.enterReading(call.actor, meterOf(call), call.body)),
    feeBill: (call) => within(call, () => feeOffice.bill(billOf(call))),
    correctFeeBill: (call) => feeOffice.correctBill(call.actor, billOf(call), call.body),
    voidFeeBill: (call) => feeOffice.voidBill(call.actor, billOf(call), call.body.reason),
    takeFeePayment: (call) => within(call, () => feeOffice.takePayment(call.actor, billOf(call), call.body)),
    feeArrears: (call) => within(call, async () => ok(await feeOffice.arrears(merchantOf(call)))),
    feeShares: async (call) => ok(await feeOffice.shares(merchantOf(call), call.query)),
    previewFeeTotal: (call) => feeOffice.previewTotal(merchantOf(call), call.body),
    correctFeeTotal: (call) => feeOffice.correctTotal(call.actor, merchantOf(call), call.body),
    feeRuns: (call) => within(call, async () => ok(await feeOffice.runs(merchantOf(call)))),
    startFeeRun: (call) => feeOffice.startRun(call.actor, merchantOf(call), call.body),
    feeRun: (call) => within(call, () => feeOffice.run(runOf(call))),
    cancelFeeRun: (call) => feeOffice.cancelRun(call.actor, runOf(call)),
    previewFeeImport: (call) => feeOffice.previewImport(merchantOf(call), call.body),
    commitFeeImport: (call) => feeOffice.commitImport(call.actor, merchantOf(call), call.body),
    feeImportTemplate: async ({ query }) => {
      const { name, type, bytes } = await feeOffice.template(query);
      const disposition = `attachment; filename="${name}"`;
      return new Response(bytes, { headers: { 'content-type': type, 'content-disposition': disposition } });
    },
  } satisfies Handlers<keyof typeof feesOfficeRoutes>;
}
