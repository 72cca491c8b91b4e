import * as v from 'valibot';
import { pageSchema } from './common.ts';
import * as corrections from './fees-corrections.ts';
import * as meters from './fees-meters.ts';
import * as fees from './fees-office.ts';
import * as work from './fees-work.ts';
import type { RouteSpec } from './route-spec.ts';

const office = ['operator', 'approver'] as const;
// A payee's own people see and do these for their own households; the services tell them apart.
const officeAndPayee = ['operator', 'approver', 'merchant'] as const;
const clerks = ['operator', 'merchant'] as const;
const nothing = v.strictObject({});

/** Routes of the office about fees: payees, price lists, households, meters, bills, billing, files. */
export const feesOfficeRoutes = {
  feePayees: { summary: 'Who bills what', access: office, reply: fees.feePayeesSchema },
  feePayee: { summary: 'A payee: its services and terminals', access: officeAndPayee, reply: fees.feePayeeSchema },
  setFeePayee: {
    summary: 'Make a merchant a payee, or change it',
    access: ['operator'],
    body: fees.setFeePayeeSchema,
    reply: fees.feePayeeSchema,
    maxBytes: 32_768,
  },
  setFeeService: {
    summary: 'How a service is asked for at terminals',
    access: ['operator'],
    body: fees.setFeeServiceSchema,
    reply: fees.feePayeeSchema,
  },
  shippedTariffs: {
    summary: 'Tariffs that come with the program',
    access: office,
    reply: work.shippedTariffsSchema,
  },
  feeTariffs: { summary: 'A payee’s tariffs', access: officeAndPayee, reply: pageSchema(work.feeTariffRowSchema) },
  feeTariff: { summary: 'A tariff with its versions', access: officeAndPayee, reply: work.feeTariffSchema },
  createFeeTariff: {
    summary: 'Bring in a tariff; its versions become drafts',
    access: ['operator'],
    body: work.createFeeTariffSchema,
    reply: work.feeTariffSchema,
    status: 201,
    maxBytes: work.tariffBodyMaxBytes,
  },
  saveFeeVersion: {
    summary: 'Make a draft of a version, or change it',
    access: ['operator'],
    body: work.saveFeeVersionSchema,
    reply: work.feeTariffSchema,
    maxBytes: work.tariffBodyMaxBytes,
  },
  checkFeeVersion: {
    summary: 'Work through the examples of a draft; nothing is kept',
    access: office,
    body: work.checkFeeVersionSchema,
    reply: work.exampleReportSchema,
    maxBytes: work.tariffBodyMaxBytes,
  },
  activateFeeVersion: {
    summary: 'Put a draft into force; refused while an example is wrong. Bills of its days are corrected with it',
    access: ['operator'],
    body: work.activateFeeVersionSchema,
    reply: work.activatedFeeVersionSchema,
  },
  feeVersionEffects: {
    summary: 'What a version would change of bills that were made; nothing is kept',
    access: office,
    body: corrections.feeVersionEffectsSchema,
    reply: corrections.feeCorrectionPreviewSchema,
  },
  retireFeeVersion: {
    summary: 'End a version',
    access: ['operator'],
    body: work.retireFeeVersionSchema,
    reply: work.feeTariffSchema,
  },
  feeWhatIf: {
    summary: 'Rate one imagined bill',
    access: officeAndPayee,
    body: work.whatIfSchema,
    reply: work.whatIfReplySchema,
    maxBytes: work.tariffBodyMaxBytes,
  },
  compareFeeVersion: {
    summary: 'A version against the bills of a period',
    access: office,
    body: work.compareSchema,
    reply: work.comparisonSchema,
  },

  feeAccounts: {
    summary: 'Households, by label',
    access: officeAndPayee,
    query: fees.feeAccountQuerySchema,
    reply: pageSchema(fees.feeAccountRowSchema),
  },
  createFeeAccount: {
    summary: 'Register a household of a service',
    access: clerks,
    body: fees.createFeeAccountSchema,
    reply: fees.feeAccountSchema,
    status: 201,
  },
  feeAccount: {
    summary: 'One household: meters, readings, bills, money',
    access: officeAndPayee,
    reply: fees.feeAccountSchema,
  },
  changeFeeAccount: {
    summary: 'Change a household, or end it',
    access: clerks,
    body: fees.changeFeeAccountSchema,
    reply: fees.feeAccountSchema,
  },
  setFeePersons: {
    summary: 'How many live there from a day on',
    access: clerks,
    body: fees.setFeePersonsSchema,
    reply: fees.feeAccountSchema,
  },
  installFeeMeter: {
    summary: 'Hang up a meter, also in place of another',
    access: clerks,
    body: meters.installFeeMeterSchema,
    reply: fees.feeAccountSchema,
    status: 201,
  },
  enterFeeReading: {
    summary: 'Enter a reading, estimate one, or put one in place of another',
    access: clerks,
    body: meters.enterFeeReadingSchema,
    reply: meters.enteredFeeReadingSchema,
    status: 201,
  },
  feeBill: { summary: 'One bill with its lines', access: officeAndPayee, reply: fees.feeBillSchema },
  correctFeeBill: {
    summary: 'Rate a bill again and bill the difference',
    access: ['operator'],
    body: fees.correctFeeBillSchema,
    reply: fees.correctedFeeBillSchema,
  },
  voidFeeBill: {
    summary: 'Take back a bill of which nothing was paid',
    access: ['operator'],
    body: fees.voidFeeBillSchema,
    reply: fees.feeBillSchema,
  },
  takeFeePayment: {
    summary: 'Money for a bill that the payee’s own office took',
    access: clerks,
    body: fees.takeFeePaymentSchema,
    reply: fees.feeBillSchema,
  },
  changeFeeBalance: {
    summary: 'Money in advance at the office, or a correction of it',
    access: ['operator'],
    body: fees.changeFeeBalanceSchema,
    reply: fees.feeAccountSchema,
  },
  feeArrears: { summary: 'What is overdue, the most first', access: officeAndPayee, reply: fees.feeArrearsSchema },

  feeShares: {
    summary: 'What a run must be told of the building for its shares',
    access: office,
    query: work.feeSharesQuerySchema,
    reply: work.feeSharesSchema,
  },
  previewFeeTotal: {
    summary: 'What another total of a building would change; nothing is kept',
    access: office,
    body: corrections.previewFeeTotalSchema,
    reply: corrections.feeTotalPreviewSchema,
  },
  correctFeeTotal: {
    summary: 'Correct the bills that share a building’s total by another one',
    access: ['operator'],
    body: corrections.correctFeeTotalSchema,
    reply: work.feeRunSchema,
    status: 201,
  },
  feeRuns: { summary: 'Billing runs, newest first', access: officeAndPayee, reply: pageSchema(work.feeRunSchema) },
  startFeeRun: {
    summary: 'Bill every household of a service for a period',
    access: ['operator'],
    body: work.startFeeRunSchema,
    reply: work.feeRunSchema,
    status: 201,
  },
  feeRun: {
    summary: 'How far a run is, and who could not be billed',
    access: officeAndPayee,
    reply: work.feeRunDetailSchema,
  },
  cancelFeeRun: {
    summary: 'End a run; the bills that it made stay',
    access: ['operator'],
    body: nothing,
    reply: work.feeRunSchema,
  },

  previewFeeImport: {
    summary: 'What a file of households or readings would do; nothing is kept',
    access: ['operator'],
    body: work.previewFeeImportSchema,
    reply: work.feeImportPreviewSchema,
    maxBytes: work.importBodyMaxBytes,
  },
  commitFeeImport: {
    summary: 'Bring in a file’s good rows, or those that were chosen',
    access: ['operator'],
    body: work.commitFeeImportSchema,
    reply: work.feeImportDoneSchema,
    maxBytes: work.importBodyMaxBytes,
  },
  feeImportTemplate: {
    summary: 'An empty file with the right columns',
    access: office,
    query: work.feeTemplateQuerySchema,
    reply: 'file',
  },
} as const satisfies Record<string, RouteSpec>;
