import type * as corrections from '../../../protocol/http/fees-corrections.ts';
import type * as meters from '../../../protocol/http/fees-meters.ts';
import type * as fees from '../../../protocol/http/fees-office.ts';
import type * as work from '../../../protocol/http/fees-work.ts';
import type { Answer } from '../../answer.ts';
import type { Core } from '../../core.ts';
import { changeAccount, setPersons } from './accounts/change.ts';
import { createAccount } from './accounts/create.ts';
import { type AccountFilter, listAccounts, listArrears } from './accounts/list.ts';
import { accountAnswer, type AccountPlace } from './accounts/rows.ts';
import { changeBalance } from './billing/balance.ts';
import { billAnswer, type BillPlace, takePayment, voidBill } from './billing/bills.ts';
import { correctBill, type CorrectedBill, type CorrectionWish } from './billing/correct.ts';
import { listRuns, runAnswer, type RunPlace } from './billing/run-rows.ts';
import { type ShareQuery, sharesAnswer } from './billing/shares.ts';
import { cancelRun, createRunWorker, startRun } from './billing/runs.ts';
import { correctTotal, previewTotal } from './corrections/total.ts';
import { commitImport, previewImport } from './import/import.ts';
import { importTemplate, type TemplateFile } from './import/template.ts';
import { installMeter } from './meters/install.ts';
import { enterReading, type MeterPlace } from './meters/readings.ts';
import type { Clerk } from './parts.ts';
import { listPayees, payeeAnswer, setPayee, setService } from './payees.ts';
import { activateVersion } from './tariffs/activate.ts';
import { checkDraft } from './tariffs/check.ts';
import { createTariff, saveVersion, type VersionPlace } from './tariffs/edit.ts';
import { versionEffects } from './tariffs/effects.ts';
import type { TariffPlace } from './tariffs/load.ts';
import { retireVersion } from './tariffs/retire.ts';
import { listShipped } from './tariffs/shipped.ts';
import { listTariffs, tariffAnswer } from './tariffs/views.ts';
import { compareVersion, whatIf } from './tariffs/what-if.ts';
import type { Page, PageQuery } from '../paging.ts';

/** The office's half of fees. `actor` is absent for start-up code. Whom a payee's people may see is for the routes. */
export interface FeeOfficeService {
  payees(): Promise<fees.FeePayees>;
  payee(merchantId: string): Promise<Answer<fees.FeePayee>>;
  setPayee(actor: Clerk, merchantId: string, body: fees.SetFeePayee): Promise<Answer<fees.FeePayee>>;
  setService(actor: Clerk, merchantId: string, body: fees.SetFeeService): Promise<Answer<fees.FeePayee>>;

  shippedTariffs(): Promise<work.ShippedTariffs>;
  tariffs(merchantId: string): Promise<{ items: work.FeeTariffRow[] }>;
  tariff(place: TariffPlace): Promise<Answer<work.FeeTariff>>;
  createTariff(actor: Clerk, merchantId: string, body: work.CreateFeeTariff): Promise<Answer<work.FeeTariff>>;
  saveVersion(actor: Clerk, place: VersionPlace, body: work.SaveFeeVersion): Promise<Answer<work.FeeTariff>>;
  checkDraft(place: TariffPlace, body: work.CheckFeeVersion): Promise<Answer<work.ExampleReportView>>;
  activate(
    actor: Clerk,
    place: VersionPlace,
    wish?: work.ActivateFeeVersion,
  ): Promise<Answer<work.ActivatedFeeVersion>>;
  effects(place: VersionPlace, behind: string | undefined): Promise<Answer<corrections.FeeCorrectionPreview>>;
  retire(actor: Clerk, place: VersionPlace, effectiveTo: string): Promise<Answer<work.FeeTariff>>;
  whatIf(place: TariffPlace, body: work.WhatIf): Promise<Answer<work.WhatIfReply>>;
  compare(place: VersionPlace, period: { from: string; to: string }): Promise<Answer<work.Comparison>>;

  accounts(merchantId: string, filter: AccountFilter & PageQuery): Promise<Page<fees.FeeAccountRow>>;
  account(place: AccountPlace): Promise<Answer<fees.FeeAccount>>;
  createAccount(actor: Clerk, merchantId: string, body: fees.CreateFeeAccount): Promise<Answer<fees.FeeAccount>>;
  changeAccount(actor: Clerk, place: AccountPlace, body: fees.ChangeFeeAccount): Promise<Answer<fees.FeeAccount>>;
  setPersons(actor: Clerk, place: AccountPlace, body: fees.SetFeePersons): Promise<Answer<fees.FeeAccount>>;
  installMeter(actor: Clerk, place: AccountPlace, body: meters.InstallFeeMeter): Promise<Answer<fees.FeeAccount>>;
  enterReading(
    actor: Clerk,
    place: MeterPlace,
    body: meters.EnterFeeReading,
  ): Promise<Answer<meters.EnteredFeeReading>>;
  changeBalance(actor: Clerk, place: AccountPlace, body: fees.ChangeFeeBalance): Promise<Answer<fees.FeeAccount>>;
  arrears(merchantId: string): Promise<fees.FeeArrears>;

  bill(place: BillPlace): Promise<Answer<fees.FeeBill>>;
  correctBill(actor: Clerk, place: BillPlace, wish: CorrectionWish): Promise<Answer<CorrectedBill>>;
  voidBill(actor: Clerk, place: BillPlace, reason: string): Promise<Answer<fees.FeeBill>>;
  takePayment(actor: Clerk, place: BillPlace, body: fees.TakeFeePayment): Promise<Answer<fees.FeeBill>>;

  shares(merchantId: string, query: ShareQuery): Promise<work.FeeShares>;
  previewTotal(merchantId: string, body: corrections.PreviewFeeTotal): Promise<Answer<corrections.FeeTotalPreview>>;
  correctTotal(actor: Clerk, merchantId: string, body: corrections.CorrectFeeTotal): Promise<Answer<work.FeeRun>>;
  runs(merchantId: string): Promise<{ items: work.FeeRun[] }>;
  run(place: RunPlace): Promise<Answer<work.FeeRunDetail>>;
  startRun(actor: Clerk, merchantId: string, body: work.StartFeeRun): Promise<Answer<work.FeeRun>>;
  cancelRun(actor: Clerk, place: RunPlace): Promise<Answer<work.FeeRun>>;
  /** Goes on with runs that a crash or a restart cut off. */
  resumeRuns(): Promise<void>;
  /** Until no run is being worked on in this process. */
  runsIdle(): Promise<void>;

  previewImport(merchantId: string, body: work.PreviewFeeImport): Promise<Answer<work.FeeImportPreview>>;
  commitImport(actor: Clerk, merchantId: string, body: work.CommitFeeImport): Promise<Answer<work.FeeImportDone>>;
  template(query: work.FeeTemplateQuery): Promise<TemplateFile>;
  close(): Promise<void>;
}

/** Builds the service. */
export function createFeeOfficeService(core: Core): FeeOfficeService {
  const worker = createRunWorker(core);
  return {
    payees: () => listPayees(core),
    payee: (merchantId) => payeeAnswer(core, merchantId),
    setPayee: (actor, merchantId, body) => setPayee(core, actor, merchantId, body),
    setService: (actor, merchantId, body) => setService(core, actor, merchantId, body),
    shippedTariffs: () => listShipped(core),
    tariffs: async (merchantId) => ({ items: await listTariffs(core, merchantId) }),
    tariff: (place) => tariffAnswer(core, place),
    createTariff: (actor, merchantId, body) => createTariff(core, actor, merchantId, body),
    saveVersion: (actor, place, body) => saveVersion(core, actor, place, body),
    checkDraft: (place, body) => checkDraft(core, place, body),
    activate: (actor, place, wish = {}) => activateVersion(core, worker, actor, place, wish),
    effects: (place, behind) => versionEffects(core, place, behind),
    retire: (actor, place, effectiveTo) => retireVersion(core, actor, place, effectiveTo),
    whatIf: (place, body) => whatIf(core, place, body),
    compare: (place, period) => compareVersion(core, place, period),
    accounts: (merchantId, filter) => listAccounts(core, merchantId, filter),
    account: (place) => accountAnswer(core, place),
    createAccount: (actor, merchantId, body) => createAccount(core, actor, merchantId, body),
    changeAccount: (actor, place, body) => changeAccount(core, actor, place, body),
    setPersons: (actor, place, body) => setPersons(core, actor, place, body),
    installMeter: (actor, place, body) => installMeter(core, actor, place, body),
    enterReading: (actor, place, body) => enterReading(core, actor, place, body),
    changeBalance: (actor, place, body) => changeBalance(core, actor, place, body),
    arrears: (merchantId) => listArrears(core, merchantId),
    bill: (place) => billAnswer(core, place),
    correctBill: (actor, place, wish) => correctBill(core, actor, place, wish),
    voidBill: (actor, place, reason) => voidBill(core, actor, place, reason),
    takePayment: (actor, place, body) => takePayment(core, actor, place, body),
    shares: (merchantId, query) => sharesAnswer(core, merchantId, query),
    previewTotal: (merchantId, body) => previewTotal(core, merchantId, body),
    correctTotal: (actor, merchantId, body) => correctTotal(core, worker, actor, merchantId, body),
    runs: async (merchantId) => ({ items: await listRuns(core, merchantId) }),
    run: (place) => runAnswer(core, place),
    startRun: (actor, merchantId, body) => startRun(core, worker, actor, merchantId, body),
    cancelRun: (actor, place) => cancelRun(core, worker, actor, place),
    resumeRuns: () => worker.resume(),
    runsIdle: () => worker.idle(),
    previewImport: (merchantId, body) => previewImport(core, merchantId, body),
    commitImport: (actor, merchantId, body) => commitImport(core, actor, merchantId, body),
    template: importTemplate,
    close: () => worker.close(),
  };
}
