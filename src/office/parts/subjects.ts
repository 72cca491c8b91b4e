const folders: Readonly<Record<string, string>> = {
  terminal: 'terminals',
  unlock: 'requests',
  case: 'requests',
  delegation: 'delegations',
  person: 'people',
  merchant: 'channels',
  order: 'reviews',
};

const factKinds: Readonly<Record<string, string>> = {
  terminalId: 'terminal',
  caseId: 'case',
  otherCaseId: 'case',
  delegationId: 'delegation',
  technicianId: 'person',
  secondId: 'person',
  orderId: 'order',
};

/** Where the office shows `kind` `id`; undefined when it has no screen for that. */
export function subjectPath(kind: string, id: string): string | undefined {
  const folder = Object.hasOwn(folders, kind) ? folders[kind] : undefined;
  return folder === undefined || id === '' ? undefined : `/office/${folder}/${encodeURIComponent(id)}`;
}

/** Where the office shows what a recorded fact names, such as `caseId`; undefined when it names nothing of ours. */
export function factPath(name: string, value: unknown): string | undefined {
  const kind = Object.hasOwn(factKinds, name) ? factKinds[name] : undefined;
  return kind === undefined || typeof value !== 'string' ? undefined : subjectPath(kind, value);
}
