/** Method and path of every route of ours, by operation id; `:name` marks a parameter. Small, so that the browser needs no schemas. */
export const endpoints = {
  me: ['GET', '/api/me'],
  events: ['GET', '/api/events'],
  demo: ['GET', '/api/demo'],
  demoSignIn: ['POST', '/api/demo/sign-in'],
  trust: ['GET', '/api/trust'],
  policy: ['GET', '/api/policy'],
  alarms: ['GET', '/api/alarms'],
  closeAlarm: ['POST', '/api/alarms/:id/close'],
  audit: ['GET', '/api/audit'],
  logCheckpoint: ['GET', '/api/log/checkpoint'],
  logKey: ['GET', '/api/log/key'],
  logConsistency: ['GET', '/api/log/consistency'],
  logInclusion: ['GET', '/api/log/inclusion'],
  submitCosignature: ['POST', '/api/log/cosignatures'],
  listWitnesses: ['GET', '/api/log/witnesses'],
  caseFile: ['GET', '/api/tickets/:id/case-file'],
  healthz: ['GET', '/healthz'],
  readyz: ['GET', '/readyz'],
  openapi: ['GET', '/openapi.json'],
  listPeople: ['GET', '/api/people'],
  invitePerson: ['POST', '/api/people'],
  changePerson: ['PATCH', '/api/people/:id'],
  viewInvitation: ['GET', '/api/invitations/:token'],
  acceptInvitation: ['POST', '/api/invitations/:token'],
  passkeyChallenge: ['POST', '/api/factors/passkey-challenge'],
  listMerchants: ['GET', '/api/merchants'],
  createMerchant: ['POST', '/api/merchants'],
  changeMerchant: ['PATCH', '/api/merchants/:id'],
  listTerminals: ['GET', '/api/terminals'],
  registerTerminal: ['POST', '/api/terminals'],
  getTerminal: ['GET', '/api/terminals/:id'],
  changeTerminal: ['PATCH', '/api/terminals/:id'],
  listTickets: ['GET', '/api/tickets'],
  getTicket: ['GET', '/api/tickets/:id'],
  createTicket: ['POST', '/api/tickets'],
  claimTicket: ['POST', '/api/tickets/:id/claim'],
  assignTicket: ['POST', '/api/tickets/:id/assign'],
  closeTicket: ['POST', '/api/tickets/:id/close'],
  createUnlock: ['POST', '/api/unlocks'],
  listUnlocks: ['GET', '/api/unlocks'],
  getUnlock: ['GET', '/api/unlocks/:id'],
  putPhoto: ['PUT', '/api/unlocks/:id/photos/:photoId'],
  getPhoto: ['GET', '/api/unlocks/:id/photos/:photoId'],
  submitInspection: ['POST', '/api/unlocks/:id/inspection'],
  openUnlock: ['POST', '/api/unlocks/:id/opened'],
  decideUnlock: ['POST', '/api/unlocks/:id/decision'],
  withdrawUnlock: ['POST', '/api/unlocks/:id/withdraw'],
  submitReceipt: ['POST', '/api/unlocks/:id/receipt'],
  commission: ['POST', '/api/unlocks/:id/commission'],
  releaseUnlock: ['POST', '/api/unlocks/:id/release'],
  enrolFieldKey: ['POST', '/api/field-keys'],
  listFieldKeys: ['GET', '/api/field-keys'],
  revokeFieldKey: ['POST', '/api/field-keys/:id/revoke'],
  listSeconds: ['GET', '/api/seconds'],
  askDelegation: ['POST', '/api/delegations'],
  listDelegations: ['GET', '/api/delegations'],
  getDelegation: ['GET', '/api/delegations/:id'],
  decideDelegation: ['POST', '/api/delegations/:id/decision'],
  revokeDelegation: ['POST', '/api/delegations/:id/revoke'],
  getDelegationPackage: ['GET', '/api/delegations/:id/package'],
  submitSiteRecord: ['POST', '/api/site-records'],
  deviceSiteRecords: ['POST', '/api/device/site-records'],
} as const;

/** An operation's id. */
export type RouteName = keyof typeof endpoints;

/** The sign-in library's base path; its own routes are below it. */
export const authBasePath = '/api/auth';

/** Fills the `:name` parts of a route's path. Throws when a parameter is missing, naming it. */
export function routePath(name: RouteName, params: Readonly<Record<string, string>> = {}): string {
  return endpoints[name][1].replace(/:(\w+)/g, (_match, key: string) => {
    const value = params[key];
    if (value === undefined) throw new Error(`routePath: ${name} needs '${key}'`);
    return encodeURIComponent(value);
  });
}
