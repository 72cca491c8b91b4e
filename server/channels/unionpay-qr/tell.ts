/** An account's number as a merchant may get it in answers and notifications: of a card that is its whole number. */
const account = /\b(accNo=)[\d*]*(\d{4})(?!\d)/g;

/** A form without the payer's account: its last four digits stay, as on a receipt. */
export function withoutAccount(text: string): string {
  return text.replaceAll(account, '$1…$2');
}

/** Leaves what tells a story: no certificates, no files, no accounts, and of a customer's code the first digits only. */
export function shorten(text: string): string {
  return withoutAccount(text)
    .replaceAll(/-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g, '…')
    .replaceAll(/\b(fileContent=)[^&]*/g, '$1…')
    .replaceAll(/\b(qrNo=\d{4})\d+/g, '$1…');
}
