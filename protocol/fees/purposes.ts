/** What a signature of the server is for: a document of one kind never passes as one of another. */
export const documentPurposes = { quote: 'TK-QUOTE/1', receipt: 'TK-FEE-RECEIPT/1', way: 'TK-FEE-WAY/1' } as const;
/** A kind of signed document. */
export type DocumentKind = keyof typeof documentPurposes;
