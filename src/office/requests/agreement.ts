import type { UnlockCase } from '../../../protocol/http/unlocks.ts';

/** What is compared in a request: one row of the agreement table. */
export type AgreementName = 'seal' | 'screen' | 'signature' | 'epoch' | 'log' | 'newSeal';

/** How a comparison came out; `open`: one side is missing yet; `noted`: there is nothing to compare with. */
export type Agreement = 'same' | 'differs' | 'open' | 'noted';

/** One row: what each side says (undefined: it says nothing) and whether they agree. */
export interface AgreementRow {
  readonly name: AgreementName;
  readonly terminal?: string | Word | undefined;
  readonly technician?: string | undefined;
  readonly register?: string | Word | undefined;
  readonly agreement: Agreement;
}

/** A cell that the dictionary words. */
export interface Word {
  readonly word: 'signed' | 'unsigned' | 'keyKnown' | 'logUnbroken' | 'logBroken' | 'epochNext';
}

/** Compares what the terminal, the technician and the register say about one request. */
export function agreementRows(unlock: UnlockCase): readonly AgreementRow[] {
  const { request, inspection, evidence } = unlock;
  const yes = (isSame: boolean): Agreement => (isSame ? 'same' : 'differs');
  return [
    {
      name: 'seal',
      technician: inspection?.sealFound,
      register: evidence?.sealRegistered ?? unlock.terminal.seal,
      agreement: inspection === undefined ? 'open' : yes(inspection.sealAsRegistered),
    },
    {
      name: 'screen',
      terminal: request.screenNumber,
      technician: inspection?.screenNumber,
      agreement: inspection === undefined ? 'open' : yes(inspection.screenNumberSame),
    },
    {
      name: 'signature',
      terminal: { word: request.signed ? 'signed' : 'unsigned' },
      register: request.signed ? { word: 'keyKnown' } : undefined,
      agreement: yes(request.signed),
    },
    {
      name: 'epoch',
      terminal: String(request.lockEpoch),
      register: evidence?.epochContinues ? { word: 'epochNext' } : undefined,
      agreement: evidence === undefined ? 'open' : yes(evidence.epochContinues),
    },
    {
      name: 'log',
      terminal: { word: request.logContinues ? 'logUnbroken' : 'logBroken' },
      agreement: yes(request.logContinues),
    },
    { name: 'newSeal', technician: inspection?.sealNew, agreement: inspection === undefined ? 'open' : 'noted' },
  ];
}
