import * as common from './common.ts';
import * as field from './field.ts';
import * as log from './log.ts';
import type { RouteName } from './paths.ts';
import * as people from './people.ts';
import * as registry from './registry.ts';
import type { RouteSpec } from './route-spec.ts';
import { shellRoutes } from './routes-shell.ts';
import * as system from './system.ts';
import * as tickets from './tickets.ts';
import * as unlocks from './unlocks.ts';

const office = ['operator', 'approver'] as const;
const fieldAndOffice = ['technician', 'operator', 'approver'] as const;

/** Routes of everybody and of the staff who keep terminals working: what their browsers need first. */
export const baseRoutes = {
  ...shellRoutes,
  trust: {
    summary: 'Public keys for devices',
    access: 'public',
    reply: system.trustSchema,
  },
  policy: {
    summary: 'The unlock policy',
    access: fieldAndOffice,
    reply: system.policyViewSchema,
  },
  alarms: {
    summary: 'Alarms, newest first',
    access: office,
    query: system.alarmQuerySchema,
    reply: common.pageSchema(system.alarmSchema),
  },
  closeAlarm: {
    summary: 'Mark an alarm as dealt with',
    access: office,
    reply: system.alarmSchema,
  },
  audit: {
    summary: 'Audit records, newest first',
    access: office,
    query: system.auditQuerySchema,
    reply: common.pageSchema(system.auditRecordSchema),
  },
  logCheckpoint: {
    summary: 'The log’s newest checkpoint: a signed note (C2SP tlog-checkpoint)',
    access: 'public',
    reply: 'text',
  },
  logKey: {
    summary: 'The log’s verifier keys, one a line, the active one first',
    access: 'public',
    reply: 'text',
  },
  logConsistency: {
    summary: 'Proof that one checkpoint continues another',
    access: 'public',
    query: log.consistencyQuerySchema,
    reply: log.proofHashesSchema,
  },
  logInclusion: {
    summary: 'Proof that an entry stands in the log',
    access: 'public',
    query: log.inclusionQuerySchema,
    reply: log.proofHashesSchema,
  },
  submitCosignature: {
    summary: 'A witness hands in its cosignature',
    access: 'public',
    body: log.cosignatureSchema,
    reply: common.doneSchema,
  },
  listWitnesses: {
    summary: 'Witnesses of the log',
    access: office,
    reply: common.pageSchema(log.witnessSchema),
  },
  caseFile: {
    summary: 'Everything about one ticket as a signed file that can be verified offline',
    access: office,
    reply: 'text',
  },
  healthz: {
    summary: 'The process is alive',
    access: 'public',
    reply: system.healthSchema,
  },
  readyz: {
    summary: 'The database answers',
    access: 'public',
    reply: system.healthSchema,
  },
  openapi: { summary: 'This document', access: 'public', reply: 'openapi' },

  listPeople: {
    summary: 'Staff accounts',
    access: office,
    reply: common.pageSchema(people.personSchema),
  },
  invitePerson: {
    summary: 'Invite somebody',
    access: ['operator'],
    body: people.invitePersonSchema,
    reply: people.invitationSchema,
    status: 201,
  },
  reinvitePerson: {
    summary: 'Invite somebody again who missed the invitation',
    access: ['operator'],
    body: people.reinvitePersonSchema,
    reply: people.invitationSchema,
    status: 201,
  },
  changePerson: {
    summary: 'Change or disable an account',
    access: ['operator'],
    body: people.changePersonSchema,
    reply: people.personSchema,
  },

  listMerchants: {
    summary: 'Merchants',
    access: office,
    reply: common.pageSchema(registry.merchantSchema),
  },
  createMerchant: {
    summary: 'Register a merchant',
    access: ['operator'],
    body: registry.createMerchantSchema,
    reply: registry.merchantSchema,
    status: 201,
  },
  changeMerchant: {
    summary: 'Change a merchant',
    access: ['operator'],
    body: registry.changeMerchantSchema,
    reply: registry.merchantSchema,
  },
  listTerminals: {
    summary: 'Terminals, those that need attention first',
    access: fieldAndOffice,
    query: registry.terminalQuerySchema,
    reply: registry.terminalPageSchema,
  },
  registerTerminal: {
    summary: 'Register a terminal',
    access: ['operator'],
    body: registry.registerTerminalSchema,
    reply: registry.terminalSchema,
    status: 201,
  },
  getTerminal: {
    summary: 'One terminal with its history',
    access: fieldAndOffice,
    reply: registry.terminalDetailSchema,
  },
  changeTerminal: {
    summary: 'Change a terminal',
    access: ['operator'],
    body: registry.changeTerminalSchema,
    reply: registry.terminalSchema,
  },

  listTickets: {
    summary: 'Tickets, newest first',
    access: fieldAndOffice,
    query: tickets.ticketQuerySchema,
    reply: common.pageSchema(tickets.ticketSchema),
  },
  getTicket: {
    summary: 'One ticket',
    access: fieldAndOffice,
    reply: tickets.ticketSchema,
  },
  createTicket: {
    summary: 'Open a ticket',
    access: ['technician', 'operator'],
    body: tickets.createTicketSchema,
    reply: tickets.ticketSchema,
    status: 201,
  },
  claimTicket: {
    summary: 'Take an open ticket',
    access: ['technician'],
    reply: tickets.ticketSchema,
  },
  assignTicket: {
    summary: 'Give a ticket to a technician',
    access: ['operator'],
    body: tickets.assignTicketSchema,
    reply: tickets.ticketSchema,
  },
  closeTicket: {
    summary: 'Close a ticket',
    access: ['technician', 'operator'],
    body: tickets.closeTicketSchema,
    reply: tickets.ticketSchema,
  },

  createUnlock: {
    summary: 'Ask for an unlock',
    access: ['technician'],
    body: unlocks.createUnlockSchema,
    reply: unlocks.unlockCaseSchema,
  },
  listUnlocks: {
    summary: 'Unlock cases, newest first',
    access: fieldAndOffice,
    query: unlocks.unlockQuerySchema,
    reply: common.pageSchema(unlocks.unlockCaseSchema),
  },
  getUnlock: {
    summary: 'One unlock case',
    access: fieldAndOffice,
    reply: unlocks.unlockCaseSchema,
  },
  putPhoto: {
    summary: 'Store an inspection photo',
    access: ['technician'],
    body: 'photo',
    reply: unlocks.photoSchema,
  },
  getPhoto: {
    summary: 'One inspection photo',
    access: fieldAndOffice,
    reply: 'photo',
  },
  submitInspection: {
    summary: 'Hand in the inspection',
    access: ['technician'],
    body: unlocks.submitInspectionSchema,
    reply: unlocks.unlockCaseSchema,
  },
  openUnlock: {
    summary: 'An approver looks at the case',
    access: ['approver'],
    reply: unlocks.unlockCaseSchema,
  },
  decideUnlock: {
    summary: 'Approve, refuse or send to the depot',
    access: ['approver'],
    body: unlocks.decideUnlockSchema,
    reply: unlocks.unlockCaseSchema,
  },
  withdrawUnlock: {
    summary: 'Give the request up',
    access: ['technician'],
    reply: unlocks.unlockCaseSchema,
  },
  submitReceipt: {
    summary: 'Hand in the device’s receipt',
    access: ['technician'],
    body: unlocks.submitReceiptSchema,
    reply: unlocks.unlockCaseSchema,
  },
  commission: {
    summary: 'Hand in a report, receive the next order',
    access: ['technician'],
    body: unlocks.commissionSchema,
    reply: unlocks.commissionAnswerSchema,
  },
  releaseUnlock: {
    summary: 'End probation early',
    access: ['approver'],
    body: unlocks.releaseSchema,
    reply: unlocks.unlockCaseSchema,
  },

  enrolFieldKey: {
    summary: 'Enrol a field key',
    access: ['technician', 'merchant'],
    body: field.enrolFieldKeySchema,
    reply: field.fieldKeySchema,
    status: 201,
  },
  listFieldKeys: {
    summary: 'Field keys, newest first',
    access: 'any',
    query: field.fieldKeyQuerySchema,
    reply: common.pageSchema(field.fieldKeySchema),
  },
  revokeFieldKey: {
    summary: 'Revoke a field key',
    access: 'any',
    body: field.revokeSchema,
    reply: field.fieldKeySchema,
  },
  listSeconds: {
    summary: 'Who may confirm on a terminal',
    access: ['technician'],
    query: field.secondQuerySchema,
    reply: field.secondsSchema,
  },
  askDelegation: {
    summary: 'Ask for a delegation',
    access: ['technician'],
    body: field.askDelegationSchema,
    reply: field.delegationSchema,
  },
  listDelegations: {
    summary: 'Delegations, newest first',
    access: 'any',
    query: field.delegationQuerySchema,
    reply: common.pageSchema(field.delegationSchema),
  },
  getDelegation: {
    summary: 'One delegation',
    access: 'any',
    reply: field.delegationSchema,
  },
  decideDelegation: {
    summary: 'Approve or refuse a delegation',
    access: ['approver'],
    body: field.decideDelegationSchema,
    reply: field.delegationSchema,
  },
  revokeDelegation: {
    summary: 'Revoke a delegation',
    access: fieldAndOffice,
    body: field.revokeSchema,
    reply: field.delegationSchema,
  },
  getDelegationPackage: {
    summary: 'What work on site needs',
    access: ['technician'],
    reply: field.delegationPackageSchema,
  },
  submitSiteRecord: {
    summary: 'Hand in an unlock on site',
    access: ['technician'],
    body: field.submitSiteRecordSchema,
    reply: unlocks.unlockCaseSchema,
  },
  deviceSiteRecords: {
    summary: 'A terminal hands in its unlocks on site',
    access: 'public',
    body: field.deviceRecordsSchema,
    reply: field.deviceRecordsAnswerSchema,
  },
} as const satisfies Partial<Record<RouteName, RouteSpec>>;

/** What a route of `baseRoutes` takes and gives. Throws for others: what waits in a browser to be sent is always one of these. */
export function baseRoute(name: RouteName): RouteSpec {
  const spec = (baseRoutes as Readonly<Partial<Record<RouteName, RouteSpec>>>)[name];
  if (spec === undefined) throw new RangeError(`baseRoute: ${name} is not one`);
  return spec;
}
